"""Decide what to do about an order that is stuck: first task of each round of the workflow `resolve_exception`."""

from oms.entry.task import task
from oms.fulfillment.model import ExceptionTask
from oms.fulfillment.watch import assess_order
from oms.wiring import wire


@task(ExceptionTask)
def handler(document: ExceptionTask) -> ExceptionTask:
    return assess_order(document, orders=wire().orders, clock=wire().clock)
