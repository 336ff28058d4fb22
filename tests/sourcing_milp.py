"""The same sourcing problem as a mixed-integer program for HiGHS: written apart from our solver, to check it."""

from collections.abc import Mapping, Sequence

import highspy

from oms.allocation.prices.solver import Silent
from oms.allocation.sourcing.network import Network, Piece, Pool, Takes


class Model:
    """Collects columns and rows, and hands them to the solver."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.highs = Silent()
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.setOptionValue("mip_abs_gap", 0.0)
        self.highs.setOptionValue("threads", 1)
        self.columns = 0

    def column(self, most: float, cost: int) -> int:
        self.highs.addCol(cost / self.scale, 0.0, most, 0, [], [])
        self.highs.changeColIntegrality(self.columns, highspy.HighsVarType.kInteger)
        self.columns += 1
        return self.columns - 1

    def row(self, least: float, most: float, terms: dict[int, float]) -> None:
        self.highs.addRow(least, most, len(terms), list(terms), list(terms.values()))


def optimum(
    network: Network, *, scale: int = 1_000_000, seconds: float | None = None, gap: float = 0.0
) -> tuple[float, Takes]:
    """The cheapest plan and its cost, in units of `scale`; a float, as the solver reckons.

    With `seconds` the best that is found until then, or within `gap` of the bound.
    """
    model = Model(scale)
    takes = _order(model, network)
    if seconds is not None:
        model.highs.setOptionValue("time_limit", seconds)
        model.highs.setOptionValue("mip_rel_gap", gap)
        model.highs.run()
    else:
        _solved(model)
    values = model.highs.getSolution().col_value
    plan = tuple(
        tuple((j, round(values[column])) for j, column in sorted(row.items()) if round(values[column])) for row in takes
    )
    return float(model.highs.getInfo().objective_function_value), plan


def together(orders: Sequence[tuple[Network, Sequence[str]]], stock: Mapping[tuple[str, str], int]) -> float:
    """What orders cost at the least that share their stock, by SKU and source; each with the SKUs of its pieces."""
    model = Model(1_000_000)
    shared: dict[tuple[str, str], dict[int, float]] = {}
    for network, skus in orders:
        for sku, row in zip(skus, _order(model, network), strict=True):
            for j, column in row.items():
                shared.setdefault((sku, network.sources[j].name), {})[column] = 1.0
    for key, terms in shared.items():
        model.row(0, stock.get(key, 0), terms)
    _solved(model)
    return float(model.highs.getInfo().objective_function_value)


def _order(model: Model, network: Network) -> list[dict[int, int]]:
    """The columns and rows of one order; its pieces' columns by source."""
    takes = [_piece(model, piece) for piece in network.pieces]
    steps = [_source(model, network, j, takes) for j in range(len(network.sources))]
    every = {column: reach for one in steps for column, reach in one.items()}
    if network.max_sources is not None and every:
        model.row(0, network.max_sources, dict.fromkeys(every, 1.0))
    if network.max_parcels is not None and every:
        parcels = {
            column: float(network.sources[j].tariff.parcels(int(reach)))
            for j, one in enumerate(steps)
            for column, reach in one.items()
        }
        model.row(0, network.max_parcels, parcels)
    for pool in network.pools:
        _pool(model, network, pool, takes)
    return takes


def _solved(model: Model) -> None:
    model.highs.run()
    assert model.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal


def _piece(model: Model, piece: Piece) -> dict[int, int]:
    """Units by source, and those that wait, are the units."""
    row = {option.source: model.column(min(option.limit, piece.units), option.cost) for option in piece.options}
    waits = model.column(piece.units, piece.wait)
    model.row(piece.units, piece.units, dict.fromkeys([*row.values(), waits], 1.0))
    return row


def _source(model: Model, network: Network, j: int, takes: list[dict[int, int]]) -> dict[int, float]:
    """At most one step of the tariff, and no more weight than it carries."""
    source = network.sources[j]
    limits = {
        i: min(option.limit, piece.units)
        for i, piece in enumerate(network.pieces)
        for option in piece.options
        if option.source == j
    }
    most_g = sum(units * network.pieces[i].weight_g for i, units in limits.items())
    steps: dict[int, float] = {}
    reach, k = 0, 0
    while reach < most_g:
        full, step = divmod(k, len(source.tariff.breaks))
        reach = full * source.tariff.parcel_g + source.tariff.breaks[step]
        steps[model.column(1, source.fixed + source.tariff.cost(min(reach, most_g)))] = float(min(reach, most_g))
        k += 1
    if steps:
        model.row(0, 1, dict.fromkeys(steps, 1.0))
        grams = {takes[i][j]: float(network.pieces[i].weight_g) for i in limits}
        model.row(-highspy.kHighsInf, 0, grams | {column: -carried for column, carried in steps.items()})
        for i, units in limits.items():  # a tighter relaxation
            model.row(-highspy.kHighsInf, 0, {takes[i][j]: 1.0} | dict.fromkeys(steps, -float(units)))
    return steps


def _pool(model: Model, network: Network, pool: Pool, takes: list[dict[int, int]]) -> None:
    terms: dict[int, float] = {}
    for draw in pool.draws:
        column = takes[draw.piece].get(pool.source)
        if column is None:
            continue
        terms[column] = terms.get(column, 0.0) + draw.per_unit
        if draw.once:
            used = model.column(1, 0)
            model.row(-highspy.kHighsInf, 0, {column: 1.0, used: -float(network.pieces[draw.piece].units)})
            terms[used] = float(draw.once)
    if terms:
        model.row(-highspy.kHighsInf, pool.room, terms)
