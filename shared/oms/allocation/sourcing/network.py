"""A sourcing problem with every price on it: what the solvers see. Integers only, in millionths of the minor unit.

Sources and pieces are known by their place in the network. Whoever builds one sorts them, so that the order in which
an order's lines or the company's locations happen to come does not matter.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a shipment costs by weight: `prices[k]` up to `breaks[k]` grams, never falling.

    Beyond the last break it travels as several parcels: full ones and the rest.
    """

    breaks: tuple[int, ...]
    prices: tuple[int, ...]

    @property
    def parcel_g(self) -> int:
        return self.breaks[-1]

    def cost(self, weight_g: int) -> int:
        """What a shipment of that weight costs; nothing for no weight."""
        if weight_g <= 0:
            return 0
        if weight_g <= self.breaks[-1]:
            return self.prices[bisect_left(self.breaks, weight_g)]
        full, rest = divmod(weight_g, self.breaks[-1])
        return full * self.prices[-1] + (self.prices[bisect_left(self.breaks, rest)] if rest else 0)

    def parcels(self, weight_g: int) -> int:
        """How many parcels that are."""
        return -(-weight_g // self.breaks[-1])


class Option(NamedTuple):
    """Units of a piece that a source may give, at a price per unit that does not depend on anything else."""

    source: int
    cost: int
    limit: int


class Piece(NamedTuple):
    """What is decided together. A piece of one unit goes whole; of several, any split of its units will do.

    `wait` is what a unit costs that nobody ships now.
    """

    units: int
    weight_g: int
    wait: int
    options: tuple[Option, ...]


class Source(NamedTuple):
    """A location as this order meets it: `fixed` is paid once it ships anything."""

    name: str
    fixed: int
    tariff: Tariff


class Draw(NamedTuple):
    """What a piece takes from a pool: so much per unit, and so much once it takes anything."""

    piece: int
    per_unit: int
    once: int = 0


class Pool(NamedTuple):
    """What pieces share at a source: the stock of a SKU that is in several of them, or the room of the day."""

    source: int
    room: int
    draws: tuple[Draw, ...]


class Network(NamedTuple):
    """One order, priced."""

    pieces: tuple[Piece, ...]
    sources: tuple[Source, ...]
    pools: tuple[Pool, ...] = ()
    max_sources: int | None = None
    max_parcels: int | None = None


Takes = tuple[tuple[tuple[int, int], ...], ...]  # by piece: (source, units), the rest waits


class Answer(NamedTuple):
    """A plan, what it costs, and the bound: no plan costs less. `proven`: cost and bound are the same."""

    takes: Takes
    cost: int
    bound: int
    steps: int

    @property
    def proven(self) -> bool:
        return self.cost == self.bound


def above_pct(cost: int, bound: int) -> str | None:
    """How much a plan is above what is proven, at the most: per cent, a decimal, rounded up. None: no such thing."""
    if bound <= 0:
        return None
    tenths = -(-(cost - bound) * 1_000 // bound)
    return f"{tenths // 10}.{tenths % 10}"


def loads(network: Network, takes: Iterable[tuple[tuple[int, int], ...]]) -> dict[int, int]:
    """Grams by source."""
    weights: dict[int, int] = {}
    for piece, parts in zip(network.pieces, takes, strict=True):
        for source, units in parts:
            weights[source] = weights.get(source, 0) + units * piece.weight_g
    return weights


def cost_of(network: Network, takes: Takes) -> int:
    """The objective: units at their source, sources that are used, their parcels, and the units that wait."""
    total = 0
    for piece, parts in zip(network.pieces, takes, strict=True):
        prices = {option.source: option.cost for option in piece.options}
        total += sum(units * prices[source] for source, units in parts)
        total += (piece.units - sum(units for _, units in parts)) * piece.wait
    for source, weight_g in loads(network, takes).items():
        total += network.sources[source].fixed + network.sources[source].tariff.cost(weight_g)
    return total


def allowed(network: Network, takes: Takes) -> bool:
    """Whether a plan takes no more than there is, and keeps to every limit."""
    for piece, parts in zip(network.pieces, takes, strict=True):
        limits = {option.source: option.limit for option in piece.options}
        if any(not 0 < units <= limits.get(source, 0) for source, units in parts):
            return False
        if sum(units for _, units in parts) > piece.units or len({source for source, _ in parts}) < len(parts):
            return False
    weights = loads(network, takes)
    if network.max_sources is not None and len(weights) > network.max_sources:
        return False
    if network.max_parcels is not None:
        parcels = sum(network.sources[source].tariff.parcels(weight) for source, weight in weights.items())
        if parcels > network.max_parcels:
            return False
    return all(drawn(pool, takes) <= pool.room for pool in network.pools)


def drawn(pool: Pool, takes: Takes) -> int:
    """What a plan takes from a pool."""
    total = 0
    for draw in pool.draws:
        units = sum(units for source, units in takes[draw.piece] if source == pool.source)
        total += units * draw.per_unit + (draw.once if units else 0)
    return total
