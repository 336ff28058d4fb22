"""Once an hour: count what was ordered, for the prices of stock."""

from oms.allocation.prices.counting import count_demand
from oms.allocation.prices.model import CountReport
from oms.entry.cron import cron
from oms.wiring import wire


@cron
def handler() -> CountReport:
    return count_demand(wire().counting)
