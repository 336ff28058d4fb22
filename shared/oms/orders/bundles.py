"""Bundles: one line that is sold as a whole and lies on the shelf in parts. Pure.

A line of a bundle keeps its components as they were when it was sold; nothing but stock looks into them. Orders,
fulfillment orders, parcels and prices count bundles.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

Components = tuple[tuple[str, int], ...]  # (SKU, units in one bundle)
Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units that may be taken


class OfSku(Protocol):
    """A line of an order or of a fulfillment order."""

    @property
    def sku(self) -> str: ...
    @property
    def components(self) -> Components: ...


def on_the_shelf(line: OfSku, units: int) -> dict[str, int]:
    """What so many units of a line are on the shelf: units by SKU."""
    if not line.components:
        return {line.sku: units}
    return {sku: each * units for sku, each in line.components}


def shelf_skus(lines: Iterable[OfSku]) -> set[str]:
    """The SKUs that lie on shelves for these lines."""
    return {sku for line in lines for sku in on_the_shelf(line, 1)}


def whole_bundles(components: Components, stock: Stock) -> dict[str, int]:
    """How many bundles each location can make: the minimum of its components."""
    places = set.intersection(*(set(stock.get(sku, {})) for sku, _ in components))
    return {place: max(min(stock[sku][place] // each for sku, each in components), 0) for place in places}


def with_bundles(stock: Stock, bundles: Mapping[str, Components]) -> dict[str, dict[str, int]]:
    """The stock with bundles beside what they are made of."""
    made = {sku: whole_bundles(components, stock) for sku, components in bundles.items()}
    return {**{sku: dict(places) for sku, places in stock.items()}, **made}
