"""The three carriers of the company and their rate cards. Prices and days are invented but plausible.

- `nordpost`: the post of Germany and Britain; cheap, some days.
- `kestrel`: an express house, everywhere, next days, with a daily limit from Germany.
- `cascade`: ground and two-day service inside the United States and to Canada.
"""

from datetime import date, time

from oms.shipping.model import IMPERIAL, Break, RateCard, Service, Surcharges, ZoneRate

FROM = date(2026, 1, 1)
NEAR = ("AT", "BE", "CZ", "DE", "DK", "FR", "LU", "NL", "PL")
FAR = ("CY", "EE", "ES", "FI", "GR", "HU", "IE", "IT", "LT", "LV", "MT", "PT", "SE", "SI", "SK")
BESIDE = ("CH", "GG", "IS", "JE", "NO")  # Europe outside the customs union
WORLD = ("AE", "AU", "BH", "BR", "CA", "HK", "IL", "JP", "LB", "SA", "SG", "US", "ZA")
SIX_DAYS = frozenset({0, 1, 2, 3, 4, 5})
STEPS_G = (1_000, 2_000, 5_000, 10_000, 20_000, 31_500)


def _rate(first_minor: int, per_step_minor: int, fastest: int, slowest: int) -> ZoneRate:
    """Prices that rise by the same amount from one weight step to the next."""
    breaks = (
        Break(up_to_g=grams, price_minor=first_minor + place * per_step_minor) for place, grams in enumerate(STEPS_G)
    )
    return ZoneRate(breaks=tuple(breaks), transit_days_min=fastest, transit_days_max=slowest)


def _zones(**groups: tuple[str, ...]) -> dict[str, str]:
    return {place: rate for rate, places in groups.items() for place in places}


def _nordpost(country: str, currency: str) -> RateCard:
    home = (country,)
    other = tuple(place for place in NEAR if place != country) + (("GB",) if country == "DE" else ())
    parcel = Service(
        code="parcel",
        name="Parcel",
        zones=_zones(home=home, near=other, far=FAR, beside=BESIDE, world=WORLD),
        rates={
            "home": _rate(449, 110, 1, 2),
            "near": _rate(890, 240, 2, 4),
            "far": _rate(1_190, 320, 4, 6),
            "beside": _rate(1_890, 450, 4, 7),
            "world": _rate(2_990, 990, 7, 14),
        },
        surcharges=Surcharges(fuel_bp=350, oversize_mm=1_200, oversize_minor=2_000),
        max_weight_g=31_500,
        max_side_mm=2_000,
        transit_days=SIX_DAYS,
        delivery_days=SIX_DAYS,
    )
    return RateCard(
        carrier="nordpost",
        region=country.lower(),
        valid_from=FROM,
        currency=currency,
        origins=frozenset(home),
        services=(parcel,),
        number_prefix="NP",
        holidays={country: frozenset({"2026-12-25", "2027-01-01"})},
    )


def _kestrel(country: str, currency: str) -> RateCard:
    home = (country,)
    europe = tuple(place for place in (*NEAR, *FAR, "GB") if place != country)
    outside = tuple(place for place in (*BESIDE, *WORLD) if place != country)
    express = Service(
        code="express",
        name="Express",
        zones=_zones(home=home, europe=europe, world=outside),
        rates={
            "home": _rate(1_190, 260, 1, 1),
            "europe": _rate(2_290, 520, 1, 2),
            "world": _rate(4_990, 1_400, 2, 4),
        },
        surcharges=Surcharges(fuel_bp=1_450, residential_minor=250, oversize_mm=1_200, oversize_minor=3_000),
        max_weight_g=31_500,
        max_side_mm=1_500,
        pickup_cutoff=time(18, 0),
        daily_capacity=2_000 if country == "DE" else None,
    )
    return RateCard(
        carrier="kestrel",
        region=country.lower(),
        valid_from=FROM,
        currency=currency,
        origins=frozenset(home),
        services=(express,),
        number_prefix="KX",
    )


def _cascade() -> RateCard:
    east = tuple(f"US-{digit}" for digit in "0123")
    middle = tuple(f"US-{digit}" for digit in "4567")
    surcharges = Surcharges(
        fuel_bp=1_725,
        residential_minor=595,
        remote_areas=frozenset({"US-995", "US-996", "US-997", "US-998", "US-999", "US-967", "US-968"}),
        remote_minor=3_200,
        oversize_mm=1_219,
        oversize_minor=2_800,
    )
    ground = Service(
        code="ground",
        name="Ground",
        zones=_zones(coast=east, middle=middle, west=("US",), canada=("CA",)),
        rates={
            "coast": _rate(849, 170, 2, 4),
            "middle": _rate(929, 190, 3, 5),
            "west": _rate(989, 210, 3, 5),
            "canada": _rate(1_890, 410, 4, 8),
        },
        dimensional=IMPERIAL,
        surcharges=surcharges,
        max_weight_g=31_500,
        max_side_mm=2_700,
        delivery_days=SIX_DAYS,
    )
    two_day = ground.model_copy(
        update={
            "code": "two_day",
            "name": "Two Day",
            "zones": {"US": "all"},
            "rates": {"all": _rate(1_990, 480, 2, 2)},
        }
    )
    return RateCard(
        carrier="cascade",
        region="us",
        valid_from=FROM,
        currency="USD",
        origins=frozenset({"US"}),
        services=(ground, two_day),
        number_prefix="CA",
        holidays={"US": frozenset({"2026-11-26", "2026-12-25", "2027-01-01"})},
    )


CARDS = (
    _nordpost("DE", "EUR"),
    _nordpost("GB", "GBP"),
    _kestrel("DE", "EUR"),
    _kestrel("GB", "GBP"),
    _kestrel("US", "USD"),
    _cascade(),
)
