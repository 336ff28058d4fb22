"""The whole of stock under random lives: after every step the books are those of the simplest model (I1 to I11)."""

from tests.stock_life.life import STEPS
from tests.stock_life.living import live

HAPPENS = {
    "time_passes", "swept", "received", "written_on_an_old_version", "reserved", "release", "freeze", "ordered",
    "allocated", "cancelled", "damaged", "rejected", "short_pick", "shipped",
}  # fmt: skip


def test_random_lives_of_stock_keep_the_books_of_the_simplest_model() -> None:
    STEPS.clear()
    live(30, 40)
    assert not HAPPENS - STEPS.keys(), "a life in which these never happen proves less than it says"
