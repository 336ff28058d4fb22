"""What stock is worth where: demand to come, the linear program over it, and the dated lists of prices.

A price is the opportunity cost of one unit of a SKU at a location: by how much serving all later demand gets dearer
when the unit is gone (the shadow price of the stock; Acimovic and Graves 2015, Jasin and Sinha 2015). In whole minor
units of the currency in which rate cards are kept.
"""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.inventory.model import PositionKey

# Not a location: where units go that no location ships now. Its supply is endless, its lane the dearest.
WAITING = ""


class Basket(NamedTuple):
    """Units that are ordered together for one region: `units` by SKU, sorted.

    `lines` is how many SKUs the whole order has; where a basket is a part of one, it bears its part of the parcel.
    """

    units: tuple[tuple[str, int], ...]
    region: str
    lines: int


class Lane(NamedTuple):
    """What it costs from one location to one region: once for the parcel, and by weight."""

    parcel_minor: float
    kilo_minor: float

    def unit_minor(self, weight_g: int) -> float:
        return self.kilo_minor * weight_g / 1000


Demand = Mapping[Basket, float]  # orders that are expected over the horizon: a statistic, so a fraction
Lanes = Mapping[tuple[str, str], Lane]  # (location, region)


class Market(NamedTuple):
    """Everything the prices follow from. `supply` counts what can be taken and what comes in within the horizon."""

    demand: Demand
    supply: Mapping[PositionKey, int]
    lanes: Lanes
    weights_g: Mapping[str, int]


class Plan(NamedTuple):
    """From which place each SKU of a basket comes, and what that costs: parcels and weight."""

    cost: float
    places: tuple[str, ...]


class Prices(NamedTuple):
    """What serving all demand costs at the least, and what a unit is worth where it is worth something."""

    cost: float
    by_position: dict[PositionKey, int]


class Program(NamedTuple):
    """A linear program as data: minimise `costs` over columns ≥ 0, each row between its bounds.

    Row `r` has the entries `starts[r]` to `starts[r + 1]` of `columns` and `values`. `supply_rows` says which row
    limits which position: the dual of such a row is the position's price.
    """

    costs: list[float]
    lower: list[float]
    upper: list[float]
    starts: list[int]
    columns: list[int]
    values: list[float]
    supply_rows: dict[PositionKey, int]


class Solution(NamedTuple):
    """The optimum, and by how much it changes with each row's bound."""

    objective: float
    duals: list[float]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CountedBasket(_Kept):
    """So many orders of the same units to the same region."""

    units: tuple[tuple[str, int], ...]
    region: str
    orders: Annotated[int, Field(gt=0)]


class CountedDemand(_Kept):
    """Part of what was ordered within an hour."""

    baskets: tuple[CountedBasket, ...] = ()


class PriceList(_Kept):
    """A dated list of prices: complete, never changed, and good `until` its horizon ends. `shards` hold them."""

    version: str
    as_of: str
    until: str
    shards: tuple[int, ...] = ()


class PriceShard(_Kept):
    """The prices above zero of some SKUs, by SKU and location."""

    prices: Mapping[str, Mapping[str, int]] = {}


class CountReport(_Kept):
    """One run of the counting: hours that are counted now, and hours of the window that still are not."""

    hours: int = 0
    orders: int = 0
    missing: int = 0


class PricingReport(_Kept):
    """One run of the pricing. `failed` groups kept their former prices."""

    version: str | None = None
    days: int = 0
    baskets: int = 0
    groups: int = 0
    priced: int = 0
    failed: int = 0
    slowest_ms: int = 0
    solving_ms: int = 0
