"""Which carrier service a shipment gets, what it costs, and what can be promised. Pure; sources: domain 2.2, 2.3."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from oms.reference.geography import centre_of, km_between
from oms.reference.model import Location
from oms.shipping.calendar import promise_window
from oms.shipping.model import (
    Choice,
    Dimensional,
    Lane,
    Quote,
    RateCard,
    Selection,
    Service,
    Size,
    Window,
    ZoneRate,
)

_HUNDRED_PERCENT_BP = 10_000
Quoter = Callable[[Service, ZoneRate, Size, Lane], Quote]
Full = Container[tuple[str, str, str]]  # (carrier, service, ship date) without room for one more


class Offer(NamedTuple):
    """A service that could carry the shipment."""

    card: RateCard
    service: Service
    window: Window
    costs_minor: tuple[int, ...]

    @property
    def label(self) -> str:
        return f"{self.card.carrier}/{self.service.code}"

    @property
    def total_minor(self) -> int:
        return sum(self.costs_minor)


class Candidates(NamedTuple):
    """Locations that could ship, best first: those with all units, and those with some."""

    whole: tuple[Location, ...]
    part: tuple[Location, ...]


def _up(amount: int, step: int) -> int:
    """Whole steps, rounded up."""
    return -(-amount // step)


def billable_g(size: Size, how: Dimensional) -> int:
    """The weight that is paid: the greater of actual and dimensional, rounded up to the carrier's step, in grams.

    Each side is rounded up to a whole cm (or inch) before the volume is taken (UPS and FedEx since 18 Aug 2025).
    """
    volume = 1
    for side_mm in (size.length_mm, size.width_mm, size.height_mm):
        volume *= _up(side_mm * 1000, how.side_um)
    dimensional_mg = _up(volume * how.weight_mg, how.divisor) if volume > how.above_units else 0
    step = how.step_mg
    return _up(_up(max(size.weight_g * 1000, dimensional_mg), step) * step, 1000)


def most_specific(places: Container[str], lane: Lane) -> str | None:
    """The most specific place of a table that covers the destination: `GB-IV2`, then `GB-IV`, `GB-I`, `GB`."""
    area = lane.postal_area.upper()
    for length in range(len(area), 0, -1):
        place = f"{lane.country}-{area[:length]}"
        if place in places:
            return place
    return lane.country if lane.country in places else None


def rate_for(service: Service, lane: Lane) -> ZoneRate | None:
    """The rate of the destination's zone, or None when the service does not go there."""
    place = most_specific(service.zones, lane)
    return service.rates[service.zones[place]] if place else None


def refusal(service: Service, rate: ZoneRate, sizes: Iterable[Size]) -> str | None:
    """Why the service does not take one of the parcels: `too_heavy`, `too_long`, or None when it takes all."""
    limit_g = min(service.max_weight_g, rate.breaks[-1].up_to_g)
    for size in sizes:
        if size.weight_g > service.max_weight_g or billable_g(size, service.dimensional) > limit_g:
            return "too_heavy"
        if size.longest_mm > service.max_side_mm:
            return "too_long"
    return None


def quote(service: Service, rate: ZoneRate, size: Size, lane: Lane) -> Quote:
    """Base price of the weight break, then each surcharge by name; fuel is a share of the base, rounded half up.

    Raises:
        ValueError: heavier than the last weight break (ask `refusal` first).
    """
    weight_g = billable_g(size, service.dimensional)
    base = next((step.price_minor for step in rate.breaks if weight_g <= step.up_to_g), None)
    if base is None:
        raise ValueError(f"{service.code}: no price for {weight_g} g")
    extra = service.surcharges
    oversize = (extra.oversize_mm is not None and size.longest_mm > extra.oversize_mm) or (
        extra.oversize_g is not None and weight_g > extra.oversize_g
    )
    parts = (
        ("base", base),
        ("fuel", (base * extra.fuel_bp + _HUNDRED_PERCENT_BP // 2) // _HUNDRED_PERCENT_BP),
        ("residential", extra.residential_minor if lane.residential else 0),
        ("remote", extra.remote_minor if most_specific(extra.remote_areas, lane) else 0),
        ("oversize", extra.oversize_minor if oversize else 0),
    )
    return Quote(tuple(part for part in parts if part[1] or part[0] == "base"))


def select_service(
    sizes: Sequence[Size],
    cards: Iterable[RateCard],
    *,
    location: Location,
    lane: Lane,
    promised_on: date | None,
    at: datetime,
    full: Full = frozenset(),
    quoter: Callable[[RateCard], Quoter] = lambda _card: quote,
) -> Selection:
    """The cheapest service for all parcels together whose latest delivery is not after `promised_on`.

    When none is in time: the fastest (then the cheapest), outcome `late`. Ties go to the earlier delivery, then to the
    name. Every service that lost has a row with its reason: `cost:<total>`, `too_late:<date>`, `too_heavy`,
    `too_long`, `zone_not_served`, `capacity:<ship date>`, `not_valid:<ship date>`, `currency:<code>`.
    """
    offers: list[Offer] = []
    rows: list[str] = []
    for found in _offers(sizes, cards, location, lane, at, full, quoter):
        if isinstance(found, str):
            rows.append(found)
        else:
            offers.append(found)
    if not offers:
        return Selection("none", (), tuple(rows))
    in_time = [offer for offer in offers if promised_on is None or offer.window.latest_on <= promised_on]
    best = min(in_time, key=_cheapest) if in_time else min(offers, key=_fastest)
    offered = {offer.label for offer in offers}
    rows = [row for row in rows if " not_valid:" not in row or row.split(" ")[0] not in offered]
    for offer in offers:
        if offer is not best:
            late = promised_on is not None and offer.window.latest_on > promised_on
            reason = f"too_late:{offer.window.latest_on}" if late else f"cost:{offer.total_minor}"
            rows.append(f"{offer.label} {reason}")
    chosen = f"{best.label} {'chosen' if in_time else 'chosen_late'}:{best.total_minor}"
    decision = (chosen, *sorted(rows))
    choices = tuple(
        Choice(
            carrier=best.card.carrier,
            service=best.service.code,
            ship_on=best.window.ship_on,
            deliver_on=best.window.latest_on,
            cost_minor=cost,
            currency=best.card.currency,
            decision=decision,
        )
        for cost in best.costs_minor
    )
    return Selection("in_time" if in_time else "late", choices, decision)


def _cheapest(offer: Offer) -> tuple[int, date, str]:
    return offer.total_minor, offer.window.latest_on, offer.label


def _fastest(offer: Offer) -> tuple[date, int, str]:
    return offer.window.latest_on, offer.total_minor, offer.label


def _offers(
    sizes: Sequence[Size],
    cards: Iterable[RateCard],
    location: Location,
    lane: Lane,
    at: datetime,
    full: Full,
    quoter: Callable[[RateCard], Quoter],
) -> Iterator[Offer | str]:
    """Every service of a card that starts from here: an offer, or the row that says why not.

    Costs are compared in one currency only, that of the first card; a card in another one is left aside.
    """
    local = sorted((card for card in cards if location.country in card.origins), key=lambda card: card.key)
    seen: set[str] = set()
    for card in local:
        for service in card.services:
            found = _offer(card, service, sizes, location, lane, at, full, quoter)
            if card.currency != local[0].currency:
                found = f"currency:{card.currency}"
            if isinstance(found, Offer):
                yield found
            elif (row := f"{card.carrier}/{service.code} {found}") not in seen:
                seen.add(row)
                yield row


def _offer(
    card: RateCard,
    service: Service,
    sizes: Sequence[Size],
    location: Location,
    lane: Lane,
    at: datetime,
    full: Full,
    quoter: Callable[[RateCard], Quoter],
) -> Offer | str:
    rate = rate_for(service, lane)
    if rate is None:
        return "zone_not_served"
    problem = refusal(service, rate, sizes)
    if problem:
        return problem
    window = window_of(card, service, rate, location, lane, at)
    if not card.valid_on(window.ship_on):
        return f"not_valid:{window.ship_on}"
    if service.daily_capacity is not None:
        taken = (card.carrier, service.code, window.ship_on.isoformat()) in full
        if taken or service.daily_capacity < len(sizes):
            return f"capacity:{window.ship_on}"
    price = quoter(card)
    return Offer(card, service, window, tuple(price(service, rate, size, lane).total_minor for size in sizes))


def window_of(card: RateCard, service: Service, rate: ZoneRate, location: Location, lane: Lane, at: datetime) -> Window:
    """When a shipment on this service would leave and arrive."""
    transit = (rate.transit_days_min, rate.transit_days_max)
    return promise_window(service, transit, location, at, card.holidays.get(lane.country, ()))


def first_window(
    cards: Iterable[RateCard], candidates: Candidates, lane: Lane, at: datetime, typical: Size
) -> Window | None:
    """The window to promise before anything is planned: the cheapest service for a typical parcel.

    When one location has everything, the first such location from which somebody goes there decides; when the order
    must be split, the slowest of those that may take part, for the order is there when its last parcel is. Services
    with a daily capacity are not counted on: a promise must not depend on what others take meanwhile.
    """
    local = tuple(cards)
    for location in candidates.whole:
        window = _standing_window(local, location, lane, at, typical)
        if window:
            return window
    parts = [_standing_window(local, location, lane, at, typical) for location in candidates.part]
    windows = [window for window in parts if window]
    if candidates.whole or not windows:
        return None
    return Window(*(max(dates) for dates in zip(*windows, strict=True)))


def _standing_window(
    cards: Iterable[RateCard], location: Location, lane: Lane, at: datetime, typical: Size
) -> Window | None:
    offers = sorted(
        _standing_offers(cards, location, lane, typical), key=lambda offer: (offer[0], offer[1].key, offer[2].code)
    )
    for _, card, service, rate in offers:
        window = window_of(card, service, rate, location, lane, at)
        if card.valid_on(window.ship_on):
            return window
    return None


def _standing_offers(
    cards: Iterable[RateCard], location: Location, lane: Lane, typical: Size
) -> Iterator[tuple[int, RateCard, Service, ZoneRate]]:
    """What can always be counted on, with its price."""
    for card in cards:
        if location.country in card.origins:
            for service in card.services:
                rate = rate_for(service, lane)
                if rate and service.daily_capacity is None and not refusal(service, rate, (typical,)):
                    yield quote(service, rate, typical, lane).total_minor, card, service, rate


def candidates_for(
    lines: Mapping[str, int], stock: Mapping[str, Mapping[str, int]], locations: Mapping[str, Location], lane: Lane
) -> Candidates:
    """Who could ship the lines; nobody when all locations together have too little of a SKU.

    Within each group the destination's own country comes first, then who has more, then who is nearer, then the name.
    """
    if any(sum(stock.get(sku, {}).values()) < units for sku, units in lines.items()):
        return Candidates((), ())
    there = centre_of(lane.country, lane.postal_area)
    whole: list[tuple[bool, int, int, str, Location]] = []
    part: list[tuple[bool, int, int, str, Location]] = []
    for location in locations.values():
        have = [min(units, stock[sku].get(location.id, 0)) for sku, units in lines.items()]
        if any(units > 0 for units in have):
            complete = all(got == units for got, units in zip(have, lines.values(), strict=True))
            abroad = location.country != lane.country
            row = (abroad, -sum(have), km_between(location, there), location.id, location)
            (whole if complete else part).append(row)
    return Candidates(*(tuple(row[-1] for row in sorted(rows, key=lambda row: row[:-1])) for rows in (whole, part)))
