"""Lots over the API: booked in by number, sold until their day, first expired first, blocked everywhere, traced."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.fulfillment import api_confirm_fulfillment
from functions.inventory import api_move_stock, api_trace_lots
from oms.aws.tables import commit
from oms.inventory.model import Change, LotMove, Movement
from oms.inventory.tracing.model import KnownLot
from oms.kernel.time import to_text
from oms.orders.model import FulfillmentLine, FulfillmentOrder
from oms.reference.model import Item
from oms.wiring import Wiring
from tests import fulfillment_store
from tests.allocation_scene import (
    CAUSE,
    Hands,
    assert_the_journal_explains_the_balances,
    position,
    rows,
    set_up,
    text_of,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event
from tests.store.inventory.test_transfers import PLAN, put, ready, receive, ship

HANDS = Hands()
ONE = "/v1/stock/{sku}/locations/{location}"
BRIE = Item(sku="BRIE", name="Brie", weight_g=300, length_mm=10, width_mm=10, height_mm=10, lot_tracked=True)


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(HANDS) as wiring:
        seed(wiring)
        yield wiring


def seed(wiring: Wiring, shelf_days: int = 0) -> None:
    HANDS.now = Hands().now
    set_up(wiring, position("BRIE", "ber-1", 0), position("BRIE", "lon-1", 0), position("CUP", "ber-1", 3))
    wiring.reference.put_item(BRIE.model_copy(update={"shelf_days": shelf_days}))
    wiring.reference.put_item(BRIE.model_copy(update={"sku": "CUP", "lot_tracked": False}))


def post(kind: str, units: int, lot: str | None = None, expires_on: str | None = None, **more: Any) -> dict[str, Any]:
    path = {"sku": more.pop("sku", "BRIE"), "location": more.pop("location", "ber-1")}
    key = {"Idempotency-Key": more.pop("key", f"{kind}-{units}-{lot}-{HANDS.now}")}
    if lot:
        more["lot"] = {"id": lot, **({"expires_on": expires_on} if expires_on else {})}
    event = api_event(f"POST {ONE}/movements", path=path, headers=key, body={"kind": kind, "units": units, **more})
    answer = api_move_stock.handler(event, None)
    return {"http": answer["statusCode"], **text_of(answer)}


def stock(location: str = "ber-1") -> dict[str, Any]:
    event = api_event(f"GET {ONE}", path={"sku": "BRIE", "location": location})
    answer: dict[str, Any] = text_of(api_move_stock.handler(event, None))
    return answer


def lots(location: str = "ber-1") -> list[tuple[str, int, int]]:
    return [(lot["lot_id"], lot["units"], lot["free"]) for lot in stock(location)["lots"]]


def lot(action: str = "", lot_id: str = "A", **more: Any) -> dict[str, Any]:
    method = "POST" if action in ("/block", "/unblock") else "GET"
    event = api_event(
        f"{method} /v1/stock/{{sku}}/lots/{{lot_id}}{action}", path={"sku": "BRIE", "lot_id": lot_id}, **more
    )
    answer = api_trace_lots.handler(event, None)
    return {"http": answer["statusCode"], **text_of(answer)}


def block() -> dict[str, Any]:
    return lot("/block", body={"reason": "recalled"})


def send(wiring: Wiring, units: int, order_id: str, taken: tuple[tuple[str, int], ...] = ()) -> None:
    """An order's units leave Berlin, as a confirmation has them leave."""
    line = FulfillmentLine(number=1, sku="BRIE", quantity=units, picked=units, packed=units, shipped=units, lots=taken)
    work = FulfillmentOrder(
        id=f"ful_{order_id}",
        order_id=order_id,
        location="ber-1",
        attempt=1,
        status="closed",
        lines=(line,),
        currency="EUR",
        entered_at=CAUSE.at,
    )
    before = wiring.stock.positions_at([("BRIE", "ber-1")])
    taking = Movement("committed", ("BRIE", "ber-1"), Change(committed=units), ref=order_id)
    commit(*wiring.stock.writes([taking], before, CAUSE._replace(at=to_text(HANDS.now))))
    commit(*wiring.stock.ship_writes(work, CAUSE._replace(at=to_text(HANDS.now))))


@pytest.mark.usefixtures("wiring")
def test_a_lot_is_sold_until_its_last_day_is_over_where_it_lies() -> None:
    assert post("received", 5, "B", "2026-11-24")["http"] == 201
    assert post("received", 4, "A", "2026-12-31")["http"] == 201
    assert lots() == [("B", 5, 5), ("A", 4, 4)]
    HANDS.now = datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)  # 23:59:59 in Berlin
    assert (stock()["available"], stock()["expired"]) == (9, 0)
    HANDS.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    assert (stock()["available"], stock()["expired"], stock()["on_hand"]) == (4, 5, 9)


def test_a_buyer_gets_the_shelf_life_that_the_article_promises() -> None:
    with moto_cloud(HANDS) as wiring:
        seed(wiring, shelf_days=7)
        refused = post("received", 5, "B")
        assert (refused["http"], refused["faults"][0]["field"]) == (422, "lot.expires_on")
        assert post("received", 5, "B", "2026-12-01")["http"] == 201
        HANDS.now = datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
        assert stock()["available"] == 5
        HANDS.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
        assert stock()["available"] == 0


@pytest.mark.usefixtures("wiring")
def test_an_article_of_lots_moves_by_lots_and_no_other_does() -> None:
    assert post("received", 5)["code"] == "lot_needed"
    assert post("lost", 5, reason="broken")["code"] == "lot_needed"
    assert post("received", 5, "A", sku="CUP")["faults"] == [{"field": "lot", "message": "CUP is not kept by lots"}]
    assert post("expected", 5)["http"] == 201
    post("received", 5, "A", "2026-12-31")
    assert post("received", 1, "A", "2027-01-01")["faults"][0]["field"] == "lot.expires_on"
    assert post("received", 2, "A")["http"] == 201
    assert post("damaged", 3, "A", reason="broken")["http"] == 201
    assert lots() == [("A", 7, 4)]
    assert post("lost", 3, "A", reason="broken", out_of="damaged")["http"] == 201
    assert lots() == [("A", 4, 4)]
    assert post("lost", 5, "A", reason="stolen")["code"] == "short_stock"
    assert post("lost", 1, "X", "2026-12-31", reason="stolen")["code"] == "short_stock"
    assert post("received", 1, "no lot!")["code"] == "invalid"
    assert lots() == [("A", 4, 4)]


def test_what_is_sent_is_the_first_to_expire_or_what_the_location_says(wiring: Wiring) -> None:
    post("received", 3, "LATE", "2027-03-01")
    post("received", 3, "OVER", "2026-11-23")
    post("received", 3, "SOON", "2026-12-01")
    HANDS.forward(days=1)
    send(wiring, 2, "ord_1")
    assert lots() == [("OVER", 3, 3), ("SOON", 1, 1), ("LATE", 3, 3)]
    send(wiring, 2, "ord_2", (("LATE", 2),))
    assert lots() == [("OVER", 3, 3), ("SOON", 1, 1), ("LATE", 1, 1)]
    send(wiring, 2, "ord_3")
    assert lots() == [("OVER", 3, 3)]
    uses = [(one["ref"], one["units"]) for one in lot("/uses", "LATE")["uses"]]
    assert uses == [("ord_3", 1), ("ord_2", 2)]
    assert [one["ref"] for one in lot("/uses", "SOON")["uses"]] == ["ord_3", "ord_1"]
    assert lot("/uses", "NONE")["http"] == 404
    bad = lot("/uses", "LATE", query={"cursor": "nowhere#x"})
    assert (bad["http"], bad["code"]) == (400, "bad_cursor")
    assert_the_journal_explains_the_balances(wiring)


def test_a_location_says_which_lots_it_picked_and_is_told_when_they_are_not_there() -> None:
    with moto_cloud(fulfillment_store.now) as wiring:
        fulfillment_store.seed(wiring)
        mugs = ("MUG-RED", "ber-1")
        before = wiring.stock.positions_at([mugs])
        taking_in = Movement("received", mugs, Change(on_hand=3), lots=(LotMove("OLD", 1), LotMove("NEW", 2)))
        commit(*wiring.stock.writes([taking_in], before, CAUSE))

        def confirm(kind: str, lots: dict[int, list[tuple[str, int]]]) -> dict[str, Any]:
            lines = [
                {
                    "number": number,
                    "quantity": units,
                    **(
                        {"lots": [{"lot_id": name, "units": count} for name, count in lots[number]]}
                        if number in lots
                        else {}
                    ),
                }
                for number, units in {1: 2, 2: 3, 3: 1}.items()
            ]
            said = fulfillment_store.confirmation(kind, lines=lines, confirmation_id=f"c-{kind}-{len(lots)}")
            answer = api_confirm_fulfillment.handler(fulfillment_store.confirmations(said), None)
            result: dict[str, Any] = text_of(answer)["results"][0]
            return result

        confirm("picked", {1: [("NEW", 1), ("GONE", 1)], 3: [("OLD", 1)]})
        refused = confirm("shipped", {})
        assert (refused["outcome"], refused["code"]) == ("refused", "short_stock")
        assert wiring.stock.positions_at([mugs])[mugs].on_hand == 16
        assert confirm("shipped", {1: [("NEW", 2)]})["outcome"] == "applied"
        left = wiring.stock.positions_at([mugs])[mugs]
        assert (left.on_hand, left.lots) == (13, ())
        assert_the_journal_explains_the_balances(wiring)


def test_a_blocked_lot_is_set_apart_wherever_it_lies_and_when_it_comes(wiring: Wiring) -> None:
    post("received", 3, "A", "2027-03-01")
    post("received", 2, "A", location="lon-1")
    post("received", 1, "B", "2027-03-01")
    blocked = block()
    assert (blocked["http"], blocked["blocked"], blocked["reason"]) == (200, True, "recalled")
    assert [(one["location"], one["units"], one["apart"]) for one in blocked["locations"]] == [
        ("ber-1", 3, 3),
        ("lon-1", 2, 2),
    ]
    assert (stock()["available"], stock()["quality_control"], stock("lon-1")["available"]) == (1, 3, 0)
    post("received", 4, "A")
    assert (stock()["available"], stock()["quality_control"]) == (1, 7)
    assert block()["locations"][0]["apart"] == 7
    assert lot("/unblock")["blocked"] is False
    post("cleared", 7, "A")
    post("received", 1, "A", key="again")
    assert (stock()["available"], lots()) == (9, [("A", 8, 8), ("B", 1, 1)])
    assert lot("/block", "NONE", body={"reason": "x"})["http"] == 404
    assert_the_journal_explains_the_balances(wiring)


def test_units_of_a_blocked_lot_are_not_for_sale_again_until_it_is_unblocked(wiring: Wiring) -> None:
    post("received", 3, "A", "2027-03-01")
    post("damaged", 1, "A", reason="broken")
    block()
    before = rows(wiring, "INVENTORY_TABLE")
    for kind, units in (("cleared", 2), ("repaired", 1)):
        refused = post(kind, units, "A")
        assert (refused["http"], refused["code"]) == (409, "lot_blocked")
        assert refused["detail"] == "lot A of BRIE is blocked: unblock it first"
    assert rows(wiring, "INVENTORY_TABLE") == before
    assert post("adjusted", 2, "A", reason="miscounted", expected={"on_hand": 3})["http"] == 201
    assert (stock()["available"], lots()) == (0, [("A", 5, 0)])
    lot("/unblock")
    assert post("cleared", 4, "A")["http"] == 201
    assert stock()["available"] == 4
    assert_the_journal_explains_the_balances(wiring)


def test_a_blocked_lot_is_neither_picked_nor_shipped() -> None:
    with moto_cloud(fulfillment_store.now) as wiring:
        fulfillment_store.seed(wiring)
        mugs = ("MUG-RED", "ber-1")
        taking_in = Movement("received", mugs, Change(on_hand=3), lots=(LotMove("A", 3),))
        commit(*wiring.stock.writes([taking_in], wiring.stock.positions_at([mugs]), CAUSE))
        known = KnownLot("MUG-RED", "A", blocked=True, version=1)
        commit(wiring.lot_desk.lots.write(known, 0))

        def confirm(kind: str) -> dict[str, Any]:
            line = {"number": 1, "quantity": 2, "lots": [{"lot_id": "A", "units": 2}]}
            said = fulfillment_store.confirmation(kind, lines=[line], confirmation_id=f"c-{kind}")
            answer = api_confirm_fulfillment.handler(fulfillment_store.confirmations(said), None)
            result: dict[str, Any] = text_of(answer)["results"][0]
            return result

        before = [rows(wiring, table) for table in ("INVENTORY_TABLE", "ORDERS_TABLE")]
        for kind in ("picked", "shipped"):
            refused = confirm(kind)
            assert (refused["outcome"], refused["code"]) == ("refused", "lot_blocked")
        assert [rows(wiring, table) for table in ("INVENTORY_TABLE", "ORDERS_TABLE")] == before
        commit(wiring.lot_desk.lots.write(known._replace(blocked=False, version=2), 1))
        assert confirm("picked")["outcome"] == "applied"


def test_a_block_killed_anywhere_goes_on_where_it_was() -> None:
    def begin(wiring: Wiring) -> None:
        seed(wiring)
        post("received", 3, "A", "2027-03-01")
        post("received", 2, "A", location="lon-1")

    with moto_cloud(HANDS) as wiring:
        begin(wiring)
        calls = calls_of(block)
    for point in crash_points(calls):
        with moto_cloud(HANDS) as wiring:
            begin(wiring)
            crash(point, block)
            restart(HANDS)
            assert [one["apart"] for one in block()["locations"]] == [3, 2], point
            assert_the_journal_explains_the_balances(wiring)


def test_a_transfer_takes_its_lots_along_and_a_recall_meets_them_where_they_arrive(wiring: Wiring) -> None:
    post("received", 3, "B", "2027-03-01")
    post("received", 3, "A", "2027-01-01")
    put({**PLAN, "lines": [{"sku": "BRIE", "units": 5}]})
    ready()
    ship("S-1")
    assert lots() == [("B", 1, 1)]
    block()
    receive("R-1", {"sku": "BRIE", "received": 4, "damaged": 1, "reason": "broken"})
    assert lots("lon-1") == [("A", 3, 0), ("B", 2, 1)]
    assert (stock("lon-1")["available"], stock("lon-1")["quality_control"], stock("lon-1")["damaged"]) == (1, 3, 1)
    assert [one["ref"] for one in lot("/uses")["uses"]] == ["transfer:T-1"]
    assert_the_journal_explains_the_balances(wiring)


def test_a_movement_of_a_lot_that_is_refused_writes_nothing(wiring: Wiring) -> None:
    post("received", 5, "A", "2026-12-31")
    before = rows(wiring, "INVENTORY_TABLE")
    assert post("lost", 6, "A", reason="stolen")["http"] == 409
    assert rows(wiring, "INVENTORY_TABLE") == before
