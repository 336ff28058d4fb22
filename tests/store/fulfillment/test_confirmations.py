"""Confirmations over the handler, on real tables: state, stock and facts of each request."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.fulfillment.api_confirm_fulfillment import handler
from oms.aws import clients
from oms.inventory.model import Position
from oms.kernel.ids import shard_of
from oms.orders.model import Content, FulfillmentLine, Line
from oms.orders.store import SHARDS
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.crash import CrashPoint, calls_of, crash, crash_points, restart
from tests.fulfillment_builders import NOW, a_work, an_order, parcels_of, units_in
from tests.fulfillment_store import ROUTE, books, confirmation, confirmations, now, seed, seed_stock, store
from tests.lambda_events import api_event

LEASE = ["Query", "UpdateItem"]  # the settings, and a share of what the caller may do: for its next calls too


@pytest.fixture
def wiring() -> Iterator[Wiring]:
    with moto_cloud(now) as made:
        seed(made)
        yield made


def outcomes(event: dict[str, Any]) -> list[tuple[str, str | None]]:
    answer = handler(event, None)
    assert answer["statusCode"] == 200, answer["body"]
    return [(row["outcome"], row.get("code")) for row in json.loads(answer["body"])["results"]]


def test_a_shipment_closes_the_work_hands_the_parcels_over_and_takes_the_stock(wiring: Wiring) -> None:
    assert outcomes(confirmations(confirmation("shipped"))) == [("applied", None)]
    work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
    assert (work.status, work.version, [fact.type for fact in work.facts]) == ("closed", 2, ["FulfillmentOrderShipped"])
    parcels = wiring.orders.parcels(work.parcel_ids).values()
    assert [(parcel.status, parcel.log[-1].what) for parcel in parcels] == [("handed_over", "handed_over")] * 2
    assert books(wiring) == {"MUG-RED": (10, 0, 10), "TEE-BLK-M": (10, 0, 10)}
    assert wiring.orders.get("ord_1").version == 1


def test_a_repeated_request_has_no_second_effect(wiring: Wiring) -> None:
    event = confirmations(confirmation("accepted"), confirmation("shipped"))
    assert outcomes(event) == [("applied", None), ("applied", None)]
    assert outcomes(event) == [("late", None), ("repeated", None)]
    assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 2
    assert books(wiring)["MUG-RED"] == (10, 0, 10)


def test_five_confirmations_of_one_order_are_one_write_with_all_their_facts(wiring: Wiring) -> None:
    kinds = ("accepted", "picked", "packed", "shipped")
    event = confirmations(*(confirmation(kind) for kind in kinds))
    assert calls_of(lambda: handler(event, None)) == [*LEASE, *["BatchGetItem"] * 3, "TransactWriteItems"]
    work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
    assert work.version == 2
    assert [fact.id for fact in work.facts] == [f"ful_ord_1.2.{place}" for place in range(4)]
    assert [row.by for row in work.log] == ["test", "location:ber-1"]


def test_a_simple_step_of_many_orders_is_one_read_and_one_write_each() -> None:
    with moto_cloud(now) as wiring:
        ids = [f"ord_{number}" for number in range(5)]
        seed(wiring, order_ids=ids)
        event = confirmations(*(confirmation("accepted", order_id) for order_id in ids))
        assert calls_of(lambda: handler(event, None)) == [*LEASE, "BatchGetItem", *["PutItem"] * 5]


def test_another_location_is_told_that_there_is_no_such_work(wiring: Wiring) -> None:
    event = confirmations(confirmation("accepted"), confirmation("accepted", "ord_none"), location="lon-1")
    assert outcomes(event) == [("refused", "not_found"), ("refused", "not_found")]
    assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 1


def test_a_rejection_frees_the_stock_and_asks_for_another_location(wiring: Wiring) -> None:
    assert outcomes(confirmations(confirmation("rejected"))) == [("applied", None)]
    tree = wiring.orders.tree("ord_1")
    assert (tree.order.status, tree.order.attempt, tree.order.watch_at) == ("confirmed", 2, "2026-11-23T09:30:00.000Z")
    assert wiring.orders.live("confirmed", _shard(), until=NOW + timedelta(hours=1), limit=9) == ["ord_1"]
    fact = tree.fulfillment_orders[0].facts[0]
    assert (fact.type, fact.route, fact.data["attempt"]) == ("FulfillmentOrderRejected", "ber-1", 2)
    assert books(wiring) == {"MUG-RED": (13, 0, 13), "TEE-BLK-M": (13, 0, 13)}


def test_missing_units_leave_the_books_and_wait_for_another_location(wiring: Wiring) -> None:
    event = confirmations(confirmation("short_pick", lines=[{"number": 2, "quantity": 2}]))
    assert outcomes(event) == [("applied", None)]
    assert outcomes(event) == [("repeated", None)]
    tree = wiring.orders.tree("ord_1")
    assert [(line.allocated, line.open) for line in tree.order.lines] == [(2, 0), (1, 2), (1, 0)]
    assert tree.fulfillment_orders[0].facts[0].data["missing"] == {"TEE-BLK-M": 2}
    assert books(wiring) == {"MUG-RED": (13, 3, 10), "TEE-BLK-M": (11, 1, 10)}


def test_a_partial_shipment_is_a_short_pick_and_a_shipment_in_two_writes(wiring: Wiring) -> None:
    event = confirmations(confirmation("shipped", lines=[{"number": 1, "quantity": 2}, {"number": 2, "quantity": 3}]))
    assert calls_of(lambda: handler(event, None)) == [
        *LEASE,
        *["BatchGetItem"] * 2,
        *["BatchGetItem", "TransactWriteItems"] * 2,  # stock is read when it moves
    ]
    work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
    assert (work.status, [line.shipped for line in work.lines]) == ("closed", [2, 3, 0])
    assert units_in(tuple(wiring.orders.parcels(work.parcel_ids).values())) == {1: 2, 2: 3}
    assert books(wiring) == {"MUG-RED": (10, 0, 10), "TEE-BLK-M": (10, 0, 10)}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"confirmations": []}, "confirmations"),
        ({"confirmations": [confirmation("eaten")]}, "confirmations.0.kind"),
        ({"confirmations": [confirmation("short_pick")]}, "confirmations.0.lines"),
        ({"confirmations": [confirmation("picked", lines=[{"number": 1, "quantity": True}])]}, None),
        ({"confirmations": [confirmation("picked", at="yesterday")]}, "confirmations.0.at"),
        ({"confirmations": [confirmation("picked")] * 26}, "confirmations"),
    ],
)
def test_a_body_that_is_not_valid_names_its_field(wiring: Wiring, body: dict[str, Any], field: str | None) -> None:
    answer = handler(api_event(ROUTE, path={"location": "ber-1"}, body=body), None)
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (422, "invalid")
    assert field is None or problem["faults"][0]["field"] == field
    assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 1


def test_without_the_role_nothing_is_confirmed(wiring: Wiring) -> None:
    body = {"confirmations": [confirmation("accepted")]}
    answer = handler(api_event(ROUTE, path={"location": "ber-1"}, body=body, roles=["auditor"]), None)
    assert answer["statusCode"] == 403
    assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 1


def test_whoever_wrote_first_is_seen_and_the_confirmation_decided_again(wiring: Wiring) -> None:
    """The version moves between read and write: the next try reads again."""
    meddled: list[int] = []

    def meddle(**_: Any) -> None:
        if not meddled:
            meddled.append(1)
            cancelled = a_work().changed(at=NOW, by="test", what="Cancelled", status="cancelled")
            store(wiring, cancelled)

    clients._client.cache_clear()
    clients.session().register("before-call.dynamodb.PutItem", meddle)
    try:
        clients._client.cache_clear()
        assert outcomes(confirmations(confirmation("accepted"))) == [("refused", "wrong_state")]
    finally:
        clients.session().unregister("before-call.dynamodb.PutItem", meddle)
        clients._client.cache_clear()
    assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").status == "cancelled"


SCENARIOS = {
    "all steps": [confirmation(kind) for kind in ("accepted", "picked", "packed", "shipped")],
    "partial shipment": [confirmation("shipped", lines=[{"number": 1, "quantity": 1}, {"number": 2, "quantity": 3}])],
    "short pick, then shipped": [
        confirmation("short_pick", lines=[{"number": 1, "quantity": 1}, {"number": 3, "quantity": 1}]),
        confirmation("shipped"),
    ],
    "rejected": [confirmation("rejected")],
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_request_that_died_anywhere_and_came_again_has_its_effect_once(scenario: str) -> None:
    event = confirmations(*SCENARIOS[scenario])

    def run() -> object:
        return handler(event, None)

    with moto_cloud(now) as wiring:
        seed(wiring)
        calls = calls_of(run)
        wanted = _end(wiring)
    for point in crash_points(calls):
        assert _after_crash(point, run) == wanted, point


def _after_crash(point: CrashPoint, run: Any) -> object:
    with moto_cloud(now) as wiring:
        seed(wiring)
        crash(point, run)
        restarted = restart(now)
        assert run()["statusCode"] == 200
        return _end(restarted)


def _end(wiring: Wiring) -> object:
    tree = wiring.orders.tree("ord_1")
    parcels = wiring.orders.parcels(tree.fulfillment_orders[0].parcel_ids)
    return (books(wiring), tree, parcels)


def _shard() -> int:
    return shard_of("ord_1", SHARDS)


def test_a_shipment_confirmed_after_its_delivery_completes_the_order() -> None:
    with moto_cloud(now) as wiring:
        work = a_work("accepted")
        delivered = [one.model_copy(update={"tracking_status": "delivered"}) for one in parcels_of(work)]
        store(wiring, an_order(), work, *delivered)
        seed_stock(wiring, orders=1)
        assert outcomes(confirmations(confirmation("shipped"))) == [("applied", None)]
        order = wiring.orders.get("ord_1")
        assert (order.status, [fact.type for fact in order.facts]) == ("completed", ["OrderCompleted"])
        assert outcomes(confirmations(confirmation("shipped"))) == [("repeated", None)]


def test_a_late_shipment_with_another_on_its_way_writes_the_header_so_that_a_delivery_looks_again() -> None:
    with moto_cloud(now) as wiring:
        work = a_work("accepted")
        delivered = [one.model_copy(update={"tracking_status": "delivered"}) for one in parcels_of(work)]
        other = a_work("accepted", id="ful_other", location="lon-1", parcel_ids=())
        store(wiring, an_order(), work, other, *delivered)
        seed_stock(wiring, orders=1)
        assert outcomes(confirmations(confirmation("shipped"))) == [("applied", None)]
        order = wiring.orders.get("ord_1")
        assert (order.status, order.version, order.watch_at) == ("in_fulfillment", 2, an_order().watch_at)


@pytest.mark.parametrize(("kind", "status"), [("shipped", "handed_over"), ("rejected", "voided")])
def test_more_parcels_and_skus_than_a_transaction_takes_are_confirmed_all_the_same(kind: str, status: str) -> None:
    with moto_cloud(now) as wiring:
        numbers = range(1, 61)
        lines = tuple(Line(number=n, sku=f"S{n}", quantity=1, unit_price_minor=1, allocated=1) for n in numbers)
        mine = tuple(FulfillmentLine(number=n, sku=f"S{n}", quantity=1) for n in numbers)
        work = a_work("accepted", lines=mine, parcel_ids=tuple(f"shp_{n}" for n in numbers))
        model = parcels_of(a_work())[0]
        boxes = [
            model.model_copy(update={"id": f"shp_{n}", "contents": (Content(number=n, sku=f"S{n}", quantity=1),)})
            for n in numbers
        ]
        store(wiring, an_order(lines=lines), work, *boxes)
        for n in numbers:
            wiring.stock.open_position(
                Position(f"S{n}", "ber-1", on_hand=1, reorder_point=-1, order_up_to=1, committed=1)
            )
        assert outcomes(confirmations(confirmation("short_pick", lines=[one(n) for n in numbers]))) == [
            ("refused", "too_large")
        ]
        assert outcomes(confirmations(confirmation(kind))) == [("applied", None)]
        assert outcomes(confirmations(confirmation(kind))) == [("repeated", None)]
        assert {parcel.status for parcel in wiring.orders.parcels(work.parcel_ids).values()} == {status}
        left = {(row.on_hand, row.committed) for n in numbers for row in wiring.stock.positions_of(f"S{n}")}
        assert left == {(0, 0) if kind == "shipped" else (1, 0)}


def one(number: int) -> dict[str, int]:
    return {"number": number, "quantity": 1}
