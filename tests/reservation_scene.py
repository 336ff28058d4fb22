"""Reservations through their handlers, as a shop makes them: on a small company with one channel."""

from datetime import UTC, datetime
from typing import Any

from functions.inventory import api_reserve_stock
from oms.inventory.model import Position
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.allocation_scene import item_of, set_up, text_of
from tests.lambda_events import api_event

SHOP = "shopify_eu"
START = datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC)
ONE = "/v1/reservations/{reservation_id}"


def open_shop(wiring: Wiring, *positions: Position, **terms: int) -> None:
    """Two locations and a shop whose carts last ten minutes, twenty while the buyer pays, an hour at the most."""
    set_up(wiring, *positions)
    for sku in {one.sku for one in positions}:
        wiring.reference.put_item(item_of(sku))
    minutes = {"reserve_minutes": 10, "paying_minutes": 20, "longest_minutes": 60, **terms}
    for name in (SHOP, "marketplace"):
        shop = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}), **minutes)
        wiring.reference.put_setting("CHANNEL", name, shop)


def ask(
    owner: str, units: dict[str, int], *, key: str | None = None, channel: str = SHOP, **more: Any
) -> dict[str, Any]:
    """The event of a POST; without a key it is the first of its owner."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]
    body = {"channel": channel, "owner": owner, "lines": lines, **more}
    return api_event(
        "POST /v1/reservations",
        headers={"Idempotency-Key": f"first-{channel}-{owner}" if key is None else key},
        body=body,
    )


def event(verb: str, reservation_id: str, body: Any = None) -> dict[str, Any]:
    """The event of `GET`, `PATCH`, or a POST of `touch`, `freeze`, `thaw`, `release`."""
    path = {"reservation_id": reservation_id}
    if verb in ("GET", "PATCH"):
        return api_event(f"{verb} {ONE}", path=path, body=body)
    return api_event(f"POST {ONE}/{verb}", path=path, body=body)


def done(sent: dict[str, Any]) -> dict[str, Any]:
    """The answer's body; it must have been done."""
    answer = api_reserve_stock.handler(sent, None)
    body: dict[str, Any] = text_of(answer)
    assert answer["statusCode"] == 200, body
    return body


def refused(sent: dict[str, Any]) -> dict[str, Any]:
    """The problem; nothing must have been written."""
    answer = api_reserve_stock.handler(sent, None)
    assert answer["statusCode"] >= 400, text_of(answer)
    assert answer["headers"]["content-type"] == "application/problem+json"
    body: dict[str, Any] = text_of(answer)
    return body


def free(wiring: Wiring, sku: str = "CUP") -> dict[str, int]:
    """What anybody can take, by location."""
    return {name: position.available for (_, name), position in sorted(wiring.stock.positions([sku]).items())}
