"""Step of fulfill_order: the carrier service of all parcels of one fulfillment order."""

from oms.entry.task import task
from oms.shipping.service import Selected, SelectTask, select_carrier
from oms.wiring import wire


@task(SelectTask)
def handler(document: SelectTask) -> Selected:
    return select_carrier(document, wire().shipping_desk(), wire().clock())
