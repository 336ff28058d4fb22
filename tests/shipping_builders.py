"""A small world for shipping: two locations, three carriers with easy numbers."""

from datetime import UTC, date, datetime, time
from typing import Any

from oms.reference.model import Item, Location
from oms.shipping.model import Break, RateCard, Service, Size, Surcharges, ZoneRate

MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # 12:00 in Berlin


def location(place: str = "ber-1", country: str = "DE", zone: str = "Europe/Berlin", **changes: Any) -> Location:
    return Location(
        id=place,
        name=changes.pop("name", "Berlin"),
        country=country,
        postal_code="10115",
        latitude=changes.pop("latitude", 52.5),
        longitude=changes.pop("longitude", 13.4),
        time_zone=zone,
        **changes,
    )


def rate(*prices: tuple[int, int], days: tuple[int, int] = (1, 2)) -> ZoneRate:
    """Prices as (up to grams, minor units)."""
    return ZoneRate(
        breaks=tuple(Break(up_to_g=grams, price_minor=price) for grams, price in prices),
        transit_days_min=days[0],
        transit_days_max=days[1],
    )


def service(code: str = "standard", **changes: Any) -> Service:
    values: dict[str, Any] = {
        "code": code,
        "name": code.title(),
        "zones": {"DE": "home", "FR": "near"},
        "rates": {"home": rate((1_000, 400), (5_000, 600), (31_500, 900)), "near": rate((31_500, 1_500), days=(3, 4))},
        "max_weight_g": 31_500,
        "max_side_mm": 1_200,
    }
    return Service.model_validate({**values, **changes})


def card(carrier: str = "swift_post", *services: Service, **changes: Any) -> RateCard:
    values: dict[str, Any] = {
        "carrier": carrier,
        "region": "eu",
        "valid_from": date(2026, 1, 1),
        "currency": "EUR",
        "origins": frozenset({"DE"}),
        "services": services or (service(),),
        "number_prefix": "".join(part[0] for part in f"{carrier}_x".split("_"))[:2].upper(),
    }
    return RateCard.model_validate({**values, **changes})


def size(weight_g: int = 900, *sides: int) -> Size:
    length, width, height = sides or (200, 100, 100)
    return Size(weight_g=weight_g, length_mm=length, width_mm=width, height_mm=height)


def item(sku: str = "MUG-1", weight_g: int = 400, sides: tuple[int, int, int] = (120, 100, 100)) -> Item:
    return Item(
        sku=sku, name=f"Item {sku}", weight_g=weight_g, length_mm=sides[0], width_mm=sides[1], height_mm=sides[2]
    )


ECONOMY = service("economy", rates={"home": rate((31_500, 300), days=(3, 5)), "near": rate((31_500, 900), days=(6, 9))})
EXPRESS = service(
    "express",
    rates={"home": rate((31_500, 1_900), days=(1, 1)), "near": rate((31_500, 3_900), days=(1, 1))},
    surcharges=Surcharges(fuel_bp=1_000),
    pickup_cutoff=time(18, 0),
    daily_capacity=2,
)
CARDS = (card("swift_post", ECONOMY, service()), card("meridian_express", EXPRESS))
