"""What can be promised, and when: for shops, for the first promise of an order, for the next one."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from oms.inventory.store import StockStore
from oms.inventory.supply import rules
from oms.inventory.supply.model import (
    Availability,
    ByDate,
    ChannelSafety,
    Due,
    SkuAvailability,
    Supply,
    SupplyTerms,
    Window,
)
from oms.inventory.supply.rules import Curve
from oms.inventory.supply.store import SupplyStore
from oms.kernel.errors import Fault, NotFoundError, RejectedError
from oms.kernel.time import Clock
from oms.orders.model import Destination, Promise
from oms.reference.model import Channel, Location

MOST_DATES = 10  # of an answer; beyond, the last one stands for all later ones
Stock = Mapping[str, Mapping[str, int]]


class PromisePort(Protocol):
    """The delivery window for goods that lie where `stock` says at an instant (context shipping)."""

    def __call__(self, destination: Destination, lines: Mapping[str, int], stock: Stock, at: datetime) -> Promise: ...


@dataclass(frozen=True)
class AvailabilityDesk:
    """The collaborators. `unsourced`: units by SKU of confirmed orders that have no stock yet.

    `known` are those of some SKUs that are in the catalogue.
    """

    stock: StockStore
    supplies: SupplyStore
    locations: Callable[[], Mapping[str, Location]]
    channels: Callable[[], Mapping[str, Channel]]
    terms: Callable[[], SupplyTerms]
    safety: Callable[[str], ChannelSafety]
    unsourced: Callable[[Iterable[str]], Mapping[str, int]]
    promise: PromisePort
    known: Callable[[Collection[str]], Collection[str]]
    clock: Clock


class Asked(NamedTuple):
    """A shop's question: so many of each SKU, to a country, on a channel."""

    skus: tuple[str, ...]
    quantity: int
    country: str
    channel: str


def availability(asked: Asked, *, desk: AvailabilityDesk) -> Availability:
    """What can be promised of each SKU by date, and when all of them together would be with the buyer.

    Raises:
        NotFoundError: code `unknown_channel`.
        RejectedError: code `unknown_sku`.
    """
    if asked.channel not in desk.channels():
        raise NotFoundError("there is no such channel", code="unknown_channel", faults=[Fault("channel", "is unknown")])
    known = desk.known(asked.skus)
    faults = [Fault("sku", f"{sku} is not in the catalogue") for sku in asked.skus if sku not in known]
    if faults:
        raise RejectedError(f"{len(faults)} SKU(s) are not known", code="unknown_sku", faults=faults)
    at = desk.clock()
    found = outlook(asked.skus, desk, safety=desk.safety(asked.channel))
    owed = desk.unsourced(asked.skus)
    shown: list[SkuAvailability] = []
    for sku in asked.skus:
        today = min((day.dates[0] for day in found[sku].values()), default=at.date())
        whole = rules.together(list(found[sku].values()), today, owed.get(sku, 0))
        on = rules.promisable_on(whole, asked.quantity)
        shown.append(
            SkuAvailability(
                sku=sku,
                quantity=asked.quantity,
                now=rules.promisable(whole, today),
                promisable_on=on.isoformat() if on else None,
                by_date=_by_date(whole),
            )
        )
    wanted = {sku: asked.quantity + owed.get(sku, 0) for sku in asked.skus}
    promise = soonest(Destination(country=asked.country, postal_area=""), wanted, found, at, desk)
    window = Window(earliest_on=promise.earliest_on, latest_on=promise.latest_on)
    return Availability(channel=asked.channel, country=asked.country, skus=tuple(shown), delivery=window)


def outlook(
    skus: Iterable[str], desk: AvailabilityDesk, *, safety: ChannelSafety | None = None
) -> dict[str, dict[str, Curve]]:
    """SKU -> location -> curve. One read for all positions, one per SKU for supplies, one for all suppliers.

    Units that wait are owed today: whoever waits was promised before, and the queue is served in the order of promises.
    """
    names = tuple(dict.fromkeys(skus))
    positions = desk.stock.positions(names, consistent=False)
    coming = {sku: [one for one in desk.supplies.to_come(sku) if one.confirmed] for sku in names}
    late = _shifts([one for some in coming.values() for one in some], desk)
    places, terms, now = desk.locations(), desk.terms(), desk.clock()
    found: dict[str, dict[str, Curve]] = {sku: {} for sku in names}
    for (sku, location), position in sorted(positions.items()):
        place = places[location]
        today = now.astimezone(ZoneInfo(place.time_zone)).date()
        receipts = [
            Due(rules.usable_on(_not_before(one.due_on, today), late[one.supplier], place, terms), one.to_come)
            for one in coming[sku]
            if one.location == location
        ]
        free = position.available - (safety.of(sku) if safety else 0)
        found[sku][location] = rules.curve(today, free, [Due(today, position.backordered)], receipts)
    return found


def soonest(
    destination: Destination,
    wanted: Mapping[str, int],
    found: Mapping[str, Mapping[str, Curve]],
    at: datetime,
    desk: AvailabilityDesk,
) -> Promise:
    """The delivery window of the first day on which everything can be had; empty when no known supply covers it."""
    days = sorted({day for sku in wanted for one in found[sku].values() for day in one.dates})
    for day in days:
        stock = {sku: {place: rules.promisable(one, day) for place, one in found[sku].items()} for sku in wanted}
        if all(sum(stock[sku].values()) >= units for sku, units in wanted.items()):
            return desk.promise(destination, wanted, stock, _morning(day, found, at, desk))
    return Promise()


def _morning(day: date, found: Mapping[str, Mapping[str, Curve]], at: datetime, desk: AvailabilityDesk) -> datetime:
    """When work can begin on a day that lies ahead: its first instant where it begins last."""
    places = {name for some in found.values() for name in some}
    zones = {desk.locations()[name].time_zone for name in places}
    return max([at, *(datetime.combine(day, time(), ZoneInfo(zone)) for zone in zones)])


def _shifts(coming: Iterable[Supply], desk: AvailabilityDesk) -> dict[str, int]:
    suppliers = {one.supplier for one in coming}
    if not suppliers:
        return {}
    terms = desk.terms()
    return {name: rules.lateness_days(one.days, terms) for name, one in desk.supplies.lateness(suppliers).items()}


def _not_before(due_on: str, today: date) -> date:
    """What should have come already may come today at the earliest."""
    return max(date.fromisoformat(due_on), today)


def _by_date(whole: Curve) -> tuple[ByDate, ...]:
    """The dates from which more can be promised."""
    rows: list[ByDate] = []
    for day in whole.dates:
        units = rules.promisable(whole, day)
        if not rows or units > rows[-1].units:
            rows.append(ByDate(on=day.isoformat(), units=units))
    return (*rows[: MOST_DATES - 1], rows[-1]) if len(rows) > MOST_DATES else tuple(rows)
