"""Every quarter of an hour, and on demand: prove that the books add up, and say where they do not."""

from oms.entry.cron import cron
from oms.inventory.drift.model import DriftReport
from oms.inventory.drift.service import prove_stock
from oms.wiring import wire


@cron
def handler() -> DriftReport:
    return prove_stock(wire().drift_desk)
