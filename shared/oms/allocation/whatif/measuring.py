"""What a plan costs in money that is paid, in distance and in days: the same yardstick for both courses. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from oms.allocation.rules import Take, shares_of
from oms.allocation.sourcing.model import Case, Offer, Place
from oms.allocation.sourcing.strategy import Weights
from oms.allocation.whatif.model import Tally


class Shipping(NamedTuple):
    """What ships from where, and the cases that it was decided from: one for each group of lines."""

    cases: tuple[Case, ...]
    takes: Sequence[Take]

    @property
    def places(self) -> dict[str, Place]:
        return {place.name: place for case in self.cases for place in case.places}

    @property
    def grams(self) -> dict[tuple[int, str], int]:
        """What a unit weighs, by line and SKU: a substitute weighs something else."""
        return {(line.number, line.sku): line.weight_g for case in self.cases for line in case.lines}


class _Parcel(NamedTuple):
    price_minor: int
    late_days: int


def measured(shipping: Shipping, wanted: int, weights: Weights) -> Tally:
    """What the plan comes to; units of those `wanted` that it leaves over are short.

    Of a location's services each parcel takes the one that is cheapest with what `weights` say a late day costs.
    """
    places, latest, tally = shipping.places, 0, Tally()
    shares = shares_of(shipping.takes)
    for name, takes in shares:
        if name in places:
            part, late_days = _shipment(shipping, places[name], takes, weights)
            tally, latest = tally.plus(part), max(latest, late_days)
    short = wanted - sum(take.quantity for take in shipping.takes)
    own = Tally(
        orders=1,
        units=wanted,
        late=latest > 0,
        late_days=latest,
        split=len({name for name, _ in shares}) > 1,
        short=short > 0,
        short_units=short,
    )
    return tally.plus(own)


def _shipment(shipping: Shipping, place: Place, takes: Sequence[Take], weights: Weights) -> tuple[Tally, int]:
    case, grams = shipping.cases[0], shipping.grams
    weight_g = sum(take.quantity * grams[take.number, take.sku] for take in takes)
    parcels = _parcels(case, place, weight_g, weights)
    tally = Tally(
        shipping_minor=sum(parcel.price_minor for parcel in parcels),
        handling_minor=place.handling_minor * sum(take.quantity for take in takes),
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
