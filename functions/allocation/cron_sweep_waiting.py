"""Every hour: have every line of waiting orders looked at, because days pass by themselves."""

from oms.allocation.serving import sweep_waiting
from oms.entry.cron import cron
from oms.inventory.waiting.model import ServingReport
from oms.wiring import wire


@cron
def handler() -> ServingReport:
    return sweep_waiting(lines=wire().waiting_lines, send=wire().send_to_waiting)
