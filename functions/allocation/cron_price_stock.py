"""Four times a day: what a unit of stock is worth where it lies, from the demand to come."""

from oms.allocation.prices.model import PricingReport
from oms.allocation.prices.service import price_stock
from oms.entry.cron import cron
from oms.wiring import wire


@cron
def handler() -> PricingReport:
    return price_stock(wire().pricing)
