"""An order that names its reservation: what is available to it counts its own units, from the first answer on."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from functions.intake.api_submit_orders import handler as submit
from oms.intake.channels.generic import PLUGIN
from oms.intake.notices import Snapshot
from oms.inventory.reservations.rules import reservation_id_of
from oms.reference.model import Channel, Item
from oms.wiring import Wiring
from tests.allocation_scene import Hands, assert_the_books_balance, batch, position, text_of, trees
from tests.aws import moto_cloud
from tests.intake import canonical, open_desk
from tests.lambda_events import api_event
from tests.reservation_scene import SHOP, START, ask, done, free, open_shop
from tests.unit.intake.specimens import generic

DESK = "sales_desk"


@pytest.fixture
def hands() -> Hands:
    return Hands(START)


@pytest.fixture
def shop(hands: Hands) -> Iterator[Wiring]:
    with moto_cloud(hands) as wiring:
        for sku in ("LAMP", "MUG"):
            item = Item(sku=sku, name=sku, weight_g=500, length_mm=100, width_mm=100, height_mm=100)
            wiring.reference.put_item(item)
        open_shop(wiring, position("LAMP", "ber-1", 2), position("MUG", "ber-1", 9))
        desk = Channel(name=DESK, kind="canonical", currencies=frozenset({"EUR"}))
        wiring.reference.put_setting("CHANNEL", DESK, desk)
        wiring.intake = replace(open_desk(wiring), stock=wiring.offer)
        yield wiring
        assert_the_books_balance(wiring)


def order(**more: Any) -> dict[str, Any]:
    """Two lamps and a mug, as the sales desk submits them."""
    body = canonical(**more)
    sent = api_event("POST /v1/orders", headers={"Idempotency-Key": body["external_order_id"]}, body=body)
    answer = submit(sent, None)
    assert answer["statusCode"] == 201, text_of(answer)
    told: dict[str, Any] = text_of(answer)
    return told


@pytest.mark.parametrize("name", ["cart-1", reservation_id_of(DESK, "cart-1")])
def test_by_owner_or_by_id_it_is_the_orders_own_and_not_in_its_way(shop: Wiring, name: str) -> None:
    done(ask("cart-1", {"LAMP": 2, "MUG": 1}, channel=DESK))
    told = order(reservation=name)
    assert (told["backorder_expected"], told["promise"]["earliest_on"]) == (False, "2026-11-25")
    stored = shop.orders.get(told["order_id"])
    assert stored.reservation_id == reservation_id_of(DESK, "cart-1")
    confirmed = tuple(fact for fact in stored.facts if fact.type == "OrderConfirmed")
    assert allocate(batch(stored.model_copy(update={"facts": confirmed})), None) == {"batchItemFailures": []}
    assert (shop.orders.get(stored.id).units_allocated, free(shop, "LAMP")) == (3, {"ber-1": 0})


def test_who_does_not_name_it_is_told_the_truth(shop: Wiring) -> None:
    done(ask("cart-1", {"LAMP": 2}, channel=DESK))
    told = order()
    assert (told["backorder_expected"], told["promise"]) == (True, {})
    assert shop.orders.get(told["order_id"]).reservation_id is None


def test_one_that_is_over_unknown_or_somebody_elses_is_no_reason_against_the_order(shop: Wiring, hands: Hands) -> None:
    other = done(ask("cart-2", {"LAMP": 2}, channel=SHOP))["reservation_id"]
    assert order(reservation=other)["backorder_expected"] is True
    assert order(reservation="cart-9", external_order_id="A-2")["backorder_expected"] is True
    hands.forward(minutes=11)
    done(ask("cart-1", {"LAMP": 1}, channel=DESK))
    hands.forward(minutes=11)
    assert order(reservation="cart-1", external_order_id="A-3")["backorder_expected"] is False
    assert [shop.orders.get(one).reservation_id for one in ids(shop)] == [None, None, reservation_id_of(DESK, "cart-1")]


def test_naming_another_reservation_does_not_make_it_another_order(shop: Wiring) -> None:
    first = order(reservation="cart-1")
    body = canonical(reservation="cart-2")
    again = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": "another"}, body=body), None)
    assert (again["statusCode"], text_of(again)) == (201, first)
    assert len(ids(shop)) == 1


def ids(wiring: Wiring) -> list[str]:
    return [tree.order.id for tree in sorted(trees(wiring), key=lambda tree: tree.order.external_order_id)]


def test_a_sender_whose_mapping_says_where_names_it_too() -> None:
    channel = generic.CHANNEL.model_copy(update={"mapping": {**generic.CHANNEL.mapping, "reservation": "order.cart"}})
    for cart in ("cart-1", None):
        document = {**generic.DOCUMENT, "order": {**generic.DOCUMENT["order"], "cart": cart}}  # type: ignore[dict-item]
        (notice,) = PLUGIN.parse(channel, {}, json.dumps(document).encode())
        assert isinstance(notice, Snapshot)
        assert notice.order.reservation == cart
