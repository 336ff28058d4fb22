"""Bundles: taken as their components, whole, at one location; and given back, shipped and doubted as such."""

from typing import Any

import pytest

from functions.allocation.queue_allocate_orders import handler
from functions.intake import api_submit_orders
from oms.allocation.recall import cancel_order
from oms.aws.tables import commit
from oms.fulfillment.case import Case
from oms.fulfillment.model import Confirmation
from oms.fulfillment.rules import apply_confirmation
from oms.fulfillment.service import stock_writes
from oms.orders.model import Line, Order
from oms.reference.model import Item
from oms.wiring import Wiring
from tests.allocation_scene import (
    CAUSE,
    START,
    assert_the_journal_explains_the_balances,
    batch,
    position,
    put_order,
    set_up,
    text_of,
)
from tests.intake import TestClock, canonical, company
from tests.lambda_events import api_event

SET = (("CUP", 4), ("POT", 1))


def sets(units: int, number: int = 1) -> Line:
    return Line(number=number, sku="TEA-SET", quantity=units, unit_price_minor=1, open=units, components=SET)


def cups(units: int, number: int = 2) -> Line:
    return Line(number=number, sku="CUP", quantity=units, unit_price_minor=1, open=units)


def order(wiring: Wiring, *lines: Line, name: str = "ord_1", minute: int = 0) -> Order:
    return put_order(wiring, name, {}, minute=minute, lines=lines, total_minor=1)


def allocate(*orders: Order) -> None:
    assert handler(batch(*orders), None) == {"batchItemFailures": []}


def books(wiring: Wiring) -> dict[str, dict[str, tuple[int, int, int]]]:
    """(on hand, committed, backordered) by SKU and location."""
    assert_the_journal_explains_the_balances(wiring)
    found: dict[str, dict[str, tuple[int, int, int]]] = {}
    for (sku, place), one in wiring.stock.positions(["CUP", "POT", "TEA-SET"]).items():
        found.setdefault(sku, {})[place] = (one.on_hand, one.committed, one.backordered)
    return found


def test_a_bundle_is_taken_as_its_components_and_the_order_counts_bundles(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 5))
    allocate(order(cloud_on_moto, sets(2)))
    header, (work,) = cloud_on_moto.orders.tree("ord_1")
    assert [(line.allocated, line.open) for line in header.lines] == [(2, 0)]
    assert [(line.sku, line.quantity, line.components) for line in work.lines] == [("TEA-SET", 2, SET)]
    assert books(cloud_on_moto) == {"CUP": {"ber-1": (10, 8, 0)}, "POT": {"ber-1": (5, 2, 0)}}


def test_a_bundle_is_never_made_of_components_at_two_locations(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "lon-1", 5), position("CUP", "lon-1", 3))
    allocate(order(cloud_on_moto, sets(1)))
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert (header.lines[0].backordered, works) == (1, ())
    assert books(cloud_on_moto)["CUP"] == {"ber-1": (10, 0, 0), "lon-1": (3, 0, 4)}
    assert books(cloud_on_moto)["POT"] == {"lon-1": (5, 0, 1)}


def test_cups_sold_singly_and_in_sets_are_not_taken_twice(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 5))
    allocate(order(cloud_on_moto, sets(2), cups(3)))
    header, _ = cloud_on_moto.orders.tree("ord_1")
    assert [(line.allocated, line.backordered) for line in header.lines] == [(2, 0), (2, 1)]
    assert books(cloud_on_moto)["CUP"] == {"ber-1": (10, 10, 1)}


def test_orders_of_one_batch_do_not_take_a_component_twice(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 5))
    orders = [order(cloud_on_moto, sets(1), name=f"ord_{number}", minute=number) for number in range(3)]
    allocate(*orders)
    taken = [cloud_on_moto.orders.get(f"ord_{number}").lines[0].allocated for number in range(3)]
    assert taken == [1, 1, 0]
    assert books(cloud_on_moto)["CUP"]["ber-1"] == (10, 8, 4)


def test_a_cancelled_bundle_gives_all_its_components_back(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 1))
    allocate(order(cloud_on_moto, sets(2)))
    assert books(cloud_on_moto) == {"CUP": {"ber-1": (10, 4, 4)}, "POT": {"ber-1": (1, 1, 1)}}
    cancel_order(
        "ord_1",
        reason="customer_request",
        note=None,
        by="user:tester",
        desk=cloud_on_moto.taking_back,
        exposure=cloud_on_moto.credit,
        now=START,
    )
    assert books(cloud_on_moto) == {"CUP": {"ber-1": (10, 0, 0)}, "POT": {"ber-1": (1, 0, 0)}}
    assert cloud_on_moto.orders.get("ord_1").status == "cancelled"


def confirmed(wiring: Wiring, kind: str, **more: Any) -> None:
    """A confirmation's part of the stock, decided by the rules and written."""
    header, (work,) = wiring.orders.tree("ord_1")
    ready = work.model_copy(update={"status": "accepted"})
    said = Confirmation.model_validate(
        {"confirmation_id": "c", "order_id": "ord_1", "fulfillment_order_id": work.id, "kind": kind, **more}
    )
    decision = apply_confirmation(Case(ready, header, ()), said, START)
    assert decision.outcome == "applied", decision.message
    commit(*stock_writes(wiring.stock, decision.case.work, decision.effect, CAUSE))


def test_a_shipped_bundle_takes_its_components_off_the_books(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 5))
    allocate(order(cloud_on_moto, sets(2)))
    _, (work,) = cloud_on_moto.orders.tree("ord_1")
    shipped = work.model_copy(update={"lines": (work.lines[0].model_copy(update={"shipped": 2}),)})
    commit(*cloud_on_moto.stock.ship_writes(shipped, CAUSE))
    assert books(cloud_on_moto) == {"CUP": {"ber-1": (2, 0, 0)}, "POT": {"ber-1": (3, 0, 0)}}


def test_the_components_of_a_bundle_that_is_short_are_kept_from_sale_until_they_are_counted(
    cloud_on_moto: Wiring,
) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 5))
    allocate(order(cloud_on_moto, sets(2), cups(1)))
    confirmed(cloud_on_moto, "short_pick", lines=[{"number": 1, "quantity": 1}, {"number": 2, "quantity": 1}])
    assert books(cloud_on_moto) == {"CUP": {"ber-1": (9, 4, 0)}, "POT": {"ber-1": (5, 1, 0)}}
    pot = cloud_on_moto.stock.positions_at([("POT", "ber-1"), ("CUP", "ber-1")])
    assert {sku: one.quality_control for (sku, _), one in pot.items()} == {"POT": 1, "CUP": 4}
    assert cloud_on_moto.stock.available(["CUP", "POT"]) == {"CUP": {"ber-1": 1}, "POT": {"ber-1": 3}}


def test_a_rejected_bundle_is_free_again(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("POT", "ber-1", 5))
    allocate(order(cloud_on_moto, sets(2)))
    confirmed(cloud_on_moto, "rejected", reason="closed_today")
    assert books(cloud_on_moto) == {"CUP": {"ber-1": (10, 0, 0)}, "POT": {"ber-1": (5, 0, 0)}}


def item(sku: str, **more: Any) -> Item:
    return Item(sku=sku, name=sku, weight_g=1, length_mm=1, width_mm=1, height_mm=1, **more)


@pytest.fixture(name="shop")
def _shop(cloud_on_moto: Wiring) -> Wiring:
    set_up(
        cloud_on_moto,
        *(position("CUP", "ber-1", 10), position("POT", "ber-1", 5), position("CUP", "lon-1", 9)),
    )
    for one in (item("TEA-SET", components=SET), item("CUP", part_of={"TEA-SET"}), item("POT", part_of={"TEA-SET"})):
        cloud_on_moto.reference.put_item(one)
    return cloud_on_moto


def test_what_is_offered_of_a_bundle_is_the_minimum_of_its_components(shop: Wiring) -> None:
    assert shop.offer.available(["TEA-SET", "CUP"]) == {"TEA-SET": {"ber-1": 2}, "CUP": {"ber-1": 10, "lon-1": 9}}
    assert shop.offer.available(["TEA-SET"]) == {"TEA-SET": {"ber-1": 2}}
    assert shop.offered("any", ["TEA-SET", "POT"]) == {"TEA-SET": 2, "POT": 5}


def test_when_a_component_moves_its_bundles_move(shop: Wiring) -> None:
    assert shop.offer.sold_as({"POT", "NONE"}) == {"POT", "TEA-SET", "NONE"}


def test_an_order_keeps_the_components_that_a_bundle_had_when_it_was_sold() -> None:
    body = canonical(external_order_id="A-9")
    with company(TestClock()) as wiring:
        wiring.reference.put_item(item("LAMP", components=(("BULB", 2), ("FOOT", 1))))
        event = api_event("POST /v1/orders", body=body, headers={"idempotency-key": "k"}, roles=["sales"])
        answer = api_submit_orders.handler(event, None)
        assert answer["statusCode"] == 201, text_of(answer)
        order_id = text_of(answer)["order_id"]
        wiring.reference.put_item(item("LAMP", components=(("BULB", 3),)))
        lines = wiring.orders.get(order_id).lines
        assert [(line.sku, line.components) for line in lines] == [("LAMP", (("BULB", 2), ("FOOT", 1))), ("MUG", ())]
