"""The rate cards of the sample company: three carriers from Germany, Great Britain and the United States.

Prices are invented, in euro cents (the company settles with its carriers in euro); the shapes are those of real cards:
zones, weight breaks, dimensional weight, fuel, residential, remote and oversize surcharges, cut-offs, capacity.
"""

from datetime import date, time, timedelta

from oms.shipping.model import Break, Dimensional, RateCard, Service, Shipper, Surcharges, ZoneRate

SHIPPER = Shipper(gs1_prefix="9521234")
CURRENCY = "EUR"
_FROM, _CHANGE = date(2025, 1, 1), date(2027, 1, 1)
_MONDAY_TO_SATURDAY = frozenset({0, 1, 2, 3, 4, 5})
_HOLIDAYS = {
    "DE": frozenset({"2026-12-25", "2026-12-26", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-01"}),
    "GB": frozenset({"2026-12-25", "2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03"}),
    "US": frozenset({"2026-11-26", "2026-12-25", "2027-01-01", "2027-01-18", "2027-05-31", "2027-07-05"}),
}

EU = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
NEAR_EU = ("CH", "NO", "IS", "LI", "MC", "SM", "AD", "GI", "FO", "GG", "JE", "IM", "RS", "UA", "TR")
AMERICAS = ("CA", "MX", "BR", "AR", "CL", "CO", "PE", "PR")
REST = (
    "AE", "AU", "BH", "HK", "IL", "IN", "JP", "KR", "KW", "LB", "MY", "NG", "NZ", "OM", "QA", "SA", "SG", "TH", "TW",
    "ZA", "CN",
)  # fmt: skip
_REMOTE = frozenset({
    "GB-IV", "GB-HS", "GB-KW", "GB-ZE", "GB-BT", "ES-35", "ES-38", "PT-9", "FR-20", "GR-85", "US-995", "US-996",
    "US-997", "US-998", "US-999", "US-967", "US-968", "IT-98", "FI-99",
})  # fmt: skip

_PARCEL_KG = (1, 2, 5, 10, 20, 31)
_FREIGHT_KG = (30, 50, 100, 250, 500, 1000)


def _rate(
    first_minor: int, per_step_minor: int, days: tuple[int, int], kilos: tuple[int, ...] = _PARCEL_KG
) -> ZoneRate:
    """A price for the first weight break and the same step more for each further one (domain 2.3, rate fallback)."""
    breaks = tuple(
        Break(up_to_g=kilo * 1000, price_minor=first_minor + place * per_step_minor) for place, kilo in enumerate(kilos)
    )
    return ZoneRate(breaks=breaks, transit_days_min=days[0], transit_days_max=days[1])


def _zones(home: str) -> dict[str, str]:
    """Places by zone as seen from a country: home, europe, near, america, world."""
    zones = dict.fromkeys(REST, "world") | dict.fromkeys(AMERICAS, "america") | dict.fromkeys(NEAR_EU, "near")
    zones |= dict.fromkeys((*EU, "GB"), "europe") | {"US": "america"}
    return zones | {home: "home"}


def _american_zones() -> dict[str, str]:
    zones = dict.fromkeys((*EU, *NEAR_EU, *REST, "GB"), "world") | dict.fromkeys(AMERICAS, "america")
    return zones | {"US": "home", "CA": "near", "MX": "near", "PR": "home"}


def _swift_post(region: str, origins: frozenset[str], zones: dict[str, str]) -> RateCard:
    """Until the end of 2026; `_swift_post_from_2027` follows."""
    far = region == "us"
    surcharges = Surcharges(
        fuel_bp=725, remote_areas=_REMOTE, remote_minor=690, oversize_mm=1_000, oversize_minor=1_250
    )
    economy = {
        "home": _rate(379, 110, (2, 4) if not far else (3, 6)),
        "europe": _rate(890, 240, (4, 7)),
        "near": _rate(1190, 310, (5, 8)),
        "america": _rate(1590, 620, (8, 13)),
        "world": _rate(1790, 690, (9, 15)),
    }
    standard = {
        "home": _rate(520, 130, (1, 2) if not far else (2, 4)),
        "europe": _rate(1290, 290, (2, 4)),
        "near": _rate(1690, 360, (3, 5)),
        "america": _rate(2390, 820, (5, 8)),
        "world": _rate(2690, 910, (6, 9)),
    }
    common = {
        "zones": zones,
        "surcharges": surcharges,
        "max_weight_g": 31_500,
        "max_side_mm": 1_200,
        "delivery_days": _MONDAY_TO_SATURDAY,
        "dimensional": Dimensional(divisor=6_000),
    }
    return RateCard(
        carrier="swift_post",
        region=region,
        valid_from=_FROM,
        valid_until=_CHANGE - timedelta(days=1),
        currency=CURRENCY,
        origins=origins,
        services=(
            Service(code="economy", name="Swift Post Economy", rates=economy, pickup_cutoff=time(17, 0), **common),
            Service(code="standard", name="Swift Post Standard", rates=standard, pickup_cutoff=time(16, 30), **common),
        ),
        holidays=_HOLIDAYS,
        number_prefix="SW",
    )


def _swift_post_from_2027(region: str, origins: frozenset[str], zones: dict[str, str]) -> RateCard:
    """The same with 4 % on every price and a higher fuel index."""
    old = _swift_post(region, origins, zones)
    services = tuple(
        service.model_copy(
            update={
                "rates": {zone: _dearer(rate) for zone, rate in service.rates.items()},
                "surcharges": service.surcharges.model_copy(update={"fuel_bp": 790}),
            }
        )
        for service in old.services
    )
    return old.model_copy(update={"valid_from": _CHANGE, "valid_until": None, "services": services})


def _dearer(rate: ZoneRate) -> ZoneRate:
    breaks = tuple(
        Break(up_to_g=step.up_to_g, price_minor=(step.price_minor * 104 + 50) // 100) for step in rate.breaks
    )
    return rate.model_copy(update={"breaks": breaks})


def _meridian_express(region: str, origins: frozenset[str], zones: dict[str, str]) -> RateCard:
    rates = {
        "home": _rate(1190, 240, (1, 1)),
        "europe": _rate(2490, 480, (1, 2)),
        "near": _rate(2890, 560, (1, 2)),
        "america": _rate(3990, 990, (2, 3)),
        "world": _rate(4490, 1090, (2, 4)),
    }
    express = Service(
        code="express",
        name="Meridian Express Worldwide",
        zones=zones,
        rates=rates,
        surcharges=Surcharges(
            fuel_bp=1850, residential_minor=350, remote_areas=_REMOTE, remote_minor=1_900, oversize_g=25_000,
            oversize_minor=2_000,
        ),
        max_weight_g=31_500,
        max_side_mm=1_200,
        pickup_cutoff=time(18, 0),
        pickup_days=_MONDAY_TO_SATURDAY,
        transit_days=_MONDAY_TO_SATURDAY,
        delivery_days=_MONDAY_TO_SATURDAY,
        daily_capacity=120,
    )  # fmt: skip
    return RateCard(
        carrier="meridian_express",
        region=region,
        valid_from=_FROM,
        currency=CURRENCY,
        origins=origins,
        services=(express,),
        holidays=_HOLIDAYS,
        number_prefix="ME",
    )


def _hauler_freight(region: str, origins: frozenset[str], zones: dict[str, str]) -> RateCard:
    rates = {
        "home": _rate(4900, 2900, (2, 4), _FREIGHT_KG),
        "europe": _rate(8900, 6900, (4, 8), _FREIGHT_KG),
        "near": _rate(11900, 8900, (5, 10), _FREIGHT_KG),
        "america": _rate(24900, 19900, (15, 30), _FREIGHT_KG),
        "world": _rate(28900, 22900, (18, 36), _FREIGHT_KG),
    }
    freight = Service(
        code="pallet",
        name="Hauler Freight Pallet",
        zones=zones,
        rates=rates,
        dimensional=Dimensional(divisor=3_003),  # road groupage: 333 kg per cubic metre
        surcharges=Surcharges(fuel_bp=980, residential_minor=1_900, remote_areas=_REMOTE, remote_minor=4_500),
        max_weight_g=1_000_000,
        max_side_mm=2_400,
        pickup_cutoff=time(12, 0),
        daily_capacity=40,
    )
    return RateCard(
        carrier="hauler_freight",
        region=region,
        valid_from=_FROM,
        currency=CURRENCY,
        origins=origins,
        services=(freight,),
        holidays=_HOLIDAYS,
        number_prefix="HF",
    )


_REGIONS = (
    ("eu", frozenset({"DE"}), _zones("DE")),
    ("gb", frozenset({"GB"}), _zones("GB")),
    ("us", frozenset({"US"}), _american_zones()),
)
RATE_CARDS: list[RateCard] = [
    make(region, origins, zones)
    for make in (_swift_post, _swift_post_from_2027, _meridian_express, _hauler_freight)
    for region, origins, zones in _REGIONS
]
