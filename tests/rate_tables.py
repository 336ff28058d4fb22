"""Published price tables of carriers, from the folder of real data, as tariffs."""

import csv
from decimal import Decimal
from itertools import pairwise

from oms.allocation.sourcing.network import MICRO, Tariff
from tests.shared_data import shared_path

CARRIERS = ("gls", "usps", "sendle", "australiapost", "canadapost", "purolator")
_STEPS = 3  # fewer are no table
_GRAMS = 1_000


def tariffs() -> list[Tariff]:
    """One per service and zone whose prices rise with weight; empty when the data is not here.

    Weights are kilograms or pounds as the carrier has them; what matters here is the shape of the steps.
    """
    found: list[Tariff] = []
    for carrier in CARRIERS:
        path = shared_path(
            "3_carriers", "given", "service_tables", carrier, "karrio", "providers", carrier, "services.csv"
        )
        if path is not None:
            found += _read(list(csv.DictReader(path.read_text().splitlines())))
    return found


def _read(rows: list[dict[str, str]]) -> list[Tariff]:
    steps: dict[tuple[str, str], dict[int, int]] = {}
    for row in rows:
        if Decimal(row.get("rate") or 0) > 0 and row.get("max_weight"):
            zone = steps.setdefault((row["service_code"], row["zone_label"]), {})
            zone[round(Decimal(row["max_weight"]) * _GRAMS)] = round(Decimal(row["rate"]) * 100) * MICRO
    tables = [sorted(zone.items()) for zone in steps.values()]
    return [
        Tariff(tuple(grams for grams, _ in table), tuple(price for _, price in table))
        for table in tables
        if len(table) >= _STEPS and all(low <= high for (_, low), (_, high) in pairwise(table))
    ]
