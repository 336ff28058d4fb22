"""Who may ship an order under a rule, and what stands in the way of the others."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from oms.allocation.sourcing.model import Case, Place, Refusal, Wanted
from oms.allocation.sourcing.strategy import Constraint, Rule, Traits


class Candidates(NamedTuple):
    """Places that may ship; the lines (by number) that one of them may not; and why the others are out."""

    places: tuple[Place, ...]
    barred: Mapping[str, frozenset[int]]
    refusals: tuple[Refusal, ...]


def traits_of(case: Case) -> Traits:
    """What rules are matched against."""
    skus = {line.sku for line in case.lines} | case.others[0]
    classes = {name for line in case.lines for name in line.classes} | case.others[1]
    return Traits(case.channel, case.order_class, skus, classes, f"{case.country}-{case.area}")


def candidates(case: Case, rule: Rule, dropped: Collection[str] = ()) -> Candidates:
    """Every place in one of two lists: those that may ship, and those with what refused them.

    `dropped` soft constraints refuse nobody. Blocked and excluded places are out under every rule.
    """
    active = [name for name in (*rule.hard, *rule.soft) if name not in dropped]
    places: list[Place] = []
    barred: dict[str, frozenset[int]] = {}
    refusals: list[Refusal] = []
    for place in sorted(case.places, key=lambda place: (place.km, place.name)):
        refused = _refusal(place, case, rule, active)
        if refused is not None:
            refusals.append(refused)
            continue
        lines = {line.number: need for line in case.lines if (need := _lacks(place, line, rule, active))}
        refusals += [Refusal(place.name, "capability", f"lacks {need}", number) for number, need in lines.items()]
        barred[place.name] = frozenset(lines)
        places.append(place)
    return Candidates(tuple(places), barred, tuple(refusals))


def _refusal(place: Place, case: Case, rule: Rule, active: Collection[Constraint]) -> Refusal | None:
    if place.blocked:
        return Refusal(place.name, "blocked", "is blocked")
    if place.name in case.excluded:
        return Refusal(place.name, "excluded", "refused this order before, or is not to be asked")
    if not any(case.stock.get(line.sku, {}).get(place.name, 0) > 0 for line in case.lines):
        return Refusal(place.name, "stock", "has none of it")
    if beyond := _beyond_split(place, case, rule):
        return Refusal(place.name, "split", beyond)
    for constraint in active:
        why = _CHECKS[constraint](place, case, rule)
        if why:
            return Refusal(place.name, constraint, why)
    return None


def _beyond_split(place: Place, case: Case, rule: Rule) -> str | None:
    """Why the order may not be split further: what it ships already counts."""
    split, parcels = rule.split, sum(case.ships.values())
    if split.max_parcels is not None and parcels >= split.max_parcels:
        return f"may send no further parcel of the order, which has its {split.max_parcels}"
    most, others = split.most_locations, sorted(case.ships.keys() - {place.name})
    if most is None or place.name in case.ships or len(others) < most:
        return None
    return f"would be one more than the {most} location(s) that may ship it, which are {', '.join(others)}"


def _lacks(place: Place, line: Wanted, rule: Rule, active: Collection[Constraint]) -> str | None:
    if "capability" not in active:
        return None
    needed = [rule.filters.capabilities[name] for name in sorted(line.classes) if name in rule.filters.capabilities]
    return next((need for need in needed if need not in place.capabilities), None)


def _network(place: Place, _: Case, rule: Rule) -> str | None:
    wanted = rule.filters.networks
    return None if not wanted or place.networks & set(wanted) else f"is in none of {', '.join(wanted)}"


def _country(place: Place, _: Case, rule: Rule) -> str | None:
    wanted = rule.filters.countries
    return None if not wanted or place.country in wanted else f"is in {place.country}"


def _distance(place: Place, _: Case, rule: Rule) -> str | None:
    limit = rule.filters.max_km
    return None if limit is None or place.km <= limit else f"is {place.km} km away, the limit is {limit}"


def _hours(place: Place, _: Case, __: Rule) -> str | None:
    return None if place.open else "does not work any more today"


def _capacity(place: Place, _: Case, __: Rule) -> str | None:
    for kind, limit, used in zip(("orders", "lines", "units"), place.capacity, place.used, strict=True):
        if limit and used >= limit:
            return f"has its {limit} {kind} of the day"
    return None


def _carrier(place: Place, _: Case, __: Rule) -> str | None:
    return None if place.offers else "has no carrier that goes there"


def _promise(place: Place, case: Case, _: Rule) -> str | None:
    if case.promised_on is None or not place.offers:
        return None
    days = [offer.latest_on for offer in place.offers if offer.latest_on is not None]
    if not days or min(days) <= case.promised_on:
        return None
    return f"arrives on {min(days)}, promised was {case.promised_on}"


def _nothing(_: Place, __: Case, ___: Rule) -> str | None:
    """What a place can do is asked line by line."""
    return None


_CHECKS = {
    "network": _network,
    "country": _country,
    "distance": _distance,
    "capability": _nothing,
    "hours": _hours,
    "capacity": _capacity,
    "carrier": _carrier,
    "promise": _promise,
}
