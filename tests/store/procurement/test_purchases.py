"""A supplier's work is ordered from the supplier in the transaction that releases it, once."""

from typing import Any

from functions.fulfillment import task_release_fulfillment, task_withdraw_release
from functions.procurement.api_list_purchases import handler as list_purchases
from oms.aws.tables import commit
from oms.procurement.model import Offer, Purchase, PurchaseLine, Supplier
from oms.procurement.purchases import purchase_id_of
from oms.wiring import Wiring
from tests.allocation_scene import text_of
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, crash_points, restart
from tests.fulfillment_builders import a_work, an_order, parcels_of
from tests.fulfillment_store import now, store
from tests.lambda_events import api_event

DOCUMENT = {"order_id": "ord_1", "fulfillment_order_id": "ful_ord_1", "attempt": 1, "outcome": "documented"}
PURCHASE_ID = purchase_id_of("ful_ord_1")


def booked(wiring: Wiring, supplier: str | None = "acme") -> None:
    """Six units are booked at the place of a supplier that sells one of the two SKUs."""
    work = a_work("booked").model_copy(update={"supplier": supplier})
    store(wiring, an_order(), work, *parcels_of(work))
    offer = Offer(sku="MUG-RED", lead_time_days=2, unit_cost_minor=450, currency="EUR")
    wiring.procurement.put_supplier(Supplier(id="acme", name="Acme", country="DE", offers=(offer,)))


def release() -> Any:
    return task_release_fulfillment.handler(DOCUMENT, None)


def purchase(wiring: Wiring) -> Purchase | None:
    return wiring.procurement.purchase(PURCHASE_ID)


def test_the_release_of_a_suppliers_work_orders_it() -> None:
    with moto_cloud(now) as wiring:
        booked(wiring)
        assert release()["outcome"] == "released"
        made = purchase(wiring)
        assert made is not None
        assert (made.supplier, made.location, made.order_id, made.ship_by) == ("acme", "ber-1", "ord_1", "2026-11-24")
        assert made.lines == (
            PurchaseLine(number=1, sku="MUG-RED", units=2, unit_cost_minor=450, currency="EUR"),
            PurchaseLine(number=2, sku="TEE-BLK-M", units=3),
            PurchaseLine(number=3, sku="MUG-RED", units=1, unit_cost_minor=450, currency="EUR"),
        )
        (fact,) = made.facts
        assert (fact.type, fact.order_id, fact.data["units"]) == (
            "PurchaseRaised",
            "ord_1",
            [["MUG-RED", 2], ["TEE-BLK-M", 3], ["MUG-RED", 1]],
        )
        answer = list_purchases(api_event("GET /v1/purchases", query={"supplier": "acme"}), None)
        (shown,) = text_of(answer)["purchases"]
        assert (shown["purchase_id"], shown["fulfillment_order_id"]) == (PURCHASE_ID, "ful_ord_1")
        other = list_purchases(api_event("GET /v1/purchases", query={"supplier": "emca"}), None)
        assert text_of(other) == {"purchases": []}


def test_our_own_work_is_ordered_from_nobody_and_costs_no_call() -> None:
    with moto_cloud(now) as wiring:
        booked(wiring, supplier=None)
        calls = calls_of(release)
        assert calls == ["BatchGetItem", "PutItem"]
        assert purchase(wiring) is None


def test_what_is_withdrawn_and_released_again_stays_one_purchase() -> None:
    with moto_cloud(now) as wiring:
        booked(wiring)
        release()
        before = purchase(wiring)
        failed = {**DOCUMENT, "failed_step": "release_fulfillment", "error": {"Error": "X", "Cause": "y"}}
        assert task_withdraw_release.handler(failed, None)["outcome"] == "withdrawn"
        assert release()["outcome"] == "released"
        assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").status == "requested"
        assert purchase(wiring) == before


def test_killed_anywhere_it_is_ordered_once() -> None:
    with moto_cloud(now) as wiring:
        booked(wiring)
        points = [one for one in crash_points(calls_of(release)) if one.operation == "TransactWriteItems"]
    assert points
    for point in points:
        with moto_cloud(now) as wiring:
            booked(wiring)
            crash(point, release)
            again = restart(now)
            assert release()["outcome"] == "released"
            made = purchase(again)
            assert made is not None, point
            assert made.version == 1, point


def withdrawn_and_moved(wiring: Wiring) -> None:
    """Released, withdrawn, and booked with a carrier that comes two days later."""
    booked(wiring)
    release()
    failed = {**DOCUMENT, "failed_step": "release_fulfillment", "error": {"Error": "X", "Cause": "y"}}
    assert task_withdraw_release.handler(failed, None)["outcome"] == "withdrawn"
    work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
    commit(wiring.orders.write(work.changed(at=now(), by="test", what="Booked", ship_by="2026-11-26")))


def test_what_is_released_again_for_another_day_is_ordered_for_that_day() -> None:
    with moto_cloud(now) as wiring:
        withdrawn_and_moved(wiring)
        before = purchase(wiring)
        assert before is not None
        assert release()["outcome"] == "released"
        after = purchase(wiring)
        assert after is not None
        assert (before.ship_by, after.ship_by, after.version) == ("2026-11-24", "2026-11-26", 2)
        assert (after.id, after.lines, after.raised_at) == (before.id, before.lines, before.raised_at)
        (fact,) = after.facts
        assert (fact.type, fact.data["before"], fact.data["ship_by"]) == (
            "PurchaseRescheduled",
            "2026-11-24",
            "2026-11-26",
        )
        answer = list_purchases(api_event("GET /v1/purchases", query={"supplier": "acme"}), None)
        assert [one["ship_by"] for one in text_of(answer)["purchases"]] == ["2026-11-26"]


def test_killed_anywhere_its_day_is_moved_once() -> None:
    with moto_cloud(now) as wiring:
        withdrawn_and_moved(wiring)
        points = around_writes(calls_of(release))
    assert len(points) == 2
    for point in points:
        with moto_cloud(now) as wiring:
            withdrawn_and_moved(wiring)
            crash(point, release)
            again = restart(now)
            assert release()["outcome"] == "released"
            made = purchase(again)
            assert made is not None, point
            assert (made.version, made.ship_by) == (2, "2026-11-26"), point
