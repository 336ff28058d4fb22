"""The same sourcing problem as a mixed-integer program for HiGHS: written apart from our solver, to check it."""

import highspy

from oms.allocation.sourcing.network import Network, Takes

_OFF = 1e-9


class Model:
    """Collects columns and rows, and hands them to the solver."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.highs = highspy.Highs()
        self.highs.silent()
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


def optimum(network: Network, *, scale: int = 1_000_000) -> tuple[float, Takes]:
    """The cheapest plan and its cost, in units of `scale`."""
    model = Model(scale)
    infinity = highspy.kHighsInf
    takes: list[dict[int, int]] = []
    grams: list[dict[int, float]] = [{} for _ in network.sources]
    for piece in network.pieces:
        row = {}
        for option in piece.options:
            column = model.column(min(option.limit, piece.units), option.cost)
            row[option.source] = column
            grams[option.source][column] = float(piece.weight_g)
        takes.append(row)
        waits = model.column(piece.units, piece.wait)
        model.row(piece.units, piece.units, dict.fromkeys([*row.values(), waits], 1.0))
    opened: list[dict[int, float]] = []
    for j, source in enumerate(network.sources):
        steps: dict[int, float] = {}
        most_g = sum(
            min(option.limit, piece.units) * piece.weight_g
            for piece in network.pieces
            for option in piece.options
            if option.source == j
        )
        before_g = 0
        while before_g < most_g:
            for up_to in source.tariff.breaks:
                if before_g < most_g:
                    reach = before_g + up_to
                    steps[model.column(1, source.fixed + source.tariff.cost(min(reach, most_g)))] = float(reach)
                    if reach >= most_g:
                        break
            before_g += source.tariff.parcel_g
        opened.append(steps)
        if steps:
            model.row(0, 1, dict.fromkeys(steps, 1.0))
            model.row(-infinity, 0, grams[j] | {column: -reach for column, reach in steps.items()})
            for i, piece in enumerate(network.pieces):  # a tighter relaxation
                if j in takes[i]:
                    limit = float(min(piece.units, dict((o.source, o.limit) for o in piece.options)[j]))
                    model.row(-infinity, 0, {takes[i][j]: 1.0} | dict.fromkeys(steps, -limit))
    if network.max_sources is not None:
        every = {column: 1.0 for steps in opened for column in steps}
        if every:
            model.row(0, network.max_sources, every)
    if network.max_parcels is not None:
        every = {
            column: float(-(-int(reach) // network.sources[j].tariff.parcel_g))
            for j, steps in enumerate(opened)
            for column, reach in steps.items()
        }
        if every:
            model.row(0, network.max_parcels, every)
    for pool in network.pools:
        terms: dict[int, float] = {}
        for draw in pool.draws:
            column = takes[draw.piece].get(pool.source)
            if column is None:
                continue
            terms[column] = terms.get(column, 0.0) + draw.per_unit
            if draw.once:
                used = model.column(1, 0)
                limit = network.pieces[draw.piece].units
                model.row(-infinity, 0, {column: 1.0, used: -float(limit)})
                terms[used] = float(draw.once)
        if terms:
            model.row(-infinity, pool.room, terms)
    model.highs.run()
    assert model.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = model.highs.getSolution().col_value
    plan = tuple(
        tuple((j, round(values[column])) for j, column in sorted(row.items()) if round(values[column])) for row in takes
    )
    return model.highs.getInfo().objective_function_value, plan
