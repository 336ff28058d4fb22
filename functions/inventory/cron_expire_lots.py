"""Every minute: say which lots are over, and which positions fell short by that."""

from oms.entry.cron import cron
from oms.inventory.expiry.service import ExpiryReport, expire_lots
from oms.wiring import wire


@cron
def handler() -> ExpiryReport:
    return expire_lots(wire().expiry_desk)
