"""The stuck-order watchdog, every five minutes."""

from oms.entry.cron import cron
from oms.fulfillment.model import WatchReport
from oms.fulfillment.watch import watch_orders
from oms.wiring import wire


@cron
def handler() -> WatchReport:
    return watch_orders(orders=wire().orders, workflow=wire().resolve_exception, clock=wire().clock)
