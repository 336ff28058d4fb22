"""Undo of task_book_parcels in fulfill_order: voids the labels and opens the fulfillment order again."""

from oms.entry.task import task
from oms.shipping.booking import Voided, VoidTask, void_parcels
from oms.wiring import wire


@task(VoidTask)
def handler(document: VoidTask) -> Voided:
    return void_parcels(document, wire().shipping_desk(), wire().clock())
