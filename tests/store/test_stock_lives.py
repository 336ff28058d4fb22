"""The whole of stock under random lives: after every step the books are those of the simplest model (I1 to I11)."""

from tests.stock_life.life import STEPS
from tests.stock_life.living import live

MUST_HAPPEN = {
    *("ordered", "allocated", "reserved", "received", "cancelled", "shipped", "swept and proved"),
    *("bundle reserved", "bundle allocated", "bundle shipped"),
    *("transfer ready", "transfer shipped", "transfer received", "counted: applied", "difference"),
}
KINDS = 20  # of things that happen at least, of some forty


def test_random_lives_of_stock_keep_the_books_of_the_simplest_model() -> None:
    STEPS.clear()
    live(20, 40)
    assert STEPS.keys() >= MUST_HAPPEN, "a life in which these never happen proves less than it says"
    assert len(STEPS) >= KINDS
