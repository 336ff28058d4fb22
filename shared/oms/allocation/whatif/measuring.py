"""What a plan costs in money that is paid, in distance and in days: the same yardstick for both courses. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oms.allocation.sourcing.model import Case, Offer, Place
from oms.allocation.sourcing.strategy import Weights
from oms.allocation.whatif.model import Tally


class Taken(NamedTuple):
    """Units of a line from a location."""

    number: int
    location: str
    units: int


class _Parcel(NamedTuple):
    price_minor: int
    late_days: int


def measured(case: Case, taken: Iterable[Taken], weights: Weights) -> Tally:
    """What the plan comes to; units that it leaves over are short.

    Of a location's services each parcel takes the one that is cheapest with what `weights` say a late day costs.
    """
    by_place: dict[str, dict[int, int]] = {}
    for one in taken:
        lines = by_place.setdefault(one.location, {})
        lines[one.number] = lines.get(one.number, 0) + one.units
    places = {place.name: place for place in case.places}
    tally = Tally()
    latest = 0
    for name, lines in sorted(by_place.items()):
        if name in places:
            part, late_days = _shipment(case, places[name], lines, weights)
            tally, latest = tally.plus(part), max(latest, late_days)
    wanted = sum(line.units for line in case.lines)
    short = wanted - sum(sum(lines.values()) for lines in by_place.values())
    own = Tally(
        orders=1,
        units=wanted,
        late=latest > 0,
        late_days=latest,
        split=len(by_place) > 1,
        short=short > 0,
        short_units=short,
    )
    return tally.plus(own)


def _shipment(case: Case, place: Place, lines: Mapping[int, int], weights: Weights) -> tuple[Tally, int]:
    grams = {line.number: line.weight_g for line in case.lines}
    weight_g = sum(units * grams[number] for number, units in lines.items())
    parcels = _parcels(case, place, weight_g, weights)
    tally = Tally(
        shipping_minor=sum(parcel.price_minor for parcel in parcels),
        handling_minor=place.handling_minor * sum(lines.values()),
        parcels=max(len(parcels), 1),
        parcel_km=place.km * max(len(parcels), 1),
    )
    return tally, max((parcel.late_days for parcel in parcels), default=0)


def _parcels(case: Case, place: Place, weight_g: int, weights: Weights) -> list[_Parcel]:
    """The shipment in parcels as heavy as any service takes; none where no carrier goes."""
    if not place.offers:
        return []
    most = max(offer.tariff.parcel_g for offer in place.offers)
    full, rest = divmod(weight_g, most)
    return [_cheapest(case, place, grams, weights) for grams in (*[most] * full, *([rest] if rest else []))]


def _cheapest(case: Case, place: Place, grams: int, weights: Weights) -> _Parcel:
    fitting = [_parcel(case, offer, grams) for offer in place.offers if grams <= offer.tariff.parcel_g]
    return min(fitting, key=lambda one: one.price_minor + _lateness(one, weights))


def _lateness(parcel: _Parcel, weights: Weights) -> int:
    return min(parcel.late_days * weights.late_day_minor, weights.late_max_minor)


def _parcel(case: Case, offer: Offer, grams: int) -> _Parcel:
    late = (offer.latest_on - case.promised_on).days if offer.latest_on and case.promised_on else 0
    return _Parcel(offer.tariff.cost(grams), max(late, 0))
