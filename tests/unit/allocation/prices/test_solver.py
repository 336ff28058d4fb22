"""The solver says its answer, and nothing else."""

import pytest

from oms.allocation.prices.model import Program, Solution
from oms.allocation.prices.solver import solve


def test_solving_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    program = Program([1.0, 2.0], [1.0], [5.0], [0, 2], [0, 1], [1.0, 1.0], {})
    assert solve(program, 5) == Solution(1.0, [1.0])
    assert capfd.readouterr() == ("", "")
