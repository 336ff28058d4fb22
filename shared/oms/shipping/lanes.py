"""What a parcel between a location and a region costs, by the carriers' tables, as a straight line of its weight."""

from collections.abc import Iterable
from datetime import date

from oms.reference.model import Location
from oms.shipping.model import Lane, RateCard, Size
from oms.shipping.rules import quote, rate_for, refusal

_LIGHT_G, _HEAVY_G = 500, 5_000
_SIDES = {"length_mm": 200, "width_mm": 150, "height_mm": 100}  # not above 600 g of dimensional weight


def lane_cost(cards: Iterable[RateCard], location: Location, lane: Lane, on: date) -> tuple[int, int] | None:
    """The cheapest service's price of a parcel without weight, and per kilogram, in minor units; None: nobody goes.

    The line through a parcel of 500 g and one of 5 kg. What is too light or too heavy for it is not far off: the lines
    are compared with one another, not billed.
    """
    known = [card for card in cards if card.valid_on(on) and location.country in card.origins]
    light, heavy = _cheapest(known, lane, _LIGHT_G), _cheapest(known, lane, _HEAVY_G)
    if light is None:
        return None
    kilo = round((heavy - light) * 1000 / (_HEAVY_G - _LIGHT_G)) if heavy is not None else 0
    return max(light - kilo * _LIGHT_G // 1000, 0), max(kilo, 0)


def _cheapest(cards: Iterable[RateCard], lane: Lane, weight_g: int) -> int | None:
    size = Size(weight_g=weight_g, **_SIDES)
    prices = [
        quote(service, rate, size, lane).total_minor
        for card in cards
        for service in card.services
        if (rate := rate_for(service, lane)) is not None and refusal(service, rate, [size]) is None
    ]
    return min(prices, default=None)
