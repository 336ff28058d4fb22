"""Own units of a channel, set over the API: what each channel sees, reserves and is allocated."""

from typing import Any

import pytest

from functions.allocation import queue_allocate_orders
from functions.inventory import api_ask_availability, api_move_stock
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, position, put_order, text_of
from tests.lambda_events import api_event
from tests.reservation_scene import SHOP, ask, done, open_shop, refused
from tests.waiting_scene import serve

PLACE = "/v1/stock/{sku}/locations/{location}"


@pytest.fixture
def shop(cloud_on_moto: Wiring) -> Wiring:
    open_shop(cloud_on_moto, position("CUP", "ber-1", 5))
    return cloud_on_moto


def keep(wiring: Wiring, **channels: int) -> tuple[int, Any]:
    """Set the own units of channels; nothing else changes."""
    levels = {"reorder_point": -1000, "order_up_to": 50, "channels": channels}
    path = {"sku": "CUP", "location": "ber-1"}
    event = api_event(f"PUT {PLACE}", path=path, body=levels, headers={"If-Match": "*"}, roles=("operator",))
    answer = api_move_stock.handler(event, None)
    del wiring
    return answer["statusCode"], text_of(answer)


def now(channel: str) -> int:
    query = {"sku": "CUP", "quantity": "1", "country": "DE", "channel": channel}
    body = text_of(api_ask_availability.handler(api_event("GET /v1/availability", query=query, roles=("sales",)), None))
    return int(body["skus"][0]["now"])


def got(wiring: Wiring, name: str) -> tuple[int, int]:
    """Allocated, waiting."""
    (line,) = wiring.orders.get(name).lines
    return line.allocated, line.backordered


def test_other_channels_see_and_take_less_by_them_and_their_own_channel_does_not(shop: Wiring) -> None:
    status, body = keep(shop, marketplace=3)
    assert (status, body["channels"], body["available"]) == (200, {"marketplace": 3}, 5)
    assert (now(SHOP), now("marketplace")) == (2, 5)
    assert (shop.offered(SHOP, ["CUP"]), shop.offered("marketplace", ["CUP"])) == ({"CUP": 2}, {"CUP": 5})
    assert refused(ask("cart-1", {"CUP": 3}))["code"] == "short_stock"
    done(ask("cart-2", {"CUP": 1}))
    assert (now(SHOP), now("marketplace")) == (1, 4)
    done(ask("cart-3", {"CUP": 4}, channel="marketplace"))
    assert (now(SHOP), now("marketplace")) == (0, 0)
    assert_the_books_balance(shop)


def test_allocation_leaves_them_to_their_channel_until_they_are_given_up(shop: Wiring) -> None:
    keep(shop, marketplace=3)
    ours, theirs = (put_order(shop, f"ord_{n}", {"CUP": units}, minute=n, channel=name)
                    for n, (units, name) in enumerate(((4, SHOP), (2, "marketplace"))))  # fmt: skip
    queue_allocate_orders.handler(batch(ours, theirs), None)
    serve()
    assert (got(shop, "ord_0"), got(shop, "ord_1")) == ((2, 2), (2, 0))
    assert (now(SHOP), now("marketplace")) == (0, 1)
    assert shop.orders.get("ord_0").lines[0].supply_on == "unknown"
    assert keep(shop, marketplace=0)[0] == 200
    (told,) = [one.type for one in next(shop.stock.history(shop.stock.positions_of("CUP")[0], limit=1))[0].facts
               if one.type == "StockFreed"]  # fmt: skip
    assert told == "StockFreed"  # so the line is looked at
    serve()
    assert got(shop, "ord_0") == (3, 1)
    assert_the_books_balance(shop)


def test_units_for_a_channel_that_is_none_are_refused_and_can_be_given_up(shop: Wiring) -> None:
    status, problem = keep(shop, nowhere=1)
    assert (status, problem["code"], problem["faults"]) == (
        422, "invalid", [{"field": "channels.nowhere", "message": "is no channel"}]
    )  # fmt: skip
    assert shop.stock.positions_of("CUP")[0].channels == ()
    assert keep(shop, nowhere=0)[0] == 200
