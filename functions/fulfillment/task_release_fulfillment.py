"""Hand booked work to its location: last step of the workflow `fulfill_order`."""

from oms.entry.task import task
from oms.fulfillment.model import FulfillmentTask, TaskOutcome
from oms.fulfillment.release import release_fulfillment
from oms.wiring import wire


@task(FulfillmentTask)
def handler(document: FulfillmentTask) -> TaskOutcome:
    return release_fulfillment(
        document, orders=wire().orders, standing=wire().standing, purchase=wire().purchase, clock=wire().clock
    )
