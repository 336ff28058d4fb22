"""What lasts of a giant order's lines, apart from its header and together again."""

import random
import string
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.orders.goods import MAX_LINES, NAMES_BYTES, columns_of, goods_of, names_fit, together, without_goods
from oms.orders.lines import replace_line
from oms.orders.model import Line, Order
from tests.allocation_scene import START, confirmed_order

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order whose lines are called anything and are anywhere."""
    lines = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        kept = {name: draw(st.integers(0, 3)) for name in ("open", "backordered", "allocated", "cancelled")}
        parts = draw(st.lists(st.tuples(NAMES, st.integers(1, 9)), max_size=2))
        line = Line(
            number=number,
            sku=draw(NAMES),
            external_line_id=draw(st.none() | NAMES),
            quantity=max(sum(kept.values()), 1),
            unit_price_minor=draw(st.integers(0, 10**9)),
            components=tuple(parts),
            **kept,
        )
        lines.append(line)
    order = confirmed_order("ord_1", {})
    return order.changed(at=START, by="user:test", what="Filled", lines=tuple(lines))


@settings(max_examples=40)
@given(orders())
def test_an_order_taken_apart_is_the_same_when_it_is_put_together(order: Order) -> None:
    made = goods_of(columns_of(order))
    assert together(without_goods(order), made.parts) == order
    assert goods_of(columns_of(order)) == made


def test_the_name_of_the_goods_stays_while_units_move_and_is_another_for_another_line() -> None:
    order = confirmed_order("ord_1", {"A": 2, "B": 1})
    moved = order.model_copy(update={"lines": replace_line(order.lines, {1: {"open": 0, "allocated": 2}})})
    assert goods_of(columns_of(moved)) == goods_of(columns_of(order))
    assert without_goods(moved) != without_goods(order)
    renamed = order.model_copy(update={"lines": (order.lines[0], order.lines[1].model_copy(update={"sku": "C"}))})
    assert goods_of(columns_of(renamed)).name != goods_of(columns_of(order)).name


def test_the_header_of_five_thousand_lines_in_their_longest_state_leaves_room_in_its_item() -> None:
    """Whatever they are called: names are not in it but for the facts, which `names_fit` bounds."""
    chance = random.Random(1)  # noqa: S311  the same in every run
    letters = string.ascii_letters + string.digits
    lines = tuple(
        Line(
            number=number,
            sku="".join(chance.choices(letters, k=64)),
            external_line_id="".join(chance.choices(letters, k=128)),
            quantity=(units := chance.randint(1_000, 999_999)),
            unit_price_minor=chance.randint(1, 10**9),
            discount_minor=chance.randint(0, 10**6),
            tax_minor=chance.randint(0, 10**6),
            backordered=(waiting := chance.randint(0, units)),
            cancelled=units - waiting,
            waits_at=chance.choice(["ber-1", "lon-1", "nyc-1"]),
            supply_on=f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        )
        for number in range(1, MAX_LINES + 1)
    )
    order = confirmed_order("ord_1", {}).model_copy(update={"lines": lines})
    parts = goods_of(columns_of(order)).parts
    assert len(without_goods(order)) + NAMES_BYTES < 400 * 1024
    assert max(map(len, parts)) < 400 * 1024
    assert len(parts) == 3


@pytest.mark.parametrize(("length", "fits"), [(32, True), (52, True), (64, False)])
def test_names_that_nothing_can_pack_fit_up_to_a_length(length: int, fits: bool) -> None:
    chance = random.Random(1)  # noqa: S311  the same in every run
    skus = ["".join(chance.choices(string.ascii_letters + string.digits, k=length)) for _ in range(MAX_LINES)]
    assert names_fit(skus) is fits


def test_long_names_that_repeat_fit() -> None:
    skus = [f"{'CATALOGUE-OF-THE-WHOLE-YEAR-' * 2}{n:05}" for n in range(MAX_LINES)]
    assert len("".join(skus)) > NAMES_BYTES
    assert names_fit(skus)
    assert len(zlib.compress("".join(skus).encode())) < NAMES_BYTES
