"""Orders that wait: caps, first come first served, nobody overtakes, whatever comes in whichever order."""

from functions.allocation import api_cancel_orders
from oms.allocation.serving import serve_waiting, sweep_waiting
from oms.aws.tables import commit
from oms.events.orders import OrderCancelled
from oms.inventory.model import Cause, Change, Movement
from oms.kernel.time import to_text
from oms.reference.model import MayWait
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, position, put_order, set_up, trees
from tests.crash import calls_of
from tests.lambda_events import api_event
from tests.reservation_scene import ask, done, open_shop, refused
from tests.waiting_scene import (
    buckets,
    come,
    first_line,
    found,
    line,
    order,
    sell,
    serve,
)


def test_an_order_that_is_short_stands_in_line_in_the_same_transaction(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 1))
    sell(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 3)
    assert buckets(cloud_on_moto, "ord_1") == (0, 2, 1)
    assert line(cloud_on_moto) == [("ord_1", 2, "unknown")]
    assert cloud_on_moto.waiting_lines.heads(["CUP"])["CUP"][1:] == (1, 2, 2, {"shopify_eu": 2})
    assert_the_books_balance(cloud_on_moto)


def test_goods_go_to_those_who_wait_in_their_order_and_whoever_comes_stands_behind(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    sell(cloud_on_moto)
    orders = [put_order(cloud_on_moto, f"ord_{n}", {"CUP": 1}, minute=n) for n in range(1, 6)]
    come(cloud_on_moto, *orders)
    found(cloud_on_moto, 3)
    order(cloud_on_moto, "ord_0", 1, minute=9)  # before the worker has looked
    assert [buckets(cloud_on_moto, f"ord_{n}") for n in range(6)] == [
        (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 1, 0), (0, 1, 0)
    ]  # fmt: skip
    assert [name for name, _, _ in line(cloud_on_moto)] == ["ord_4", "ord_5", "ord_0"]
    found(cloud_on_moto, 3)  # the same receipt again
    serve()
    assert [name for name, _, _ in line(cloud_on_moto)] == ["ord_4", "ord_5", "ord_0"]
    assert cloud_on_moto.stock.open_position(position("CUP", "lon-1", 3))  # where nobody waits
    serve()
    assert [name for name, _, _ in line(cloud_on_moto)] == []
    assert_the_books_balance(cloud_on_moto)


def test_units_given_back_are_told_and_go_to_the_first_in_line_at_any_location(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0), position("CUP", "lon-1", 4, safety_stock=4))
    sell(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 2)
    before = cloud_on_moto.stock.positions_at([("CUP", "lon-1")])
    lower = Movement("guarded", ("CUP", "lon-1"), Change(safety_stock=-3))
    commit(*cloud_on_moto.stock.writes([lower], before, Cause("user:x", to_text(START))))
    entry = next(cloud_on_moto.stock.history(cloud_on_moto.stock.positions_of("CUP")[1], limit=1))[0]
    assert [(fact.type, fact.data["available"]) for fact in entry.facts] == [("StockFreed", 3)]
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 0, "lon-1": 1}}  # two are waited for
    serve()
    assert buckets(cloud_on_moto, "ord_1") == (0, 0, 2)
    assert [work.location for work in cloud_on_moto.orders.tree("ord_1").fulfillment_orders] == ["lon-1"]
    assert_the_books_balance(cloud_on_moto)


def test_a_cap_holds_whoever_would_be_one_too_many(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    sell(cloud_on_moto, waiting=MayWait(cap=3))
    orders = [put_order(cloud_on_moto, f"ord_{n}", {"CUP": 2 - n % 2}, minute=n) for n in range(4)]  # 2, 1, 2, 1
    come(cloud_on_moto, *orders)
    assert line(cloud_on_moto) == [("ord_0", 2, "unknown"), ("ord_1", 1, "unknown")]
    held = cloud_on_moto.orders.get("ord_2")
    (hold,) = held.holds
    assert (hold.reason, hold.blocks, hold.on_expiry) == ("out_of_stock", ("allocate",), "escalate")
    assert hold.note == "CUP: cap_reached, 3 of 3 wait, 2 more wanted"
    assert buckets(cloud_on_moto, "ord_2") == (2, 0, 0)
    assert [fact.type for fact in held.facts] == ["OrderHeld"]
    assert_the_books_balance(cloud_on_moto)


def test_what_may_not_wait_is_held_and_the_rest_of_the_order_goes_on(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0), position("PEN", "ber-1", 5))
    sell(cloud_on_moto, waiting=MayWait(kind="none"))
    sell(cloud_on_moto, "PEN")
    come(cloud_on_moto, put_order(cloud_on_moto, "ord_1", {"CUP": 1, "PEN": 2}))
    held = cloud_on_moto.orders.get("ord_1")
    assert [(one.open, one.backordered, one.allocated) for one in held.lines] == [(1, 0, 0), (0, 0, 2)]
    assert [hold.note for hold in held.holds] == ["CUP: not_backorderable"]
    assert [fact.type for fact in held.facts] == ["OrderAllocated", "OrderHeld"]
    assert held.blocked_by("release") is None


def test_a_unit_that_the_first_in_line_cannot_use_goes_to_the_next(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0), position("BOX", "ber-1", 0))
    parts = (("CUP", 1), ("BOX", 1))
    sell(cloud_on_moto)
    sell(cloud_on_moto, "SET", components=parts)
    made = put_order(cloud_on_moto, "ord_set", {"SET": 1})
    one = made.lines[0].model_copy(update={"components": parts})
    changed = made.changed(at=START, by="user:x", what="Bundled", lines=(one,))
    commit(cloud_on_moto.orders.write(changed))
    come(cloud_on_moto, made)
    order(cloud_on_moto, "ord_cup", 1, minute=5)
    assert [name for name, _, _ in line(cloud_on_moto)] == ["ord_set", "ord_cup"]
    found(cloud_on_moto, 1)
    serve()
    assert line(cloud_on_moto) == [("ord_set", 1, "unknown")]
    assert line(cloud_on_moto, "BOX") == [("ord_set", 1, "unknown")]
    assert buckets(cloud_on_moto, "ord_cup") == (0, 0, 1)
    assert_the_books_balance(cloud_on_moto)


def test_serving_fifty_orders_is_a_few_transactions(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    sell(cloud_on_moto)
    come(cloud_on_moto, *[put_order(cloud_on_moto, f"ord_{n:02}", {"CUP": 1}, minute=n) for n in range(50)])
    found(cloud_on_moto, 20)
    calls = calls_of(serve)
    assert sum(tree.order.units_allocated for tree in trees(cloud_on_moto)) == 20
    assert [name for name, _, _ in line(cloud_on_moto)] == [f"ord_{n}" for n in range(20, 50)]
    assert calls.count("TransactWriteItems") == 1
    assert first_line(cloud_on_moto, "ord_19").supply_on is None
    assert_the_books_balance(cloud_on_moto)


def test_carts_and_shops_see_what_is_left_after_those_who_wait(cloud_on_moto: Wiring) -> None:
    open_shop(cloud_on_moto, position("CUP", "ber-1", 0), position("CUP", "lon-1", 0))
    sell(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 2)
    found(cloud_on_moto, 3, location="lon-1")  # the worker has not looked yet
    assert cloud_on_moto.offer.available(["CUP"]) == {"CUP": {"ber-1": 0, "lon-1": 1}}
    assert refused(ask("cart", {"CUP": 2}))["code"] == "short_stock"
    assert done(ask("cart", {"CUP": 1}, key="k-2"))["status"] == "created"
    serve()
    assert buckets(cloud_on_moto, "ord_1") == (0, 0, 2)
    assert_the_books_balance(cloud_on_moto)


def test_units_that_are_cancelled_or_no_longer_wanted_leave_the_list_in_the_same_transaction(
    cloud_on_moto: Wiring,
) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    sell(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 3)
    order(cloud_on_moto, "ord_2", 1, minute=1)
    cancel = "POST /v1/orders/{order_id}/cancel"
    path, key = {"order_id": "ord_1"}, {"Idempotency-Key": "k-1"}
    two = {"reason": "other", "lines": [{"number": 1, "quantity": 2}]}
    event = api_event(cancel, path=path, body=two, headers=key)
    calls = calls_of(lambda: api_cancel_orders.handler(event, None))
    assert calls.count("TransactWriteItems") == 1
    assert line(cloud_on_moto) == [("ord_1", 1, "unknown"), ("ord_2", 1, "unknown")]
    api_cancel_orders.handler(api_event(cancel, path=path, body={"reason": "other"}), None)
    assert line(cloud_on_moto) == [("ord_2", 1, "unknown")]
    assert_the_books_balance(cloud_on_moto)


def test_the_sweep_looks_at_every_list_and_forgets_those_in_which_nobody_stands(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0), position("PEN", "ber-1", 0))
    sell(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 1)
    come(cloud_on_moto, put_order(cloud_on_moto, "ord_2", {"PEN": 1}))
    cloud_on_moto.stock.receive("PEN", "ber-1", 1, receipt_id="p", by="user:dock")
    serve("PEN")
    sent: list[dict[str, object]] = []
    report = sweep_waiting(lines=cloud_on_moto.waiting_lines, send=sent.extend)
    assert (report.skus, sent) == (1, [{"skus": ["CUP"]}])
    assert list(cloud_on_moto.waiting_lines.waited_for()) == ["CUP"]


def test_a_message_that_is_none_of_ours_goes_back_and_holds_nobody_up(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    sell(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 1)
    found(cloud_on_moto, 1)
    alien = cloud_on_moto.orders.get("ord_1").changed(
        OrderCancelled(order_id="ord_1", reason="other", units=1), at=START, by="x"
    )
    messages = [("bad", {"facts": [alien.facts[0].model_dump()]}), ("odd", {}), ("good", {"skus": ["CUP"]})]
    errors = serve_waiting(messages, desk=cloud_on_moto.serving_desk)
    assert {name: type(error).__name__ for name, error in errors.items()} == {
        "bad": "MalformedError",
        "odd": "MalformedError",
    }
    assert buckets(cloud_on_moto, "ord_1") == (0, 0, 1)
