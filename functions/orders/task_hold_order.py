"""Put a stuck order on a visible hold: last task of the workflow `resolve_exception`."""

from oms.entry.task import task
from oms.fulfillment.model import ExceptionTask, TaskOutcome
from oms.fulfillment.watch import hold_order
from oms.wiring import wire


@task(ExceptionTask)
def handler(document: ExceptionTask) -> TaskOutcome:
    return hold_order(document, orders=wire().orders, clock=wire().clock)
