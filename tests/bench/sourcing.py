"""How long the sourcing rule takes: 10 lines over 20 locations, stock scarce enough that orders must be split."""

import random
import statistics
import time
from typing import NamedTuple

from oms.allocation.rules import Demand, plan_sourcing
from oms.orders.model import Destination
from oms.reference.model import Location

ORDERS = 2_000
LINES = 10
PLACES = 20
STOCKED = 0.5  # share of SKU and location pairs that have stock
SEED = 20261123


class Sourcing(NamedTuple):
    """Milliseconds per order, and how many locations an order took."""

    median_ms: float
    p99_ms: float
    mean_locations: float


def measure() -> Sourcing:
    """Plan random orders; the same orders on every machine."""
    chance = random.Random(SEED)  # noqa: S311  a benchmark, not a secret
    locations = {f"l{place:02}": _location(f"l{place:02}", chance) for place in range(PLACES)}
    seconds, used = [], []
    for _ in range(ORDERS):
        wanted = [Demand(number, f"s{number}", chance.randint(1, 3)) for number in range(1, LINES + 1)]
        stock = {
            sku: {name: chance.randint(1, 20) for name in locations if chance.random() < STOCKED}
            for sku in (demand.sku for demand in wanted)
        }
        destination = Destination(country=chance.choice(("DE", "US", "GB", "FR")), postal_area="100")
        began = time.perf_counter()
        plan = plan_sourcing(wanted, stock, locations, destination)
        seconds.append(time.perf_counter() - began)
        used.append(len(plan.locations))
    cuts = statistics.quantiles(seconds, n=100)
    return Sourcing(statistics.median(seconds) * 1000, cuts[98] * 1000, statistics.fmean(used))


def _location(name: str, chance: random.Random) -> Location:
    return Location(
        id=name,
        name=name,
        country="US",
        postal_code="10001",
        latitude=chance.uniform(30, 48),
        longitude=chance.uniform(-120, -70),
        time_zone="America/New_York",
    )
