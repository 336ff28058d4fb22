"""What can be promised, and when: for shops, for the first promise of an order, for the next one."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.shelf import standing
from oms.inventory.store import StockStore
from oms.inventory.supply import rules
from oms.inventory.supply.drawing import Ahead, Drawing
from oms.inventory.supply.model import (
    Availability,
    ByDate,
    ChannelSafety,
    Due,
    SkuAvailability,
    Supply,
    SupplyTerms,
    WaitingAnswer,
    Window,
)
from oms.inventory.supply.rules import Curve
from oms.inventory.supply.store import SupplyStore
from oms.inventory.waiting.joining import caps_on, why_not_join
from oms.inventory.waiting.model import Head
from oms.kernel.errors import Fault, NotFoundError, RejectedError
from oms.kernel.time import Clock
from oms.orders.bundles import Components
from oms.orders.mayship import MayShip, MayShipPort, Places, ToShip
from oms.orders.model import Destination, Promise
from oms.reference.model import Channel, Item, Location, MayWait, bundles_among

MOST_DATES = 10  # of an answer; beyond, the last one stands for all later ones
Stock = Mapping[str, Mapping[str, int]]
_Left = Mapping[str, Mapping[str, Curve]]


class PromisePort(Protocol):
    """The delivery window for goods that lie where `stock` says at an instant (context shipping)."""

    def __call__(self, destination: Destination, lines: Mapping[str, int], stock: Stock, at: datetime) -> Promise: ...


@dataclass(frozen=True)
class AvailabilityDesk:
    """The collaborators. `unsourced`: units by SKU of confirmed orders that have no stock yet.

    `known` are those of some SKUs that are in the catalogue, `heads` the lines of those who wait for some SKUs.
    `lasting`: positions without what does not last for a channel until a day (None: today). `may_ship` is made anew for
    each answer; `ahead` are those who wait for some SKUs with who may ship to each, first served first.
    """

    stock: StockStore
    supplies: SupplyStore
    locations: Callable[[], Mapping[str, Location]]
    channels: Callable[[], Mapping[str, Channel]]
    terms: Callable[[], SupplyTerms]
    safety: Callable[[str], ChannelSafety]
    unsourced: Callable[[Iterable[str]], Mapping[str, int]]
    promise: PromisePort
    known: Callable[[Collection[str]], Mapping[str, Item]]
    heads: Callable[[Iterable[str]], Mapping[str, Head]]
    lasting: Callable[[Mapping[PositionKey, Position], str, str | None], Mapping[PositionKey, Position]]
    may_ship: Callable[[], MayShipPort]
    ahead: Callable[[Iterable[str], MayShipPort], Mapping[str, Sequence[Ahead]]]
    clock: Clock


class Asked(NamedTuple):
    """A shop's question: so many of each SKU in one order, to a place, on a channel."""

    skus: tuple[str, ...]
    quantity: int
    destination: Destination
    channel: str
    on_account: bool = False


def availability(asked: Asked, *, desk: AvailabilityDesk) -> Availability:
    """What can be promised of each SKU by date, and when all of them together would be with the buyer.

    From locations that may ship such an order under the strategies in force, and no others; and of lots that last until
    the last day of that delivery. What is there `now` lasts until the last day of a delivery that leaves now.

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
    at, may_ship = desk.clock(), desk.may_ship()
    may = may_ship(ToShip(asked.channel, asked.on_account, asked.destination, frozenset(asked.skus)))
    bundles, today = bundles_among(known), at.date()
    shelf = tuple(dict.fromkeys(part for sku in asked.skus for part in _parts(sku, bundles)))
    capped = [sku for sku, item in known.items() if item.waiting.cap is not None or item.waiting.channel_caps]
    heads = desk.heads(capped) if capped else {}

    counted = _left(shelf, asked, may_ship, desk)

    def whole_of(left: _Left) -> tuple[_Left, dict[str, Curve]]:
        found = {sku: _made_at(bundles[sku], left) if sku in bundles else left[sku] for sku in asked.skus}
        return found, {sku: _together_at(may.of(sku), found[sku], today) for sku in asked.skus}

    def shipped_now(left: _Left) -> str | None:
        found, whole = whole_of(left)
        one_each = {sku: 1 for sku in asked.skus if rules.promisable(whole[sku], today)}
        return window_on(today, asked.destination, one_each, found, desk, may).latest_on if one_each else None

    there, _ = standing(counted, shipped_now, lambda day: day)
    now = {sku: rules.promisable(whole, today) for sku, whole in whole_of(there)[1].items()}

    def answered(left: _Left) -> tuple[list[SkuAvailability], Promise]:
        found, whole = whole_of(left)
        days_of = {sku: _covered_on(may, sku, found[sku], whole[sku], asked.quantity) for sku in asked.skus}
        shown = [
            _shown(known[sku], now[sku], whole[sku], days_of[sku], asked, heads.get(sku, Head(sku)), today)
            for sku in asked.skus
        ]
        days = [one.promisable_on for one in shown if one.promisable_on]
        if len(days) < len(shown):
            return shown, Promise()
        wanted = dict.fromkeys(asked.skus, asked.quantity)
        return shown, soonest(asked.destination, wanted, found, at, desk, date.fromisoformat(max(days)), may)

    _, (shown, promise) = standing(
        lambda day: there if day is None else counted(day), answered, lambda answer: answer[1].latest_on
    )
    window = Window(earliest_on=promise.earliest_on, latest_on=promise.latest_on)
    return Availability(channel=asked.channel, country=asked.destination.country, skus=tuple(shown), delivery=window)


def _left(
    shelf: Sequence[str], asked: Asked, may_ship: MayShipPort, desk: AvailabilityDesk
) -> Callable[[str | None], dict[str, dict[str, Curve]]]:
    """SKU -> location -> what a channel can have there by date, when all who came before have theirs.

    Those take of what all channels may have; what is the channel's own is there besides. Read once, and counted of lots
    that last until a day.
    """
    positions = desk.stock.positions(shelf, consistent=False)
    coming, safety, today = receipts(shelf, desk), desk.safety(asked.channel), desk.clock().date()
    before = _before(shelf, positions, may_ship, desk)

    of_all: list[dict[str, dict[str, Curve]]] = []

    def until(day: str | None) -> dict[str, dict[str, Curve]]:
        lasting = desk.lasting(positions, asked.channel, day)
        if lasting is positions and of_all:
            return of_all[0]
        seen, common = as_channel_sees(asked.channel, lasting), as_channel_sees(None, lasting)
        found = outlook(shelf, seen, desk, safety=safety, coming=coming)
        shared = found if common is seen else outlook(shelf, common, desk, safety=safety, coming=coming)
        left: dict[str, dict[str, Curve]] = {}
        for sku in shelf:
            left[sku] = Drawing(shared[sku]).let_before(before[sku]).left()
            for name, own in found[sku].items():
                more = rules.promisable(own, today) - rules.promisable(shared[sku][name], today)
                if more:
                    left[sku][name] = rules.together([left[sku][name], rules.curve(today, more, (), ())], today)
        if lasting is positions:
            of_all.append(left)
        return left

    return until


def _together_at(places: Places, found: Mapping[str, Curve], today: date) -> Curve:
    """What the locations that may ship can promise together."""
    return rules.together([one for name, one in found.items() if places is None or name in places], today)


def _covered_on(may: MayShip, sku: str, found: Mapping[str, Curve], whole: Curve, quantity: int) -> date | None:
    """The day on which so many can be promised: of no more locations than may ship an order."""
    places = may.of(sku)
    own = [one for name, one in found.items() if places is None or name in places]
    if may.most is None or len(own) <= may.most:
        return rules.promisable_on(whole, quantity)
    for day in whole.dates:
        most_first = sorted([rules.promisable(one, day) for one in own], reverse=True)
        if sum(most_first[: may.most]) >= quantity:
            return day
    return None


def _shown(
    item: Item, now: int, whole: Curve, on: date | None, asked: Asked, head: Head, today: date
) -> SkuAvailability:
    policy = item.waiting
    shut_until = policy.release_on if policy.embargoed(asked.channel, today) else None
    day = max(on, shut_until) if on and shut_until else on
    stock_on = day.isoformat() if day else None
    return SkuAvailability(
        sku=item.sku,
        quantity=asked.quantity,
        now=0 if shut_until else now,
        promisable_on=stock_on,
        by_date=_from(_by_date(whole, today, now), shut_until),
        waiting=may_wait(policy, asked, head, stock_on, today),
    )


def _parts(sku: str, bundles: Mapping[str, Components]) -> tuple[str, ...]:
    return tuple(part for part, _ in bundles[sku]) if sku in bundles else (sku,)


def _made_at(parts: Components, found: Mapping[str, Mapping[str, Curve]]) -> dict[str, Curve]:
    """What each location can make of a bundle: its components must lie there together."""
    places = set.intersection(*(set(found[part]) for part, _ in parts))
    return {place: rules.bundled([(found[part][place], each) for part, each in parts]) for place in sorted(places)}


def may_wait(policy: MayWait, asked: Asked, head: Head, stock_on: str | None, today: date) -> WaitingAnswer:
    """Whether an order of a channel may wait, as allocation would decide at this moment, whatever its location."""
    caps = caps_on(policy, asked.channel, head)
    why_not = why_not_join(policy, asked.channel, asked.quantity, caps, today)
    return WaitingAnswer(
        kind=policy.of(asked.channel),
        allowed=why_not is None,
        why_not=why_not.code if why_not else None,
        room=min((cap.room for cap in caps), default=None),
        stock_on=None if why_not else stock_on,
    )


def _from(rows: tuple[ByDate, ...], first: date | None) -> tuple[ByDate, ...]:
    """The dates of an item of which nothing is given out before a day."""
    if first is None:
        return rows
    day = first.isoformat()
    before = [row for row in rows if row.on <= day]
    return (*([ByDate(on=day, units=before[-1].units)] if before else []), *(row for row in rows if row.on > day))


def _before(
    skus: Sequence[str], positions: Mapping[PositionKey, Position], may_ship: MayShipPort, desk: AvailabilityDesk
) -> dict[str, list[Ahead]]:
    """Who has a claim by SKU and came before: those that wait, and those not sourced yet, who may get it anywhere.

    Who waits at one location may be served from others. Where nobody is kept from any location it does not matter who
    waits, but how many units: their orders are not read.
    """
    waits: Counter[str] = Counter()
    for (sku, _), position in positions.items():
        waits[sku] += position.backordered
    waited = [sku for sku in skus if waits[sku]]
    in_line = desk.ahead(waited, may_ship) if may_ship.restricts and waited else {}
    unsourced = desk.unsourced(skus)
    return {sku: [*in_line.get(sku, [Ahead(waits[sku])]), Ahead(unsourced[sku])] for sku in skus}


def outlook(
    skus: Iterable[str],
    positions: Mapping[PositionKey, Position],
    desk: AvailabilityDesk,
    *,
    safety: ChannelSafety | None = None,
    coming: Mapping[PositionKey, Sequence[Due]] | None = None,
) -> dict[str, dict[str, Curve]]:
    """SKU -> location -> curve of what is there and what comes, whoever waits for it.

    What is there is there now, whatever the day at its location: every curve begins today in UTC.
    `coming`: what `receipts` found, if it is known.
    """
    names = tuple(dict.fromkeys(skus))
    known = receipts(names, desk) if coming is None else coming
    places, today = desk.locations(), desk.clock().date()
    found: dict[str, dict[str, Curve]] = {sku: {} for sku in names}
    for (sku, location), position in sorted(positions.items()):
        if sku in found and location in places and not places[location].supplier:
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
    first: date,
    may: MayShip,
) -> Promise:
    """The delivery window of the first day, from `first` on, on which those who may ship have everything.

    Empty when no known supply covers it.
    """
    days = sorted({first, *(day for sku in wanted for one in found[sku].values() for day in one.dates if day > first)})
    for day in days:
        stock = may.stock(_stock_on(day, wanted, found), wanted)
        if all(sum(stock[sku].values()) >= units for sku, units in wanted.items()):
            return desk.promise(destination, wanted, stock, _morning(day, found, at, desk))
    return Promise()


def window_on(
    day: date,
    destination: Destination,
    wanted: Mapping[str, int],
    found: Mapping[str, Mapping[str, Curve]],
    desk: AvailabilityDesk,
    may: MayShip,
) -> Promise:
    """The delivery window of goods that those who may ship them have on a day; `may` by SKU on the shelf."""
    at = _morning(day, found, desk.clock(), desk)
    return desk.promise(destination, wanted, may.stock(_stock_on(day, wanted, found), wanted), at)


def _stock_on(day: date, skus: Iterable[str], found: Mapping[str, Mapping[str, Curve]]) -> Stock:
    return {sku: {place: rules.promisable(one, day) for place, one in found[sku].items()} for sku in skus}


def _morning(day: date, found: Mapping[str, Mapping[str, Curve]], at: datetime, desk: AvailabilityDesk) -> datetime:
    """When work can begin: today at once, on a day that lies ahead at its first instant where it begins last."""
    if day <= at.date():
        return at
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


def _by_date(whole: Curve, today: date, now: int) -> tuple[ByDate, ...]:
    """The dates from which more can be promised. Of what is there `now` some may not last for what comes later."""
    rows: list[ByDate] = []
    for day in whole.dates:
        units = now if day == today else rules.promisable(whole, day)
        if not rows or units > rows[-1].units:
            rows.append(ByDate(on=day.isoformat(), units=units))
    return (*rows[: MOST_DATES - 1], rows[-1]) if len(rows) > MOST_DATES else tuple(rows)
