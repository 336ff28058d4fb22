"""Every minute: orders that are held because a cap is reached are let in when it is not any more."""

from oms.allocation.letting_in import let_in
from oms.entry.cron import cron
from oms.inventory.waiting.door.model import LetInReport
from oms.wiring import wire


@cron
def handler() -> LetInReport:
    return let_in(desk=wire().letting_in)
