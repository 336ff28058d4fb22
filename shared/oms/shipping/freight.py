"""What a parcel would cost from a location, by weight, before anybody has packed one: for whoever chooses locations."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from oms.reference.model import Location
from oms.shipping.model import Lane, RateCard, Service, Size, ZoneRate
from oms.shipping.rules import quote, rate_for, window_of

_FLAT_MM = 1  # a side that makes no dimensional weight: who asks counts it in


class FreightOffer(NamedTuple):
    """One service from one location: total prices by weight step in minor units, and the latest day of delivery."""

    label: str
    steps: tuple[tuple[int, int], ...]
    latest_on: date


def freight_offers(cards: Iterable[RateCard], location: Location, lane: Lane, at: datetime) -> tuple[FreightOffer, ...]:
    """Every service that can be counted on from here, in the currency of the first card.

    Services with a daily capacity are left out: a choice of locations must not depend on what others ship meanwhile.
    """
    local = sorted((card for card in cards if location.country in card.origins), key=lambda card: card.key)
    offers: list[FreightOffer] = []
    for card in local:
        for service in card.services if card.currency == local[0].currency else ():
            rate = rate_for(service, lane)
            if rate is None or service.daily_capacity is not None:
                continue
            window = window_of(card, service, rate, location, lane, at)
            steps = _steps(service, rate, lane)
            if steps and card.valid_on(window.ship_on):
                offers.append(FreightOffer(f"{card.carrier}/{service.code}", steps, window.latest_on))
    return tuple(offers)


def _steps(service: Service, rate: ZoneRate, lane: Lane) -> tuple[tuple[int, int], ...]:
    steps: list[tuple[int, int]] = []
    for step in rate.breaks:
        grams = min(step.up_to_g, service.max_weight_g)
        if not steps or grams > steps[-1][0]:
            size = Size(weight_g=grams, length_mm=_FLAT_MM, width_mm=_FLAT_MM, height_mm=_FLAT_MM)
            steps.append((grams, max(quote(service, rate, size, lane).total_minor, steps[-1][1] if steps else 0)))
    return tuple(steps)
