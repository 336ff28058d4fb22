"""Ask a silent location again: task of the workflow `resolve_exception`."""

from oms.entry.task import task
from oms.fulfillment.model import ExceptionTask, TaskOutcome
from oms.fulfillment.watch import remind_location
from oms.wiring import wire


@task(ExceptionTask)
def handler(document: ExceptionTask) -> TaskOutcome:
    return remind_location(document, orders=wire().orders, clock=wire().clock)
