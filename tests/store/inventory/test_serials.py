"""Serial numbers over the API: in one place once, named when they leave, read with their whole story."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.fulfillment import api_confirm_fulfillment
from functions.inventory import api_move_stock, api_trace_lots
from oms.inventory.model import Change, Movement
from oms.reference.model import Item
from oms.wiring import Wiring
from tests import fulfillment_store
from tests.allocation_scene import CAUSE, assert_the_journal_explains_the_balances, rows, text_of
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

MUG = Item(sku="MUG-RED", name="Mug", weight_g=300, length_mm=10, width_mm=10, height_mm=10, serial_tracked=True)
ONE = "/v1/stock/{sku}/locations/{location}"


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(fulfillment_store.now) as wiring:
        seed(wiring)
        yield wiring


def seed(wiring: Wiring) -> None:
    """An order of three mugs and three other things; thirteen mugs are there, of which three get a number."""
    fulfillment_store.seed(wiring)
    wiring.reference.put_item(MUG)
    wiring.reference.put_item(MUG.model_copy(update={"sku": "TEE-BLK-M", "serial_tracked": False}))


def post(kind: str, units: int, *serials: str, sku: str = "MUG-RED", **more: Any) -> dict[str, Any]:
    body = {"kind": kind, "units": units, **more, **({"serials": list(serials)} if serials else {})}
    headers = {"Idempotency-Key": more.pop("key", f"{kind}{units}{serials}")}
    event = api_event(f"POST {ONE}/movements", path={"sku": sku, "location": "ber-1"}, headers=headers, body=body)
    answer = api_move_stock.handler(event, None)
    return {"http": answer["statusCode"], **text_of(answer)}


def serial(number: str) -> dict[str, Any]:
    path = {"sku": "MUG-RED", "serial": number}
    answer = api_trace_lots.handler(api_event("GET /v1/stock/{sku}/serials/{serial}", path=path), None)
    return {"http": answer["statusCode"], **text_of(answer)}


def confirm(kind: str, serials: dict[int, list[str]], name: str = "1") -> dict[str, Any]:
    units = {1: 2, 2: 3, 3: 1}
    lines = [
        {"number": number, "quantity": count, **({"serials": serials[number]} if number in serials else {})}
        for number, count in units.items()
    ]
    said = fulfillment_store.confirmation(kind, lines=lines, confirmation_id=f"c-{kind}-{name}")
    answer = text_of(api_confirm_fulfillment.handler(fulfillment_store.confirmations(said), None))
    result: dict[str, Any] = answer["results"][0]
    return result


def on_hand(wiring: Wiring) -> tuple[int, int]:
    found = wiring.stock.positions_at([("MUG-RED", "ber-1")])["MUG-RED", "ber-1"]
    return found.on_hand, found.serials


def test_a_serial_comes_in_once_and_is_in_one_place(wiring: Wiring) -> None:
    assert post("received", 2, "M1", "M2", ref="DN-1")["http"] == 201
    assert on_hand(wiring) == (15, 2)
    before = rows(wiring, "INVENTORY_TABLE")
    again = post("received", 2, "M2", "M3", ref="DN-2")
    assert (again["http"], again["code"], again["why_not"][0]["code"]) == (409, "serial_elsewhere", "serial_elsewhere")
    assert rows(wiring, "INVENTORY_TABLE") == before
    assert serial("M2")["status"] == "in_stock"
    assert serial("M3")["http"] == 404
    assert_the_journal_explains_the_balances(wiring)


@pytest.mark.usefixtures("wiring")
def test_an_article_of_serials_moves_by_number_and_no_other_does() -> None:
    assert post("received", 2)["code"] == "serials_needed"
    assert post("received", 2, "M1")["code"] == "invalid"
    assert post("received", 2, "M1", "M1")["code"] == "invalid"
    assert post("received", 1, "M1", sku="TEE-BLK-M")["faults"][0]["field"] == "serials"
    assert post("lost", 1, "M1", reason="stolen")["code"] == "serial_elsewhere"
    assert post("received", 1, "M1")["http"] == 201
    assert post("lost", 1, "M1", reason="stolen")["http"] == 201
    assert serial("M1")["status"] == "lost"


def test_what_ships_is_named_and_was_there_and_tells_its_order(wiring: Wiring) -> None:
    post("received", 3, "M1", "M2", "M3")
    assert confirm("picked", {1: ["M1", "M9"], 3: ["M3"]})["outcome"] == "applied"
    refused = confirm("shipped", {})
    assert (refused["outcome"], refused["code"]) == ("refused", "serial_elsewhere")
    assert confirm("shipped", {3: ["M1"], 1: ["M1", "M2"]}, "2")["code"] == "serial_elsewhere"
    assert on_hand(wiring) == (16, 3)
    assert confirm("shipped", {1: ["M1", "M2"], 3: ["M3"]}, "3")["outcome"] == "applied"
    assert on_hand(wiring) == (13, 0)
    told = serial("M1")
    assert (told["status"], told["ref"], told["location"]) == ("shipped", "ord_1", "ber-1")
    assert [one["status"] for one in told["past"]] == ["in_stock", "shipped"]
    assert post("received", 1, "M1", ref="RMA-1")["http"] == 201  # it comes back
    assert [one["status"] for one in serial("M1")["past"]] == ["in_stock", "shipped", "in_stock"]
    assert_the_journal_explains_the_balances(wiring)


def test_units_whose_numbers_are_known_do_not_leave_without_them(wiring: Wiring) -> None:
    post("received", 11, *(f"M{number}" for number in range(11)))
    post("received", 2, "N1", "N2")
    assert on_hand(wiring) == (26, 13)
    less = Movement("counted", ("MUG-RED", "ber-1"), Change(on_hand=-13))  # those without a number
    assert wiring.stock.move_once("count", less.key, lambda _before: [less], CAUSE, told="13 less")
    refused = confirm("shipped", {})
    assert (refused["outcome"], refused["code"]) == ("refused", "serials_needed")
    assert confirm("shipped", {1: ["M1", "M2"]}, "2")["code"] == "serials_needed"
    assert confirm("shipped", {1: ["M1", "M2"], 3: ["N1"]}, "3")["outcome"] == "applied"
    assert on_hand(wiring) == (10, 10)


def test_opening_stock_without_numbers_leaves_without_them(wiring: Wiring) -> None:
    post("received", 3, "M1", "M2", "M3")
    assert on_hand(wiring) == (16, 3)
    assert confirm("shipped", {})["outcome"] == "applied"
    assert on_hand(wiring) == (13, 3)
    assert serial("M1")["status"] == "in_stock"


def test_a_unit_that_was_not_found_is_set_apart_until_somebody_says_which_it_was(wiring: Wiring) -> None:
    post("received", 3, "M1", "M2", "M3")
    said = fulfillment_store.confirmation("short_pick", lines=[{"number": 3, "quantity": 1}])
    answer = text_of(api_confirm_fulfillment.handler(fulfillment_store.confirmations(said), None))
    assert answer["results"][0]["outcome"] == "applied"
    found = wiring.stock.positions_at([("MUG-RED", "ber-1")])["MUG-RED", "ber-1"]
    assert (found.on_hand, found.serials, found.quality_control) == (16, 3, 1)
    assert post("lost", 1, "M3", reason="stolen", out_of="quality_control")["http"] == 201
    assert on_hand(wiring) == (15, 2)


def test_a_receipt_and_a_shipment_of_serials_killed_anywhere_are_made_once() -> None:
    def receive() -> dict[str, Any]:
        return post("received", 3, "M1", "M2", "M3")

    def ship() -> dict[str, Any]:
        return confirm("shipped", {1: ["M1", "M2"], 3: ["M3"]})

    for run, before in ((receive, []), (ship, [receive])):
        with moto_cloud(fulfillment_store.now) as wiring:
            seed(wiring)
            for step in before:
                step()
            calls = calls_of(run)
            expected = on_hand(wiring), serial("M2")["past"]
        for point in crash_points(calls):
            with moto_cloud(fulfillment_store.now) as wiring:
                seed(wiring)
                for step in before:
                    step()
                crash(point, run)
                again = restart(fulfillment_store.now)
                run()
                assert (on_hand(again), serial("M2")["past"]) == expected, point
                assert_the_journal_explains_the_balances(again)
