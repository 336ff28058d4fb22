"""The gateway to HiGHS: imported by the one function that solves, for it brings 60 MB with it (ADR 21)."""

import highspy

from oms.allocation.prices.model import Program, Solution


class Silent(highspy.Highs):  # type: ignore[misc]  # it has no types
    """HiGHS without a word on stdout: its first call beyond options prints a banner, and the constructor makes it."""

    def enableCallbacks(self) -> None:  # noqa: N802  its name there
        self.silent()
        super().enableCallbacks()


def solve(program: Program, limit_s: float) -> Solution | None:
    """The optimum with its duals, the same for the same program; None if it was not proven within `limit_s` seconds."""
    if not program.costs:
        return Solution(0.0, [0.0] * len(program.lower))
    highs = Silent()
    for option, value in (("threads", 1), ("time_limit", limit_s)):
        highs.setOptionValue(option, value)
    highs.passModel(_model(program))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return Solution(highs.getObjectiveValue(), list(highs.getSolution().row_dual))


def _model(program: Program) -> highspy.HighsLp:
    model = highspy.HighsLp()
    count = len(program.costs)
    model.num_col_, model.num_row_ = count, len(program.lower)
    model.col_cost_ = program.costs
    model.col_lower_, model.col_upper_ = [0.0] * count, [highspy.kHighsInf] * count
    model.row_lower_, model.row_upper_ = program.lower, program.upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = program.starts, program.columns
    model.a_matrix_.value_ = program.values
    return model
