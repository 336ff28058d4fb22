"""Last undo of the workflow `fulfill_order`: a visible hold for a person."""

from oms.entry.task import task
from oms.fulfillment.model import FulfillmentTask, TaskOutcome
from oms.fulfillment.release import park_fulfillment
from oms.wiring import wire


@task(FulfillmentTask)
def handler(document: FulfillmentTask) -> TaskOutcome:
    return park_fulfillment(document, orders=wire().orders, clock=wire().clock)
