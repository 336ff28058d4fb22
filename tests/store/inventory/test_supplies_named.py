"""Receipts of supplies that are kept by lots and by serial number: named, dated, recalled ones set apart."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.inventory import api_manage_supplies
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_journal_explains_the_balances, rows, text_of
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event
from tests.store.inventory.test_counts_named import DRILL, HANDS, seed, stored, where
from tests.store.inventory.test_lots import block, lots, post, stock
from tests.store.inventory.test_supplies import LINE, put


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(HANDS) as wiring:
        seed(wiring)
        announce()
        yield wiring


def announce() -> None:
    for sku in ("BRIE", "DRILL", "VACCINE", "CUP"):
        assert put({**LINE, "sku": sku}, name=f"PO-{sku}")[0] == 200


def receive(sku: str, units: int, receipt_id: str = "GR-1", **named: Any) -> dict[str, Any]:
    body = {"receipt_id": receipt_id, "units": units, **named}
    event = api_event(
        "POST /v1/supplies/{supply_id}/receipts",
        path={"supply_id": f"PO-{sku}"},
        body=body,
        roles=["procurement"],
    )
    answer = api_manage_supplies.handler(event, None)
    return {"http": answer["statusCode"], **text_of(answer)}


def lot(name: str, units: int, expires_on: str | None = None) -> dict[str, Any]:
    return {"id": name, "units": units, **({"expires_on": expires_on} if expires_on else {})}


def test_a_receipt_names_its_lots_with_their_last_day(wiring: Wiring) -> None:
    done = receive("BRIE", 6, lots=[lot("B", 4, "2027-02-28"), lot("A", 2, "2026-12-31")])
    assert (done["http"], done["received"], done["to_come"]) == (200, 6, 4)
    assert (lots(), stock()["incoming"]) == ([("A", 2, 2), ("B", 4, 4)], 4)
    assert receive("BRIE", 6, lots=[lot("B", 4, "2027-02-28"), lot("A", 2, "2026-12-31")])["received"] == 6
    assert receive("BRIE", 6, lots=[lot("B", 6)])["code"] == "id_reused"
    assert receive("BRIE", 1, "GR-2", lots=[lot("A", 1)])["http"] == 200  # its day is known by now
    assert lots()[0] == ("A", 3, 3)
    assert_the_journal_explains_the_balances(wiring)


def test_what_must_be_named_is_and_what_is_not_kept_by_it_may_not(wiring: Wiring) -> None:
    before = rows(wiring, "INVENTORY_TABLE")
    assert receive("BRIE", 2)["code"] == "lot_needed"
    assert receive("DRILL", 2)["code"] == "serials_needed"
    assert receive("VACCINE", 1, lots=[lot("A", 1)])["code"] == "serials_needed"
    assert receive("CUP", 1, lots=[lot("A", 1)])["faults"][0]["field"] == "lots"
    assert receive("CUP", 1, serials=["S"])["faults"][0]["field"] == "serials"
    wrong: dict[str, Any]
    for wrong in (
        {"lots": [lot("A", 1)]},
        {"lots": [lot("A", 1), lot("A", 1)]},
        {"lots": [lot("A", 3), lot("B", -1)]},
        {"lots": []},
        {"serials": ["S1"]},
        {"serials": ["S1", "S1"]},
    ):
        assert receive("BRIE", 2, **wrong)["code"] == "invalid"
    assert rows(wiring, "INVENTORY_TABLE") == before


def test_a_recalled_lot_is_set_apart_as_it_comes(wiring: Wiring) -> None:
    post("received", 1, "A", "2026-12-31")
    block()
    assert receive("BRIE", 3, lots=[lot("A", 2), lot("B", 1, "2027-01-01")])["http"] == 200
    assert (stock()["on_hand"], stock()["quality_control"], stock()["available"]) == (4, 3, 1)
    assert_the_journal_explains_the_balances(wiring)


def test_serials_come_in_once(wiring: Wiring) -> None:
    assert receive("DRILL", 2, serials=["D1", "D2"])["received"] == 2
    assert (stored(wiring, "DRILL").serials, where("D1")) == (2, "in_stock")
    again = receive("DRILL", 1, "GR-2", serials=["D1"])
    assert (again["http"], again["code"]) == (409, "serial_elsewhere")
    assert stored(wiring, "DRILL").on_hand == 2


def test_a_plain_receipt_costs_the_calls_and_writes_that_it_did(wiring: Wiring) -> None:
    wiring.reference.put_item(DRILL.model_copy(update={"sku": "CUP", "serial_tracked": False}))
    restart(HANDS)
    calls = calls_of(lambda: receive("CUP", 2))
    expected = ["GetItem", "BatchGetItem", "BatchGetItem", "BatchGetItem", "TransactWriteItems", "BatchGetItem"]
    assert [name for name in calls if name != "UpdateItem"] == ["Query", *expected]


def test_a_receipt_of_lots_and_serials_killed_anywhere_is_booked_once() -> None:
    def run() -> dict[str, Any]:
        return receive("VACCINE", 3, lots=[lot("A", 1, "2027-01-01"), lot("B", 2)], serials=["V1", "V2", "V3"])

    with moto_cloud(HANDS) as wiring:
        seed(wiring)
        announce()
        calls = calls_of(run)
    write = calls.index("TransactWriteItems")
    for point in [one for one in crash_points(calls) if one.number in (write, write + 1)]:
        with moto_cloud(HANDS) as wiring:
            seed(wiring)
            announce()
            crash(point, run)
            again = restart(HANDS)
            assert run()["received"] == 3, point
            after = stored(again, "VACCINE")
            assert (after.on_hand, after.serials, [one[:2] for one in after.lots]) == (3, 3, [("A", 1), ("B", 2)]), (
                point
            )
            assert_the_journal_explains_the_balances(again)
