"""Step of fulfill_order: the parcels of one fulfillment order. It writes nothing, so it has no undo."""

from oms.entry.task import task
from oms.fulfillment.planning import Planned, PlanTask, plan_fulfillment
from oms.wiring import wire


@task(PlanTask)
def handler(document: PlanTask) -> Planned:
    return plan_fulfillment(document, orders=wire().orders, reference=wire().reference)
