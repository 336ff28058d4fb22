"""Edits and snapshots as pure functions: buckets sum, money sums, and what goes off equals what is cancelled."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.amending.edits import kept, wish_of
from oms.amending.model import NewChangeSet
from oms.amending.wishes import amounts_of, plan_of, with_wish
from oms.kernel.errors import RejectedError
from oms.orders.amounts import live_units, sum_of
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order
from oms.orders.reach import units_of
from oms.orders.store import OrderTree
from tests.order_builders import order, work
from tests.unit.orders.test_amounts import adds_up, cancel, orders

STATES = ("open", "booked", "requested", "in_progress", "closed")


@st.composite
def trees(draw: st.DrawFn) -> OrderTree:
    """An order whose units are partly open, partly waiting, partly with locations, in any state."""
    made = draw(orders())
    works: dict[int, list[FulfillmentLine]] = {}
    lines = []
    for line in made.lines:
        allocated = draw(st.integers(0, line.quantity))
        waiting = draw(st.integers(0, line.quantity - allocated))
        first = draw(st.integers(0, allocated))
        for place, units in enumerate((first, allocated - first)):
            if units:
                shares = works.setdefault(place, [])
                shares.append(FulfillmentLine(number=line.number, sku=line.sku, quantity=units))
        buckets = {"allocated": allocated, "backordered": waiting, "open": line.quantity - allocated - waiting}
        lines.append(line.model_copy(update=buckets))
    header = made.model_copy(update={"lines": tuple(lines)})
    placed = tuple(_work(draw, header, place, shares) for place, shares in sorted(works.items()))
    status = "in_fulfillment" if placed else "confirmed"
    return OrderTree(header.model_copy(update={"status": status}), placed)


def _work(draw: st.DrawFn, header: Order, place: int, shares: list[FulfillmentLine]) -> FulfillmentOrder:
    state = draw(st.sampled_from(STATES))
    if state == "closed":
        shares = [share.model_copy(update={"shipped": share.quantity}) for share in shares]
    return work(header, f"loc-{place}", status=state, lines=tuple(shares))


def edits_of(*edits: dict[str, Any]) -> Any:
    return kept(NewChangeSet.model_validate({"reason": "other", "edits": list(edits)}).edits)


@given(trees(), st.data())
def test_whatever_quantities_are_wished_buckets_and_money_sum_or_nothing_is_possible(
    tree: OrderTree, data: st.DataObject
) -> None:
    header = tree.order
    wished = {line.number: data.draw(st.integers(0, line.quantity + 3)) for line in header.lines}
    edits = [{"kind": "set_quantity", "number": number, "quantity": units} for number, units in wished.items()]
    wish = wish_of(header, edits_of(*edits), None)
    plan = plan_of(tree, {}, wish)
    free: Counter[int] = Counter({line.number: line.open + line.backordered for line in header.lines})
    for each in tree.fulfillment_orders:
        if each.status in ("open", "booked"):
            free.update(units_of(each))
    off = {line.number: max(live_units(line) - wished[line.number], 0) for line in header.lines}
    assert bool(plan.why) == any(units > free[number] for number, units in off.items())
    if plan.why:
        return
    back: Counter[int] = Counter()
    for each in plan.sources.works:
        back.update(units_of(each))
    queued = {line.number: units for line, units in plan.sources.queued}
    after = header.model_copy(update=with_wish(header, wish, back, queued))
    for line in after.lines:
        assert line.open + line.backordered + line.allocated + line.cancelled == line.quantity
        assert live_units(line) == wished[line.number]
    assert adds_up(after)
    assert all(each.status in ("open", "booked") for each in plan.sources.works)


@given(orders(), st.data())
def test_taking_units_off_by_an_edit_is_worth_what_cancelling_them_is(before: Order, data: st.DataObject) -> None:
    off = {line.number: data.draw(st.integers(0, line.quantity)) for line in before.lines}
    edits = [
        {"kind": "set_quantity", "number": line.number, "quantity": line.quantity - off[line.number]}
        for line in before.lines
    ]
    edited = amounts_of(before, wish_of(before, edits_of(*edits), None))
    cancelled = cancel(before, off)
    assert abs(edited["total_minor"] - cancelled.total_minor) <= 1  # an untaxed line's tax is rounded once, not shared
    assert edited["discount_minor"] == cancelled.discount_minor


def test_more_units_cost_the_lines_price_and_its_rate_of_tax() -> None:
    before = order(
        lines=(order().lines[0].model_copy(update={"tax_minor": 190, "allocated": 0, "open": 2}),),
        tax_minor=190,
        total_minor=1190,
    )
    wish = wish_of(before, edits_of({"kind": "set_quantity", "number": 1, "quantity": 3}), None)
    assert amounts_of(before, wish) == {
        "shipping_minor": 0,
        "discount_minor": 0,
        "tax_minor": 285,
        "total_minor": 1785,
    }
    assert sum_of(wish.lines, 0, 0, 0, included=True) == 1000  # the wish has the amounts, the plan the units


def test_a_line_of_which_nothing_is_left_is_not_brought_back() -> None:
    line = order().lines[0].model_copy(update={"allocated": 0, "cancelled": 2})
    with pytest.raises(RejectedError) as refused:
        wish_of(order(lines=(line,)), edits_of({"kind": "set_quantity", "number": 1, "quantity": 1}), None)
    assert refused.value.faults[0].message == "nothing is left of line 1; add a line instead"
