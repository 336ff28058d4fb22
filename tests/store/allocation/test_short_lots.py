"""Lots that end before the delivery: neither answered, nor promised, nor sent, and the decision says so."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from oms.allocation.decisions.rules import words_of
from oms.orders.model import Order, Promise
from oms.reference.model import Channel, Item
from oms.wiring import Wiring
from tests.allocation_scene import Hands, assert_the_books_balance, position, put_order, set_up
from tests.aws import moto_cloud
from tests.intake import open_desk
from tests.store.allocation.test_promises_by_rule import submitted
from tests.store.inventory.test_lots import HANDS, post
from tests.store.inventory.test_supplies import ask
from tests.waiting_scene import come, sell, serve, supply, trusted

CUP = Item(
    sku="CUP", name="Ewer of milk", weight_g=300, length_mm=10, width_mm=10, height_mm=10, lot_tracked=True,
    shelf_days=5, channel_shelf_days={"market": 90},
)  # fmt: skip


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    """Now it is 23 November."""
    with moto_cloud(HANDS) as wiring:
        HANDS.now = Hands().now
        set_up(wiring, position("CUP", "ber-1", 0))
        trusted(wiring)
        wiring.reference.put_item(CUP)
        for name in ("desk", "market"):
            channel = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}))
            wiring.reference.put_setting("CHANNEL", name, channel)
        yield wiring


def received(units: int, lot: str, expires_on: str) -> None:
    assert post("received", units, lot, expires_on, sku="CUP")["http"] == 201


def shown(quantity: int = 3, **more: str) -> tuple[int, str | None, dict[str, Any]]:
    answer = ask(quantity=str(quantity), postal_code="10435", **more)[1]
    (sku,) = answer["skus"]
    return sku["now"], sku.get("promisable_on"), answer["delivery"]


def decided(wiring: Wiring, name: str, units: int, *, channel: str = "desk", **more: Any) -> Order:
    come(wiring, put_order(wiring, name, {"CUP": units}, channel=channel, **more))
    assert_the_books_balance(wiring)
    return wiring.orders.get(name)


def row(order: Order) -> tuple[int, int, str | None]:
    (line,) = order.lines
    return line.allocated, line.backordered, line.supply_on


WINDOW = {"earliest_on": "2026-11-27", "latest_on": "2026-12-01"}


def test_availability_counts_what_lasts_until_the_delivery_that_it_names(wiring: Wiring) -> None:
    received(5, "C", "2026-12-05")  # to be delivered until 30 November
    assert shown() == (0, None, {})
    received(2, "D", "2026-12-06")  # until 1 December: the last day of the delivery
    assert shown() == (2, None, {})
    assert shown(2) == (2, "2026-11-23", WINDOW)
    received(1, "E", "2027-06-30")
    assert shown(3) == (3, "2026-11-23", WINDOW)
    assert wiring.offered("desk", ["CUP"]) == {"CUP": 8}  # whoever names no destination


def test_what_comes_later_is_not_promised_with_lots_that_end_before_it(wiring: Wiring) -> None:
    received(2, "D", "2026-12-06")
    supply(wiring, "po", 3, "2026-12-07")
    now, on, delivery = shown(3)
    assert (now, on) == (2, "2026-12-07")  # by then the three that come, and none of the lot
    assert delivery["latest_on"] > "2026-12-07"
    assert shown(4) == (2, None, {})
    assert shown(2) == (2, "2026-11-23", WINDOW)


def test_an_order_without_a_promise_is_reckoned_as_it_would_be_delivered(wiring: Wiring) -> None:
    received(5, "C", "2026-12-05")
    order = decided(wiring, "ord_1", 3)
    assert (row(order), order.promise) == ((0, 3, "unknown"), Promise())
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert words_of(record)[:2] == (
        "No location has 3 of the 3 unit(s) that are missing, in lots that last.",
        "ber-1 has 5 unit(s) of CUP in lots that end before the delivery: they may be delivered until 2026-11-30.",
    )
    serve("CUP")
    assert row(wiring.orders.get("ord_1")) == (0, 3, "unknown")
    received(3, "D", "2026-12-06")
    serve("CUP")
    order = wiring.orders.get("ord_1")
    assert (row(order), order.promise.latest_on) == ((3, 0, None), "2026-12-01")
    assert_the_books_balance(wiring)


def test_who_waits_is_promised_nothing_from_lots_that_end_before_his_delivery(wiring: Wiring) -> None:
    received(5, "C", "2026-12-05")
    promise = Promise(earliest_on="2026-11-27", latest_on="2026-12-01")
    order = decided(wiring, "ord_1", 3, promise=promise)
    assert (row(order), order.promise) == ((0, 3, "unknown"), Promise())
    supply(wiring, "po", 3, "2026-12-07")
    serve("CUP")  # promised anew
    order = wiring.orders.get("ord_1")
    assert (row(order), order.promise.earliest_on) == ((0, 3, "2026-12-07"), "2026-12-11")
    other = decided(wiring, "ord_2", 1, minute=1)
    assert (row(other), other.promise) == ((0, 1, "unknown"), Promise())
    supply(wiring, "po", 4, "2026-12-07")
    serve("CUP")
    assert [row(wiring.orders.get(name))[2] for name in ("ord_1", "ord_2")] == ["2026-12-07", "2026-12-07"]


def test_each_in_line_is_promised_of_the_lots_that_last_for_it(wiring: Wiring) -> None:
    received(5, "C", "2027-01-15")  # for the desk until 10 January, for the market no more
    assert row(decided(wiring, "ord_1", 1, channel="market")) == (0, 1, "unknown")
    supply(wiring, "po", 2, "2026-12-07")
    serve("CUP")
    assert row(wiring.orders.get("ord_1")) == (0, 1, "2026-12-07")


def test_the_first_promise_is_made_of_what_lasts_until_its_last_day() -> None:
    with moto_cloud(HANDS) as wiring:
        HANDS.now = Hands().now
        set_up(wiring, position("MUG", "ber-1", 0), position("LAMP", "ber-1", 5))
        trusted(wiring)
        wiring.reference.put_item(CUP.model_copy(update={"sku": "MUG"}))
        sell(wiring, "LAMP")
        channel = Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR"}))
        wiring.reference.put_setting("CHANNEL", "sales_desk", channel)
        wiring.intake = replace(open_desk(wiring), stock=wiring.offer, promise=wiring.promise)
        assert post("received", 5, "C", "2026-12-05", sku="MUG")["http"] == 201
        first = submitted("S-1")
        assert (first["promise"], first["backorder_expected"]) == ({}, True)
        assert post("received", 5, "D", "2026-12-06", sku="MUG")["http"] == 201
        second = submitted("S-2")
        assert (second["promise"], second["backorder_expected"]) == (WINDOW, False)
