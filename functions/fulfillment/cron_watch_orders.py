"""The watchdog, every minute: orders that are stuck, holds and change sets whose time is up."""

from oms.entry.cron import cron
from oms.fulfillment.model import WatchReport
from oms.fulfillment.watch import watch_orders
from oms.wiring import wire


@cron
def handler() -> WatchReport:
    return watch_orders(
        orders=wire().orders,
        workflow=wire().resolve_exception,
        deadlines=wire().deadlines,
        clock=wire().clock,
    )
