"""Shelf life: a channel may ask for more days than the shop, and days are reckoned from the promised delivery."""

from collections.abc import Iterator

import pytest

from functions.allocation import queue_allocate_orders
from oms.orders.model import Promise
from oms.reference.model import Channel, Item
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, put_order
from tests.aws import moto_cloud
from tests.store.inventory.test_lots import BRIE, HANDS, post, seed, stock
from tests.store.inventory.test_supplies import ask


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    """Four units that the shop (30 days) may sell until 1 December, four until 1 March; the market asks for 90 days."""
    with moto_cloud(HANDS) as wiring:
        seed(wiring)
        days = {"shelf_days": 30, "channel_shelf_days": {"market": 90}}
        wiring.reference.put_item(BRIE.model_copy(update=days))
        post("received", 4, "SHORT", "2026-12-31")
        post("received", 4, "LONG", "2027-03-31")
        yield wiring


def allocated(wiring: Wiring, name: str, units: int, *, channel: str = "shop", by: str | None = None) -> int:
    """How many units an order gets in Berlin."""
    promise = Promise(earliest_on=by, latest_on=by)
    order = put_order(wiring, name, {"BRIE": units}, channel=channel, promise=promise)
    assert queue_allocate_orders.handler(batch(order), None) == {"batchItemFailures": []}
    (line,) = wiring.orders.tree(name).order.lines
    assert_the_books_balance(wiring)
    return line.allocated


def test_a_channel_that_asks_for_more_days_gets_only_what_lasts(wiring: Wiring) -> None:
    assert stock()["available"] == 8
    assert allocated(wiring, "ord_1", 5, channel="market") == 4
    assert allocated(wiring, "ord_2", 1, channel="market") == 0
    assert allocated(wiring, "ord_3", 4) == 4  # the shop sells what is left: the short ones
    assert stock()["available"] == 0


def test_what_others_have_is_taken_to_be_of_what_lasts_so_nothing_is_promised_twice(wiring: Wiring) -> None:
    assert allocated(wiring, "ord_1", 3) == 3
    assert allocated(wiring, "ord_2", 2, channel="market") == 1
    assert wiring.offered("market", ["BRIE"]) == {"BRIE": 0}
    assert wiring.offered("shop", ["BRIE"]) == {"BRIE": 3}  # one waits for the market's order


@pytest.mark.parametrize(("by", "got"), [("2026-12-01", 8), ("2026-12-02", 4), ("2027-03-01", 4), ("2027-03-02", 0)])
def test_days_are_reckoned_from_the_day_of_delivery(wiring: Wiring, by: str, got: int) -> None:
    assert allocated(wiring, "ord_1", 8, by=by) == got


def test_a_promise_of_yesterday_is_reckoned_as_today(wiring: Wiring) -> None:
    assert allocated(wiring, "ord_1", 8, by="2026-11-01") == 8


def test_a_channel_is_told_only_what_lasts_for_its_buyers(wiring: Wiring) -> None:
    assert (wiring.offered("shop", ["BRIE"]), wiring.offered("market", ["BRIE"])) == ({"BRIE": 8}, {"BRIE": 4})


def test_a_shop_that_asks_hears_only_of_what_lasts_for_its_buyers(wiring: Wiring) -> None:
    for name in ("shop", "market"):
        channel = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}))
        wiring.reference.put_setting("CHANNEL", name, channel)
    units = [ask(sku="BRIE", channel=name)[1]["skus"][0]["now"] for name in ("shop", "market")]
    assert units == [8, 4]
    assert wiring.offer.available(["BRIE"], channel="market") == {"BRIE": {"ber-1": 4, "lon-1": 0}}


def test_a_channel_may_not_ask_for_fewer_days_than_everybody() -> None:
    with pytest.raises(ValueError, match="a channel may ask for more days"):
        Item.model_validate({**BRIE.model_dump(), "shelf_days": 30, "channel_shelf_days": {"outlet": 5}})
