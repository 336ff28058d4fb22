"""What a sender's later words do to an order: the newest wins in whatever order they come, and nothing is undone."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.intake.cron_sweep_messages import handler as sweep
from oms.aws import tables
from oms.kernel.time import to_text
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.intake import TestClock, archived, body_of, company, count, hook, message_rows, shopify, work_off
from tests.store.test_message_log import deliver, queued

ORDER_ID = order_id_of("shopify_eu", "5678901234567")


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def version(number: int, **changes: Any) -> dict[str, Any]:
    """The order as the shop had it `number` minutes past nine; its lines have the shop's ids."""
    body = shopify(updated_at=f"2026-11-23T09:{number:02}:00Z", financial_status="pending")
    body["line_items"] = [{**row, "id": 100 + place} for place, row in enumerate(body["line_items"])]
    return {**body, **changes}


def tell(*messages: tuple[str, dict[str, Any]]) -> list[str]:
    """Post each and work it off before the next; what each came to."""
    outcomes = []
    for topic, body in messages:
        before = set(archived())
        message_id = body_of(hook(body, topic=topic))["message_id"]
        work_off(*(set(archived()) - before))
        row = message_rows().get(message_id, {})
        outcomes.append(row.get("outcome") or row.get("reason", "waiting"))
    return outcomes


def the_order() -> Order:
    return wire().orders.get(ORDER_ID)


def create(number: int = 1, **changes: Any) -> tuple[str, dict[str, Any]]:
    return "orders/create", version(number, **changes)


def update(number: int, **changes: Any) -> tuple[str, dict[str, Any]]:
    return "orders/updated", version(number, **changes)


def cancelled(number: int) -> tuple[str, dict[str, Any]]:
    return "orders/cancelled", version(number, cancelled_at="2026-11-23T09:20:00Z", cancel_reason="customer")


def refunded() -> tuple[str, dict[str, Any]]:
    transactions = [{"id": 9, "kind": "refund", "status": "success", "amount": "14.50", "currency": "EUR"}]
    return "refunds/create", {
        "id": 77,
        "order_id": 5678901234567,
        "refund_line_items": [],
        "transactions": transactions,
    }


def test_a_payment_that_the_sender_reports_is_taken_over_and_lets_the_order_go() -> None:
    assert tell(create()) == ["created"]
    assert [hold.reason for hold in the_order().holds] == ["awaiting_payment"]
    assert tell(update(2, financial_status="paid")) == ["updated"]
    order = the_order()
    assert (order.payment_status, order.external_version) == ("paid", "2026-11-23T09:02:00.000Z")
    assert (order.status, order.holds) == ("confirmed", ()), "it waited for the payment"


def test_what_is_older_than_what_we_know_changes_nothing() -> None:
    assert tell(create(1), update(5, financial_status="paid")) == ["created", "updated"]
    before = the_order()
    assert tell(update(3, financial_status="pending")) == ["stale"]
    assert the_order() == before


def test_an_update_that_comes_first_makes_the_order_and_its_create_is_stale() -> None:
    assert tell(update(4, financial_status="paid"), create(1)) == ["created", "stale"]
    assert the_order().payment_status == "paid"
    assert count("orders", "ORDER#") == 1


def test_an_order_that_was_cancelled_before_we_heard_of_it_is_on_record_and_never_begins() -> None:
    assert tell(cancelled(6), create(1), update(2)) == ["cancelled", "stale", "stale"]
    order = the_order()
    assert (order.status, [line.cancelled for line in order.lines]) == ("cancelled", [1, 4])
    assert [fact.type for fact in order.facts] == ["OrderSubmitted", "OrderCancelled"]
    assert count("people", "PERSON#") == 0


def test_a_cancellation_takes_the_order_back() -> None:
    assert tell(create(1), cancelled(6), cancelled(6)) == ["created", "cancelled", "cancelled"]
    order = the_order()
    assert (order.status, order.external_version) == ("cancelled", "2026-11-23T09:06:00.000Z")
    assert [line.cancelled for line in order.lines] == [1, 4]


def test_every_order_of_arrival_ends_in_the_same_state() -> None:
    said = [create(1), update(2, financial_status="authorized"), update(3, financial_status="paid"), cancelled(4)]
    ends = {end_of(number, permutation) for number, permutation in enumerate(itertools.permutations(said), 1)}
    assert ends == {("cancelled", "2026-11-23T09:04:00.000Z", 0, 0)}


def test_every_order_of_arrival_of_payments_ends_with_the_newest() -> None:
    said = [create(1), update(2, financial_status="authorized"), update(3, financial_status="paid")]
    ends = {end_of(number, permutation) for number, permutation in enumerate(itertools.permutations(said), 1)}
    assert ends == {("confirmed", "2026-11-23T09:03:00.000Z", 5, 0)}
    paid = [wire().orders.get(order_id_of("shopify_eu", str(number))).payment_status for number in range(1, 7)]
    assert paid == ["paid"] * 6


def end_of(number: int, said: Iterable[tuple[str, dict[str, Any]]]) -> tuple[str, str | None, int, int]:
    """Where order `number` of a buyer of its own ends."""
    tell(*((topic, {**body, "id": number, "email": f"{number}@example.com"}) for topic, body in said))
    order = wire().orders.get(order_id_of("shopify_eu", str(number)))
    return order.status, order.external_version, order.units_waiting, len(order.holds)


def test_a_refund_is_noted_once_and_waits_for_its_order() -> None:
    first = body_of(hook(refunded()[1], topic="refunds/create"))["message_id"]
    (key,) = archived()
    assert work_off(key) == ["m0"], "its order may be on its way"
    assert work_off(key, receives=5) == []
    row = message_rows()[first]
    assert (row["status"], row["reason"], row["order_ids"]) == ("parked", "order_unknown", [ORDER_ID])
    assert tell(create(1)) == ["created"]
    assert sweep({}, None) == {"forgotten": 0, "waiting_for_their_order": 1}
    deliver(queued())
    assert message_rows()[first]["outcome"] == "refund_noted"
    order = the_order()
    assert (order.facts[0].type, order.facts[0].data["amount_minor"], order.log[-1].why) == (
        "RefundReported",
        1450,
        "77",
    )
    assert sweep({}, None) == {"forgotten": 0, "waiting_for_their_order": 0}


def test_goods_that_change_are_not_lost_even_when_nobody_can_change_them_by_rule() -> None:
    body = version(3)
    body["line_items"][1] |= {"quantity": 5}
    body["total_price"] = "208.40"
    (created, news) = tell(create(1), ("orders/updated", body))
    assert (created, news in ("updated", "held")) == ("created", True)
    order = the_order()
    assert order.external_version == "2026-11-23T09:03:00.000Z"
    if news == "held":
        assert "channel_changed" in [hold.reason for hold in order.holds]
        assert order.blocked_by("release")
    else:
        assert sum(line.quantity - line.cancelled for line in order.lines) == 6


def test_a_message_of_an_order_that_has_ended_changes_nothing_of_it() -> None:
    tell(create(1))
    order = the_order()
    done = order.changed(at=wire().clock(), by="system:test", what="Done", status="completed")
    tables.commit(wire().orders.write(done))
    body = version(3)
    body["line_items"] = body["line_items"][:1]
    body["total_price"], body["total_tax"] = "135.90", "21.70"
    assert tell(("orders/updated", body)) == ["too_late"]
    assert (the_order().status, the_order().lines) == ("completed", done.lines)


def test_a_bug_in_one_message_parks_it_and_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    good = body_of(hook(shopify()))["message_id"]
    bad = body_of(hook(shopify(id=66)))["message_id"]
    news = type(wire().messages.news)
    first = news._first

    def broken(self: Any, said: Any, *args: Any, **more: Any) -> Any:
        if said.order.external_order_id == "66":
            raise ZeroDivisionError("a bug")
        return first(self, said, *args, **more)

    monkeypatch.setattr(news, "_first", broken)
    assert len(work_off()) == 1
    assert message_rows()[good]["outcome"] == "created"
    assert work_off(receives=5) == []
    row = message_rows()[bad]
    assert (row["status"], row["reason"], row["detail"]) == ("parked", "gave_up", "ZeroDivisionError: a bug")


def test_the_words_of_a_buyer_who_asks_to_cancel_stay_in_the_archive() -> None:
    assert tell(create(1), ("orders/delete", {"id": 5678901234567})) == ["created", "held"]
    (hold,) = [hold for hold in the_order().holds if hold.reason == "cancellation_asked"]
    assert hold.note == "the buyer asks: channel"
    assert the_order().blocked_by("allocate")
    assert tell(("orders/delete", {"id": 5678901234567, "again": True})) == ["held"]
    assert len([hold for hold in the_order().holds if hold.reason == "cancellation_asked"]) == 1


def test_an_older_message_in_hand_while_a_newer_one_is_taken_over_undoes_nothing_of_it() -> None:
    def goods(number: int, units: int, total: str) -> tuple[str, dict[str, Any]]:
        body = version(number, financial_status="paid")
        body["line_items"][1] |= {"quantity": units}
        return "orders/updated", {**body, "total_price": total}

    assert tell(create(1)) == ["created"]
    wiring = wire()
    news = wiring.messages.news

    def amend_late(*args: Any, **more: Any) -> bool:
        """The newer message comes and is worked off just before the older one changes anything."""
        wiring.__dict__["messages"] = replace(wiring.messages, news=news)
        assert tell(goods(3, 6, "222.90")) == ["updated"]
        return news.amend(*args, **more)

    wiring.__dict__["messages"] = replace(wiring.messages, news=replace(news, amend=amend_late))
    assert tell(goods(2, 5, "208.40")) == ["stale"]
    order = the_order()
    assert order.external_version == "2026-11-23T09:03:00.000Z"
    assert sum(line.quantity - line.cancelled for line in order.lines) == 7
    assert order.total_minor == 22290


def test_a_cancellation_that_finds_all_units_at_work_is_told_to_a_person() -> None:
    wiring = wire()
    news = wiring.messages.news
    tell(create(1, financial_status="paid"))
    wiring.__dict__["messages"] = replace(wiring.messages, news=replace(news, cancel=lambda *_, **__: False))
    assert tell(cancelled(6), cancelled(6)) == ["held", "held"]
    assert [hold.reason for hold in the_order().holds] == ["cancellation_asked"]
    assert [row.what for row in the_order().log].count("OrderHeld") == 1


def test_an_order_that_comes_partly_shipped_waits_for_a_person_and_one_that_we_ship_does_not() -> None:
    part = {"fulfillment_status": "partial", "financial_status": "paid"}
    assert tell(create(1, **part), update(2, **part)) == ["created", "updated"]
    (hold,) = the_order().holds
    assert (hold.reason, hold.blocks) == ("shipped_elsewhere", ("allocate", "release"))
    ours = {"id": 9, "email": "nine@example.com", "financial_status": "paid"}
    assert tell(create(1, **ours)) == ["created"]
    ship(order_id_of("shopify_eu", "9"), units=1)
    assert tell(update(2, **ours, fulfillment_status="partial"), update(3, **ours, fulfillment_status="fulfilled")) == [
        "updated",
        "ignored",
    ]
    assert wire().orders.get(order_id_of("shopify_eu", "9")).holds == ()


def ship(order_id: str, *, units: int) -> None:
    """So many units of the first line leave one of our locations."""
    order = wire().orders.get(order_id)
    line = order.lines[-1]
    share = FulfillmentLine(number=line.number, sku=line.sku, quantity=units, picked=units, packed=units, shipped=units)
    work = FulfillmentOrder(
        id="ful_1",
        order_id=order_id,
        location="ber-1",
        attempt=1,
        status="closed",
        lines=(share,),
        currency="EUR",
        entered_at=to_text(wire().clock()),
    )
    tables.commit(wire().orders.write(work.changed(at=wire().clock(), by="system:test", what="made")))


def test_a_message_without_a_version_that_is_delivered_again_does_not_undo_the_one_after_it() -> None:
    def goods(units: int, total: str) -> tuple[str, dict[str, Any]]:
        body = version(1, updated_at=None, financial_status="paid", total_price=total)
        body["line_items"][1] |= {"quantity": units}
        return "orders/updated", body

    assert tell(create(1, updated_at=None, financial_status="paid")) == ["created"]
    before = set(archived())
    assert tell(goods(5, "208.40")) == ["updated"]
    (late,) = set(archived()) - before
    assert tell(goods(6, "222.90")) == ["updated"]
    newest = the_order()
    assert work_off(late) == []
    assert the_order() == newest
