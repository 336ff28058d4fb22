"""What can be promised, and when: for shops, for the first promise of an order, for the next one."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
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
    positions = desk.stock.positions(asked.skus, consistent=False)
    coming, safety = receipts(asked.skus, desk), desk.safety(asked.channel)
    seen, common = as_channel_sees(asked.channel, positions), as_channel_sees(None, positions)
    found = outlook(asked.skus, seen, desk, safety=safety, coming=coming)
    shared = found if common is seen else outlook(asked.skus, common, desk, safety=safety, coming=coming)
    owed = waiting(asked.skus, positions, desk)
    shown: list[SkuAvailability] = []
    for sku in asked.skus:
        today = min((day.dates[0] for day in found[sku].values()), default=at.date())
        whole = rules.together(list(shared[sku].values()), today, owed.get(sku, 0))
        here = [(found[sku][name], row) for name, row in shared[sku].items()]
        own = sum(rules.promisable(mine, today) - rules.promisable(all_have, today) for mine, all_have in here)
        if own:  # what nobody else waits for
            whole = rules.together([whole, rules.curve(today, own, (), ())], today)
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


def waiting(skus: Iterable[str], positions: Mapping[PositionKey, Position], desk: AvailabilityDesk) -> dict[str, int]:
    """Units by SKU that others have a claim to who came before: those that wait, and those not sourced yet.

    Who waits at one location is served from any: their units are owed by all locations together.
    """
    owed = dict(desk.unsourced(skus))
    for (sku, _), position in positions.items():
        owed[sku] = owed.get(sku, 0) + position.backordered
    return owed


def outlook(
    skus: Iterable[str],
    positions: Mapping[PositionKey, Position],
    desk: AvailabilityDesk,
    *,
    safety: ChannelSafety | None = None,
    coming: Mapping[PositionKey, Sequence[Due]] | None = None,
) -> dict[str, dict[str, Curve]]:
    """SKU -> location -> curve of what is there and what comes, whoever waits for it.

    `coming`: what `receipts` found, if it is known.
    """
    names = tuple(dict.fromkeys(skus))
    known = receipts(names, desk) if coming is None else coming
    places, now = desk.locations(), desk.clock()
    found: dict[str, dict[str, Curve]] = {sku: {} for sku in names}
    for (sku, location), position in sorted(positions.items()):
        if sku in found and location in places and not places[location].supplier:
            today = now.astimezone(ZoneInfo(places[location].time_zone)).date()
            free = position.available - (safety.of(sku) if safety else 0)
            found[sku][location] = rules.curve(today, free, (), known.get((sku, location), ()))
    return found


def receipts(skus: Iterable[str], desk: AvailabilityDesk) -> dict[PositionKey, list[Due]]:
    """What is confirmed to come, when it can be used: one read per SKU, and one for all suppliers."""
    return by_position(when_usable(confirmed(skus, desk), desk))


def confirmed(skus: Iterable[str], desk: AvailabilityDesk) -> list[Supply]:
    """The supplies of some SKUs that can be promised from: one read per SKU."""
    return [one for one in desk.supplies.all_to_come(skus) if one.confirmed]


def when_usable(supplies: Iterable[Supply], desk: AvailabilityDesk) -> list[tuple[Supply, date]]:
    """Supplies with the day on which each can be used: one read for all suppliers, none for no supply."""
    coming = list(supplies)
    late = _shifts(coming, desk)
    places, terms, now = desk.locations(), desk.terms(), desk.clock()
    found: list[tuple[Supply, date]] = []
    for one in coming:
        place = places.get(one.location)
        if place is not None:
            today = now.astimezone(ZoneInfo(place.time_zone)).date()
            found.append((one, rules.usable_on(_not_before(one.due_on, today), late[one.supplier], place, terms)))
    return found


def by_position(coming: Iterable[tuple[Supply, date]]) -> dict[PositionKey, list[Due]]:
    """What comes where, and when."""
    found: dict[PositionKey, list[Due]] = {}
    for one, usable in coming:
        found.setdefault((one.sku, one.location), []).append(Due(usable, one.to_come))
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
        stock = _stock_on(day, wanted, found)
        if all(sum(stock[sku].values()) >= units for sku, units in wanted.items()):
            return desk.promise(destination, wanted, stock, _morning(day, found, at, desk))
    return Promise()


def window_on(
    day: date,
    destination: Destination,
    wanted: Mapping[str, int],
    found: Mapping[str, Mapping[str, Curve]],
    desk: AvailabilityDesk,
) -> Promise:
    """The delivery window of goods that can be had on a day."""
    at = _morning(day, found, desk.clock(), desk)
    return desk.promise(destination, wanted, _stock_on(day, wanted, found), at)


def _stock_on(day: date, skus: Iterable[str], found: Mapping[str, Mapping[str, Curve]]) -> Stock:
    return {sku: {place: rules.promisable(one, day) for place, one in found[sku].items()} for sku in skus}


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
