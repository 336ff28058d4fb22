"""The price of stock decides in allocation itself; without one that is good any more, the record says so."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.decisions.rules import words_of
from oms.allocation.prices.book import KEPT_S
from oms.wiring import Wiring
from tests.allocation_scene import START, Hands, batch, position, put_order, set_up
from tests.aws import moto_cloud

NEAR, FAR = ("CUP", "ber-1"), ("CUP", "lon-1")


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def wiring(hands: Hands) -> Iterator[Wiring]:
    """Two places of equal cost: as far from the customer, the same card (none), the same handling."""
    with moto_cloud(hands) as wiring:
        set_up(wiring, position("CUP", "ber-1", 90), position("CUP", "lon-1", 90))
        for name in ("ber-1", "lon-1"):
            place = wiring.reference.locations()[name]
            there = place.model_copy(update={"latitude": Decimal(50), "longitude": Decimal(10)})
            wiring.reference.put_setting("LOCATION", name, there)
        yield wiring


def shipped(wiring: Wiring, order_id: str) -> str:
    allocate(batch(put_order(wiring, order_id, {"CUP": 1})), None)
    (work,) = wiring.orders.tree(order_id).fulfillment_orders
    return work.location


def said(wiring: Wiring, order_id: str) -> tuple[str, str | None]:
    """Where prices were from, and the sentence about them."""
    (record,) = wiring.decisions.about(order_id, wiring.orders.get(order_id).decided_in)
    return record.prices, next((words for words in words_of(record) if words.startswith("Stock was free")), None)


@pytest.mark.parametrize(("dear", "ships"), [(NEAR, "lon-1"), (FAR, "ber-1")])
def test_of_two_places_of_equal_cost_the_one_with_the_cheaper_price_ships(
    wiring: Wiring, dear: tuple[str, str], ships: str
) -> None:
    prices = {NEAR: 300, FAR: 300} | {dear: 301}
    made = wiring.prices.publish(prices, as_of=START, until=START + timedelta(days=14))
    assert shipped(wiring, "ord_1") == ships
    assert said(wiring, "ord_1") == (made.version, None)
    (record,) = wiring.decisions.about("ord_1", wiring.orders.get("ord_1").decided_in)
    assert record.scores[0].parts["shadow price"] == 300_000_000
    (rival,) = record.considered
    assert (rival.location, rival.more) == (dear[1], 1_000_000)  # one minor unit


def test_without_prices_stock_is_free_and_the_record_says_so(wiring: Wiring) -> None:
    assert shipped(wiring, "ord_1") == "ber-1"  # a tie: by name
    words = "Stock was free, not priced by what it is worth to later orders: no list of prices."
    assert said(wiring, "ord_1") == ("no list of prices", words)


def test_prices_beyond_their_horizon_are_none_and_the_record_names_them(wiring: Wiring, hands: Hands) -> None:
    wiring.prices.publish({NEAR: 300}, as_of=START - timedelta(days=14), until=START + timedelta(minutes=1))
    assert shipped(wiring, "ord_1") == "lon-1"
    hands.forward(minutes=1)
    assert shipped(wiring, "ord_2") == "ber-1"
    prices, words = said(wiring, "ord_2")
    assert prices == "the list of 2026-11-09T09:00:00.000Z ended on 2026-11-23T09:01:00.000Z"
    assert words is not None
    assert timedelta(hours=6).total_seconds() > KEPT_S  # a new list is seen before the next one comes
