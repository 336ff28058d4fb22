"""Live random lives of stock: everything that happens to it, at once, in any order."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stock_life.carts import Carts
from tests.stock_life.hands import Shelves
from tests.stock_life.moves import Moves
from tests.stock_life.orders import Orders


class StockMachine(Shelves, Carts, Orders, Moves):
    """All of it in one life."""


def live(lives: int, steps: int, *, shrink: bool = False, seed: bool = False) -> None:
    """So many lives of so many steps.

    Raises:
        AssertionError: an invariant does not hold.
    """
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    chosen = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not seed,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(StockMachine, settings=chosen)
