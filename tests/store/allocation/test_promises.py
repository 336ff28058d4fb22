"""What those who wait are promised, what becomes of it when a supply moves, and what is kept of that."""

from functions.inventory import api_read_stock
from functions.orders import api_read_orders
from oms.orders.model import Promise, RequestedDelivery
from oms.reference.model import MayWait
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, clock, position, put_order, set_up, text_of
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, restart
from tests.lambda_events import api_event
from tests.waiting_scene import buckets, come, found, line, order, receive, sell, serve, supply, trusted


def shop(wiring: Wiring, **policy: object) -> None:
    set_up(wiring, position("CUP", "ber-1", 0), position("CUP", "lon-1", 0))
    trusted(wiring)
    sell(wiring, waiting=MayWait.model_validate(policy))


def test_each_is_promised_the_day_on_which_supply_covers_those_before_and_itself() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring)
        supply(wiring, "PO-1", 2, "2026-12-01", "lon-1")
        supply(wiring, "PO-2", 2, "2026-12-08")
        come(wiring, *[put_order(wiring, f"ord_{n}", {"CUP": 1}, minute=n) for n in range(3)])
        order(wiring, "ord_3", 1, minute=3)
        order(wiring, "ord_4", 1, minute=4)
        assert [day for _, _, day in line(wiring)] == [
            "2026-12-01", "2026-12-01", "2026-12-08", "2026-12-08", "unknown"
        ]  # fmt: skip
        assert_the_books_balance(wiring)


def test_a_preorder_is_promised_and_given_out_from_its_release_on() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 5))
        trusted(wiring)
        sell(wiring, waiting=MayWait.model_validate({"kind": "preorder", "release_on": "2026-12-24"}))
        order(wiring, "ord_1", 2)
        assert (buckets(wiring, "ord_1"), line(wiring)) == ((0, 2, 0), [("ord_1", 2, "2026-12-24")])
        serve()
        assert buckets(wiring, "ord_1") == (0, 2, 0)
        sell(wiring, waiting=MayWait.model_validate({"kind": "preorder", "release_on": "2026-11-23"}))
        restart(clock)
        serve()
        assert buckets(wiring, "ord_1") == (0, 0, 2)
        assert_the_books_balance(wiring)


def test_when_a_supply_moves_the_line_is_promised_anew_and_every_change_is_kept() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring)
        supply(wiring, "PO-1", 2, "2026-12-01")
        for n in range(3):
            order(wiring, f"ord_{n}", 1, minute=n)
        supply(wiring, "PO-2", 5, "2026-12-08")
        serve()
        assert [day for _, _, day in line(wiring)] == ["2026-12-01", "2026-12-01", "2026-12-08"]
        supply(wiring, "PO-1", 1, "2026-12-03")  # later, and one less
        serve()
        serve()
        assert line(wiring) == [("ord_0", 1, "2026-12-03"), ("ord_1", 1, "2026-12-08"), ("ord_2", 1, "2026-12-08")]
        days = [row.supply_on["1"] for row in wiring.orders.promises("ord_1")]
        assert days == ["2026-12-01", "2026-12-08"]
        assert [row.supply_on["1"] for row in wiring.orders.promises("ord_2")] == ["2026-12-08"]
        receive(wiring, "PO-1", 1)
        receive(wiring, "PO-1", 1)  # twice
        serve()
        assert [name for name, _, _ in line(wiring)] == ["ord_1", "ord_2"]
        assert_the_books_balance(wiring)


def test_who_would_be_served_too_late_is_held_and_cancelled_if_nobody_decides() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring)
        supply(wiring, "PO-1", 2, "2026-12-01")
        wanted = RequestedDelivery(deliver_by="2026-12-10T00:00:00.000Z")
        order(wiring, "ord_1", 1, delivery=wanted)
        order(wiring, "ord_2", 1, minute=1)
        (before,) = wiring.orders.promises("ord_1")
        assert before.new.latest_on is not None
        supply(wiring, "PO-1", 2, "2027-01-15")
        serve()
        held = wiring.orders.get("ord_1")
        assert [(hold.reason, hold.on_expiry, hold.blocks) for hold in held.holds] == [
            ("promise_too_late", "cancel", ("allocate",))
        ]
        assert [fact.type for fact in held.facts] == ["OrderHeld", "OrderPromiseChanged"]
        assert wiring.orders.get("ord_2").holds == ()
        late = wiring.orders.promises("ord_1")[-1]
        assert (late.old, late.why, late.by, late.version) == (
            before.new,
            "supply_changed",
            "system:serve_waiting",
            held.version,
        )
        assert_the_books_balance(wiring)


def test_a_change_of_supply_killed_anywhere_is_promised_once() -> None:
    def seed(wiring: Wiring) -> None:
        shop(wiring)
        supply(wiring, "PO-1", 3, "2026-12-01")
        for n in range(3):
            order(wiring, f"ord_{n}", 1, minute=n)
        supply(wiring, "PO-1", 2, "2026-12-15")

    with moto_cloud(clock) as wiring:
        seed(wiring)
        calls = calls_of(serve)
    assert calls.count("TransactWriteItems") == 3
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            seed(wiring)
            crash(point, serve)
            again = restart(clock)
            assert [name for name, _, _ in line(again)] == ["ord_0", "ord_1", "ord_2"], point
            serve()
            assert line(again) == [
                ("ord_0", 1, "2026-12-15"), ("ord_1", 1, "2026-12-15"), ("ord_2", 1, "unknown")
            ], point  # fmt: skip
            ledger = [len(again.orders.promises(f"ord_{n}")) for n in range(3)]
            assert ledger == [2, 2, 2], point
            assert_the_books_balance(again)


def test_the_line_and_the_promises_can_be_read() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring)
        supply(wiring, "PO-1", 2, "2026-12-01")
        order(wiring, "ord_1", 2)
        order(wiring, "ord_2", 1, minute=1)
        path = {"sku": "CUP"}
        event = api_event("GET /v1/stock/{sku}/waiting", path=path, query={"limit": "1"}, roles=["sales"])
        page = text_of(api_read_stock.handler(event, None))
        assert (page["units"], [(one["order_id"], one["supply_on"]) for one in page["orders"]]) == (
            3,
            [("ord_1", "2026-12-01")],
        )
        query = {"after": page["next_after"]}
        event = api_event("GET /v1/stock/{sku}/waiting", path=path, query=query, roles=["sales"])
        (second,) = text_of(api_read_stock.handler(event, None))["orders"]
        assert (second["order_id"], "supply_on" in second) == ("ord_2", False)
        event = api_event("GET /v1/orders/{order_id}/promises", path={"order_id": "ord_1"}, roles=["sales"])
        shown = text_of(api_read_orders.handler(event, None))
        assert shown["promise"] == shown["changes"][-1]["new"]
        assert shown["promise"]["latest_on"] > "2026-12-01"
        assert (shown["first"], len(shown["changes"])) == ({}, 1)


def test_who_was_promised_nothing_is_promised_when_it_ships_once_goods_are_there() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring)
        order(wiring, "ord_1", 2)
        assert wiring.orders.get("ord_1").promise == Promise()
        found(wiring, 2)
        serve()
        served = wiring.orders.get("ord_1")
        assert served.promise == Promise(earliest_on="2026-11-27", latest_on="2026-12-01")
        assert [fact.type for fact in served.facts] == ["OrderAllocated", "OrderPromiseChanged"]
        (row,) = wiring.orders.promises("ord_1")
        assert (row.old, row.new, row.why, row.version) == (Promise(), served.promise, "allocated", served.version)


def test_goods_that_come_early_are_promised_early() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring)
        supply(wiring, "PO-1", 2, "2027-01-25")
        order(wiring, "ord_1", 2)
        assert (wiring.orders.get("ord_1").promise.latest_on or "") > "2027-01-25"
        receive(wiring, "PO-1", 2)
        serve()
        served = wiring.orders.get("ord_1")
        assert served.promise == Promise(earliest_on="2026-11-27", latest_on="2026-12-01")
        assert [row.why for row in wiring.orders.promises("ord_1")] == ["backordered", "allocated"]


def test_a_promise_that_nobody_can_keep_from_where_it_ships_moves_and_another_stays() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 9))
        trusted(wiring)
        sell(wiring)
        kept = Promise(earliest_on="2026-11-25", latest_on="2026-11-27")  # by the dearer service
        order(wiring, "ord_1", 1, promise=kept)
        order(wiring, "ord_2", 1, promise=Promise(earliest_on="2026-11-24", latest_on="2026-11-24"))
        assert wiring.orders.get("ord_1").promise == kept
        assert wiring.orders.promises("ord_1") == []
        assert [fact.type for fact in wiring.orders.get("ord_1").facts] == ["OrderAllocated"]
        moved = wiring.orders.get("ord_2")
        assert moved.promise == Promise(earliest_on="2026-11-27", latest_on="2026-12-01")
        assert [row.new for row in wiring.orders.promises("ord_2")] == [moved.promise]


def test_who_may_not_wait_is_promised_nothing_any_more() -> None:
    with moto_cloud(clock) as wiring:
        shop(wiring, cap=1)
        told = Promise(earliest_on="2026-11-27", latest_on="2026-12-01")  # when there was some
        order(wiring, "ord_1", 2, promise=told)
        held = wiring.orders.get("ord_1")
        assert [hold.note for hold in held.holds] == ["CUP: cap_reached, 0 of 1 wait, 2 more wanted"]
        assert held.promise == Promise()
        assert [(row.old, row.new, row.why) for row in wiring.orders.promises("ord_1")] == [
            (told, Promise(), "out_of_stock")
        ]
        assert [fact.type for fact in held.facts] == ["OrderHeld", "OrderPromiseChanged"]
