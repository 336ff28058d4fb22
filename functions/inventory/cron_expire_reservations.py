"""Every minute: write down which reservations have ended by themselves."""

from oms.entry.cron import cron
from oms.inventory.reservations.model import SweepReport
from oms.inventory.reservations.sweeping import expire_reservations
from oms.wiring import wire


@cron
def handler() -> SweepReport:
    return expire_reservations(store=wire().reservations, stock=wire().stock, clock=wire().clock)
