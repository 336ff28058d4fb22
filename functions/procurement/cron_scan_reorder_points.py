"""Once a day, and on demand: propose purchases for what is at or below its reorder point."""

from oms.entry.cron import cron
from oms.procurement.model import ScanResult
from oms.procurement.service import scan_reorder_points
from oms.wiring import wire


@cron
def handler() -> ScanResult:
    wiring = wire()
    return scan_reorder_points(
        wiring.stock.at_reorder_point(),
        elsewhere=wiring.suppliers_places(),
        awaited=wiring.awaited_by_transfer,
        procurement=wiring.procurement,
        now=wiring.clock(),
    )
