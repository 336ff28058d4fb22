"""What of a sender's later words stops an order, and what of ours they do not undo."""

import pytest

from oms.amending.model import NewChangeSet, SetQuantity
from oms.amending.service import Decision, confirm_change, open_change
from oms.aws import tables
from oms.orders.holding import hold_id_of
from oms.orders.holds import release_hold
from oms.wiring import wire
from tests.intake import count
from tests.store.test_channel_news import (
    ORDER_ID,
    clock,
    create,
    refunded,
    ship,
    shop,
    tell,
    the_order,
    update,
    version,
)

__all__ = ["clock", "shop"]  # the fixtures


def let_go(reason: str) -> None:
    order = the_order()
    release_hold(
        order.id,
        hold_id_of(order.id, reason),
        reason="looked at",
        by="user:test",
        roles=frozenset({"operator", "finance"}),
        orders=wire().orders,
        credit=wire().credit,
        clock=wire().clock,
    )


def holds() -> list[str]:
    return [hold.reason for hold in the_order().holds]


@pytest.mark.parametrize("status", ["fulfilled", "partial"])
def test_an_order_that_its_shop_has_shipped_while_it_is_open_with_us_is_stopped_once(status: str) -> None:
    assert tell(create(1, financial_status="paid")) == ["created"]
    assert tell(update(2, financial_status="paid", fulfillment_status=status)) == ["held"]
    (hold,) = the_order().holds
    assert (hold.reason, hold.blocks, hold.release_by) == (
        "shipped_elsewhere",
        ("allocate", "release"),
        ("operator", "sales"),
    )
    assert "cancel the units that have left, or release the hold" in (hold.note or "")
    tell(update(3, financial_status="paid", fulfillment_status=status))
    assert holds() == ["shipped_elsewhere"]
    let_go("shipped_elsewhere")
    tell(update(4, financial_status="paid", fulfillment_status=status))
    assert holds() == [], "a person has decided; every repeat says it again"


def test_news_of_a_shipment_of_an_order_that_was_never_ours_asks_nothing() -> None:
    assert tell(update(2, fulfillment_status="fulfilled")) == ["ignored"]
    assert count("orders", "ORDER#") == 0


@pytest.mark.parametrize(("status", "ours"), [("refunded", "refunded"), ("voided", "none"), ("pending", "pending")])
def test_a_payment_that_goes_back_before_anything_has_left_holds_the_order(status: str, ours: str) -> None:
    assert tell(create(1, financial_status="paid"), update(2, financial_status=status)) == ["created", "held"]
    (hold,) = the_order().holds
    assert (hold.reason, hold.blocks, the_order().payment_status) == ("awaiting_payment", ("allocate",), ours)
    assert f"the payment is {ours}" in (hold.note or "")
    assert tell(update(3, financial_status=status)) == ["updated"]
    assert holds() == ["awaiting_payment"]
    assert tell(update(4, financial_status="paid")) == ["updated"]
    assert holds() == []
    assert tell(update(5, financial_status=status)) == ["held"], "and once more"


def test_a_payment_that_goes_back_when_all_has_left_holds_nothing() -> None:
    assert tell(create(1, financial_status="paid")) == ["created"]
    ship(ORDER_ID, units=5)
    assert tell(update(2, financial_status="refunded")) == ["updated"]
    assert holds() == []


def test_a_full_refund_holds_the_order_and_a_small_one_does_not() -> None:
    assert tell(create(1, financial_status="paid"), refunded()) == ["created", "refund_noted"]
    assert holds() == []
    topic, body = refunded()
    whole = {**body, "id": 78, "transactions": [{**body["transactions"][0], "amount": "193.90"}]}
    assert the_order().total_minor == 19390
    assert tell((topic, whole)) == ["refund_noted"]
    assert holds() == ["awaiting_payment"]
    let_go("awaiting_payment")
    assert tell((topic, {**whole, "note": "again"})) == ["repeat"]
    assert holds() == []


def edit(*, units: int) -> None:
    """Our own change set: so many units of the second line."""
    order = the_order()
    edits = [SetQuantity(kind="set_quantity", number=2, quantity=units)]
    new = NewChangeSet(reason="customer_request", edits=list(edits))
    opened = open_change(order.id, new, key=f"k-{units}", by="user:desk", desk=wire().amending)
    confirm_change(order.id, opened.view.id, Decision(opened.tag, "user:desk"), desk=wire().amending)


def units() -> list[int]:
    return [line.quantity - line.cancelled for line in the_order().lines]


def test_a_repeat_does_not_undo_our_own_edit_and_what_the_shop_changes_beside_it_is_for_a_person() -> None:
    paid = {"financial_status": "paid"}
    assert tell(create(1, **paid)) == ["created"]
    edit(units=6)
    assert units() == [1, 6]
    assert tell(create(1, **paid, tags="again"), update(2, **paid)) == ["repeat", "updated"]
    assert (units(), holds()) == ([1, 6], []), "the newer version changes nothing of the goods"
    body = version(3, **paid, total_price="208.40")
    body["line_items"][1] |= {"quantity": 5}
    assert tell(("orders/updated", body)) == ["held"]
    (hold,) = the_order().holds
    assert (units(), hold.reason) == ([1, 6], "channel_changed")
    assert hold.note == "the channel changed: goods, and we had changed the order"
    let_go("channel_changed")
    assert tell(("orders/updated", {**body, "tags": "again"})) == ["repeat"]
    assert (units(), holds()) == ([1, 6], [])


def test_a_message_that_died_between_its_version_and_its_goods_is_taken_over_by_its_repeat() -> None:
    paid = {"financial_status": "paid"}
    assert tell(create(1, **paid)) == ["created"]
    body = version(2, **paid, total_price="208.40")
    body["line_items"][1] |= {"quantity": 5}
    order = the_order()
    known = order.model_copy(
        update={"external_version": "2026-11-23T09:02:00.000Z", "version": order.version + 1, "facts": ()}
    )
    tables.commit(wire().orders.write(known))
    assert tell(("orders/updated", body)) == ["updated"]
    assert units() == [1, 5]
