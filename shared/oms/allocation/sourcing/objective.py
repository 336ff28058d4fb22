"""What a plan costs: a case and the places that may ship it, as a network with every price on it.

After the objective of IBM Sterling's optimizer (domain 2.1): shipping, handling, stock-out risk, markdown avoided,
capacity, reliability; with the price of a split, of lateness, and the shadow price of the unit. Integers: millionths of
the minor unit, per cent rounded down.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oms.allocation.sourcing.filters import Candidates
from oms.allocation.sourcing.model import NO_WORTH, Case, Place, Score, Wanted
from oms.allocation.sourcing.network import MICRO, Draw, Network, Option, Piece, Pool, Source, Tariff
from oms.allocation.sourcing.strategy import Rule, Weights

_PERCENT = MICRO // 100
_FULL_BP = 10_000
# Where a place without a carrier is allowed at all, anybody with one is cheaper: a thousand of the major unit.
_NO_CARRIER = Tariff((1_000_000,), (100_000 * MICRO,))


class Bundle(NamedTuple):
    """Lines that are decided together. `whole`: they go to one place; `short` units nobody has."""

    lines: tuple[Wanted, ...]
    whole: bool
    short: int = 0

    @property
    def units(self) -> int:
        return sum(line.units for line in self.lines)

    @property
    def needs(self) -> dict[str, int]:
        """Units by SKU."""
        units: dict[str, int] = {}
        for line in self.lines:
            units[line.sku] = units.get(line.sku, 0) + line.units
        return units


class Priced(NamedTuple):
    """A network, and what its pieces and sources are."""

    network: Network
    bundles: tuple[Bundle, ...]
    places: tuple[Place, ...]


def price(case: Case, rule: Rule, found: Candidates, *, capacity: bool) -> Priced:
    """The network of a case. `capacity`: places take no more than their room of the day."""
    places = found.places
    bundles = tuple(_bundled(case, rule, found))
    tariffs: dict[tuple[object, ...], Tariff] = {}
    sources = tuple(
        Source(place.name, sum(cost for _, cost in opening(place, rule.weights)), _tariff(place, case, rule, tariffs))
        for place in places
    )
    pieces = tuple(_piece(bundle, case, rule.weights, found) for bundle in bundles)
    pools = [*_shared_stock(bundles, case, places), *(_room(bundles, places) if capacity else ())]
    most, parcels = _limits(case, rule, places)
    return Priced(Network(pieces, sources, tuple(pools), most, parcels), bundles, places)


def _limits(case: Case, rule: Rule, places: tuple[Place, ...]) -> tuple[int | None, int | None]:
    """How many locations and parcels the rest may take. Those that ship some of the order already cost it no room.

    Where further ones may join them this is what all of them together may be: who solves sees to the rest.
    """
    most, parcels = rule.split.most_locations, rule.split.max_parcels
    if parcels is not None:
        parcels = max(parcels - sum(case.ships.values()), 0)
    if most is not None and case.ships:
        known = sum(place.name in case.ships for place in places)
        further = most - len(case.ships)
        most = known + further if further > 0 else None  # None: only those that ship already are candidates
    return most, parcels


def _bundled(case: Case, rule: Rule, found: Candidates) -> Iterable[Bundle]:
    """Groups; then lines, those of one SKU together where their units may be split anyway."""
    by_key: dict[tuple[str, str], list[Wanted]] = {}
    by_quantity = rule.split.mode != "whole_lines"
    for line in sorted(case.lines):
        if line.group is not None and rule.split.keep_groups:
            key = ("group", line.group)
        else:
            key = ("sku", line.sku) if by_quantity else ("line", str(line.number))
        by_key.setdefault(key, []).append(line)
    for (kind, _), lines in by_key.items():
        bundle = Bundle(tuple(lines), whole=True)
        if kind == "sku" and not any(_had(bundle, case, place, found) >= bundle.units for place in found.places):
            there = sum(_had(bundle, case, place, found) for place in found.places)
            bundle = Bundle(tuple(lines), whole=False, short=max(0, bundle.units - there))
        yield bundle


def _had(bundle: Bundle, case: Case, place: Place, found: Candidates) -> int:
    """Units of a bundle that a place may give; of a bundle that goes whole, all or nothing."""
    if any(line.number in found.barred[place.name] for line in bundle.lines):
        return 0
    had = {sku: max(0, case.stock.get(sku, {}).get(place.name, 0)) for sku in bundle.needs}
    if len(had) == 1:
        return min(bundle.units, *had.values())
    return bundle.units if all(had[sku] >= units for sku, units in bundle.needs.items()) else 0


def _piece(bundle: Bundle, case: Case, weights: Weights, found: Candidates) -> Piece:
    grams = sum(line.units * line.weight_g for line in bundle.lines)
    wait = weights.wait_minor * MICRO
    options = []
    for j, place in enumerate(found.places):
        there = _had(bundle, case, place, found)
        if bundle.whole and there >= bundle.units:
            cost = sum(units * _unit(sku, place, case, weights) for sku, units in bundle.needs.items())
            options.append(Option(j, cost, 1))
        elif there and not bundle.whole:
            options.append(Option(j, _unit(bundle.lines[0].sku, place, case, weights), there))
    if bundle.whole:
        return Piece(1, grams, wait * bundle.units, tuple(options))
    units = max(1, bundle.units - bundle.short)
    return Piece(units, -(-grams // bundle.units), wait, tuple(options))


def _unit(sku: str, place: Place, case: Case, weights: Weights) -> int:
    return sum(cost for _, cost in unit_parts(sku, place, case, weights))


def unit_parts(sku: str, place: Place, case: Case, weights: Weights) -> tuple[tuple[str, int], ...]:
    """What one unit costs at a place, part by part."""
    worth = case.worth.get((sku, place.name), NO_WORTH)
    return (
        ("handling", weights.handling_pct * place.handling_minor * _PERCENT),
        ("shadow price", weights.shadow_pct * worth.shadow * _PERCENT),
        ("stock-out risk", weights.risk_pct * worth.risk * _PERCENT),
        ("markdown avoided", -weights.markdown_pct * worth.markdown * _PERCENT),
    )


def opening(place: Place, weights: Weights) -> tuple[tuple[str, int], ...]:
    """What it costs that a place ships at all, part by part.

    Pressure rises with the square of how far the day is beyond `capacity_from_pct`, up to `capacity_minor` when full.
    """
    used = max(
        (taken * 1_000 // most for most, taken in zip(place.capacity, place.used, strict=True) if most), default=0
    )
    free = weights.capacity_from_pct * 10
    over = min(max(used - free, 0) * 1_000 // (1_000 - free), 1_000)
    return (
        ("parcel of its own", weights.split_minor * MICRO),
        ("later day", 0 if place.offers else _waited(place, weights)),
        ("distance", place.km * weights.km_1000_minor * MICRO // 1_000),
        ("capacity", weights.capacity_minor * over * over),
        ("reliability", weights.unreliable_minor * MICRO * (_FULL_BP - place.on_time_bp) // _FULL_BP),
    )


def late(place: Place, offer: int, case: Case, weights: Weights) -> int:
    """What it costs that an offer of a place arrives after the promise; without one, that it goes on a later day."""
    latest = place.offers[offer].latest_on
    if case.promised_on is None or latest is None:
        return _waited(place, weights)
    days = max((latest - case.promised_on).days, 0)
    return min(days * weights.late_day_minor, weights.late_max_minor) * MICRO


def _waited(place: Place, weights: Weights) -> int:
    """What it costs that a place works on the order on a later day than the one at hand."""
    return min(place.later * weights.late_day_minor, weights.late_max_minor) * MICRO


def _tariff(place: Place, case: Case, rule: Rule, known: dict[tuple[object, ...], Tariff]) -> Tariff:
    """The cheapest offer at every weight, lateness included; places with the same share one."""
    lateness = tuple(late(place, k, case, rule.weights) for k in range(len(place.offers)))
    key = (tuple(offer.tariff for offer in place.offers), lateness)
    if key not in known:
        known[key] = _cheapest(place, lateness, rule.weights.shipping_pct) if place.offers else _NO_CARRIER
    return known[key]


def _cheapest(place: Place, lateness: tuple[int, ...], percent: int) -> Tariff:
    breaks = sorted({up_to for offer in place.offers for up_to in offer.tariff.breaks})
    prices = [
        min(
            offer.tariff.cost(up_to) * percent * _PERCENT + lateness[k]
            for k, offer in enumerate(place.offers)
            if up_to <= offer.tariff.parcel_g
        )
        for up_to in breaks
    ]
    for k in range(len(prices) - 2, -1, -1):  # what takes more for less takes less for no more
        prices[k] = min(prices[k], prices[k + 1])
    return Tariff(tuple(breaks), tuple(prices))


def _shared_stock(bundles: tuple[Bundle, ...], case: Case, places: tuple[Place, ...]) -> Iterable[Pool]:
    """The stock of a SKU that several bundles want, wherever it is not enough for all of them."""
    wanting: dict[str, list[tuple[int, int]]] = {}
    for i, bundle in enumerate(bundles):
        for sku, units in bundle.needs.items():
            wanting.setdefault(sku, []).append((i, units if bundle.whole else 1))
    for sku, draws in sorted(wanting.items()):
        total = sum(bundles[i].needs[sku] for i, _ in draws)
        for j, place in enumerate(places):
            there = case.stock.get(sku, {}).get(place.name, 0)
            if len(draws) > 1 and 0 < there < total:
                yield Pool(j, there, tuple(Draw(i, units) for i, units in draws))


def _room(bundles: tuple[Bundle, ...], places: tuple[Place, ...]) -> Iterable[Pool]:
    """The room of the day where the order may not fit into it."""
    lines = sum(len(bundle.lines) for bundle in bundles)
    units = sum(bundle.units for bundle in bundles)
    for j, place in enumerate(places):
        if place.capacity.lines and (room := place.capacity.lines - place.used.lines) < lines:
            yield Pool(j, room, tuple(Draw(i, 0, len(bundle.lines)) for i, bundle in enumerate(bundles)))
        if place.capacity.units and (room := place.capacity.units - place.used.units) < units:
            draws = tuple(Draw(i, bundle.units if bundle.whole else 1) for i, bundle in enumerate(bundles))
            yield Pool(j, room, draws)


def score(place: Place, taken: Mapping[str, int], weight_g: int, case: Case, rule: Rule) -> Score:
    """What a place costs if it ships these units (by SKU), part by part; parts that are nothing are left out."""
    weights = rule.weights
    parts = dict(opening(place, weights))
    for sku, units in taken.items():
        for name, cost in unit_parts(sku, place, case, weights):
            parts[name] = parts.get(name, 0) + units * cost
    paid = _tariff(place, case, rule, {}).cost(weight_g)
    tardy = _tardiness(place, weight_g, case, rule)
    shown = {"shipping": paid - tardy, "lateness": tardy, **parts}
    return Score(place.name, weight_g, tuple((name, cost) for name, cost in shown.items() if cost))


def _tardiness(place: Place, weight_g: int, case: Case, rule: Rule) -> int:
    """How much of the price of a shipment is for lateness, by the offer that its last parcel takes."""
    if not place.offers:
        return 0
    tariff = _tariff(place, case, rule, {})
    full, rest = divmod(weight_g, tariff.parcel_g)
    total = 0
    for grams, times in ((tariff.parcel_g, full), (rest, 1 if rest else 0)):
        if times:
            fitting = [k for k, offer in enumerate(place.offers) if grams <= offer.tariff.parcel_g]
            best = min(fitting, key=lambda k: (_parcel(place, k, grams, case, rule), k))
            total += times * late(place, best, case, rule.weights)
    return total


def _parcel(place: Place, offer: int, grams: int, case: Case, rule: Rule) -> int:
    paid = place.offers[offer].tariff.cost(grams) * rule.weights.shipping_pct * _PERCENT
    return paid + late(place, offer, case, rule.weights)
