"""Count what was ordered, an hour at a time, each hour once.

Read from the orders themselves by their index of time, not from facts on the bus: an hour's count is a function of its
orders, so a run that dies or comes twice changes nothing, and history from before the first run is there as well. It
costs a read unit or two an order; a consumer of facts would need a row to remember each of them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from oms.allocation.prices.forecast import counted
from oms.allocation.prices.model import Basket, CountReport
from oms.allocation.prices.store import PriceStore
from oms.kernel.time import Clock, to_text
from oms.orders.model import Order
from oms.orders.store import SHARDS, OrderStore

WINDOW_DAYS = 28  # four weeks: every weekday as often as the others
LAG = timedelta(minutes=30)  # an order is stored within seconds of its `submitted_at`, an import's chunk within minutes
HOURS_A_RUN = 48  # a new table has counted its four weeks after half a day of hourly runs
ORDERS_A_RUN = 50_000  # read in about a minute
_TOGETHER = 1_000
_HOURS = 24
_ALL = 1_000_000


@dataclass(frozen=True)
class CountingDesk:
    """What counting needs. `channels` names the ways in; one run counts `hours` at most."""

    orders: OrderStore
    store: PriceStore
    channels: Callable[[], Iterable[str]]
    clock: Clock
    hours: int = HOURS_A_RUN


def last_hour(now: datetime) -> datetime:
    """The end of the last hour that is over for sure."""
    return (now - LAG).replace(minute=0, second=0, microsecond=0)


def count_demand(desk: CountingDesk) -> CountReport:
    """Count the hours of the window that are not counted yet, the latest first, as many as one run has time for."""
    now = desk.clock()
    missing = list(missing_hours(desk.store, now))
    done = orders = 0
    for hour in missing[: desk.hours]:
        found = _orders_of(desk, hour)
        demand = counted(order for order in found if order.status != "rejected")
        desk.store.put_hour(hour, demand)
        done, orders = done + 1, orders + len(found)
        if orders >= ORDERS_A_RUN:
            break
    return CountReport(hours=done, orders=orders, missing=len(missing) - done)


def missing_hours(store: PriceStore, now: datetime) -> Iterator[datetime]:
    """Hours of the window that nobody counted yet, the latest first."""
    end = last_hour(now)
    known: dict[str, dict[str, str]] = {}
    for back in range(1, WINDOW_DAYS * _HOURS + 1):
        hour = end - timedelta(hours=back)
        day = hour.strftime("%Y-%m-%d")
        if day not in known:
            known[day] = store.counted_hours(day)
        if hour.strftime("%H") not in known[day]:
            yield hour


def _orders_of(desk: CountingDesk, hour: datetime) -> list[Order]:
    since, before = to_text(hour), to_text(hour + timedelta(hours=1))
    ids = [
        order_id
        for channel in sorted(desk.channels())
        for shard in range(SHARDS)
        for _, order_id in desk.orders.page(channel, shard, since=since, before=before, limit=_ALL)
    ]
    found: list[Order] = []
    for start in range(0, len(ids), _TOGETHER):
        found += desk.orders.get_many(ids[start : start + _TOGETHER], consistent=False).values()
    return found


def counted_days(store: PriceStore, now: datetime) -> list[dict[Basket, int]]:
    """The demand of each of the last windows of 24 hours that are counted from end to end, oldest first."""
    end = last_hour(now)
    days: list[dict[Basket, int]] = [{} for _ in range(WINDOW_DAYS)]
    hours = [0] * WINDOW_DAYS
    for back in range(WINDOW_DAYS + 1):
        date = (end - timedelta(days=back)).replace(hour=0)
        known = store.counted_hours(date.strftime("%Y-%m-%d"))
        inside = {}
        for name, run in known.items():
            place = _window(date + timedelta(hours=int(name)), end)
            if place is not None:
                hours[place] += 1
                inside[name] = run
        for name, row in store.demand_of(date.strftime("%Y-%m-%d"), inside):
            place = _window(date + timedelta(hours=int(name)), end)
            if place is not None:
                basket = Basket(row.units, row.region, len(row.units))
                days[place][basket] = days[place].get(basket, 0) + row.orders
    return [day for day, count in zip(days, hours, strict=True) if count == _HOURS]


def _window(hour: datetime, end: datetime) -> int | None:
    """Which of the windows that end at `end` an hour belongs to, 0 the oldest; None: none of them."""
    back = (end - hour - timedelta(hours=1)) // timedelta(days=1)
    return WINDOW_DAYS - 1 - back if 0 <= back < WINDOW_DAYS else None
