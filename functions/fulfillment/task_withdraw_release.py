"""Undo of the release to the location."""

from oms.entry.task import task
from oms.fulfillment.model import FulfillmentTask, TaskOutcome
from oms.fulfillment.release import withdraw_release
from oms.wiring import wire


@task(FulfillmentTask)
def handler(document: FulfillmentTask) -> TaskOutcome:
    return withdraw_release(document, orders=wire().orders, clock=wire().clock)
