"""A small company on moto whose orders are changed: two locations, two SKUs, a carrier, an account, a person."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from functions.allocation import queue_allocate_orders
from functions.amending import api_change_orders
from oms.amending.edits import destination_of
from oms.aws.tables import commit
from oms.credit.model import Account
from oms.intake.model import NewOrder
from oms.intake.rules import Decision, accept
from oms.orders.model import Order, Promise
from oms.orders.shapes import Someone
from oms.orders.store import OrderTree
from oms.reference.model import Item
from oms.wiring import Wiring
from tests.allocation_scene import START, batch, position, set_up
from tests.aws import moto_cloud
from tests.lambda_events import api_event
from tests.shipping_builders import card

LIMIT = 10_000
TOTAL = 4_522
FIRST = "ber-1"
CHANGES = "/v1/orders/{order_id}/changes"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Any:
        return self.now

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@contextmanager
def company(clock: Clock | None = None, *, cups: int = 5, pens: int = 9) -> Iterator[Wiring]:
    with moto_cloud(clock or Clock()) as wiring:
        found(wiring, cups=cups, pens=pens)
        yield wiring


def found(wiring: Wiring, *, cups: int = 5, pens: int = 9) -> None:
    set_up(wiring, position("CUP", FIRST, cups), position("PEN", FIRST, pens), position("INK", FIRST, 4))
    for sku in ("CUP", "PEN", "INK"):
        wiring.reference.put_item(Item(sku=sku, name=sku, weight_g=500, length_mm=100, width_mm=100, height_mm=100))
    wiring.reference.put_setting("CARRIER", "swift_post", card())
    wiring.accounts.put(Account(id="ACME", currency="EUR", limit_minor=LIMIT))


def body(**changes: Any) -> dict[str, Any]:
    """3 cups at 10.00 less 1.00, 2 pens at 2.00, postage 5.00 with 0.95 tax: 45.22 in all."""
    return {
        "channel": "web",
        "external_order_id": "A-1",
        "currency": "EUR",
        "lines": [
            {
                "sku": "CUP",
                "external_line_id": "L1",
                "quantity": 3,
                "unit_price_minor": 1000,
                "discount_minor": 100,
                "tax_minor": 551,
            },
            {"sku": "PEN", "external_line_id": "L2", "quantity": 2, "unit_price_minor": 200, "tax_minor": 76},
        ],
        "shipping_minor": 500,
        "tax_minor": 722,
        "total_minor": TOTAL,
        "account_id": "ACME",
        "customer": {"name": "Zoë Krüger", "email": "zoe@example.com"},
        "ship_to": {"address_lines": ["Weg 1"], "city": "Berlin", "postal_code": "10435", "country": "DE"},
        **changes,
    }


def said(**changes: Any) -> NewOrder:
    return NewOrder.model_validate(body(**changes))


def place(wiring: Wiring, **changes: Any) -> Order:
    """An order as intake takes it in, with its person and its exposure."""
    new = said(**changes)
    promise = Promise(earliest_on="2026-11-25", latest_on="2026-11-26")
    order = accept(
        new, Decision(promise, backorder_expected=False), fingerprint="f", at=wiring.clock(), by="channel:web"
    )
    assert order.destination == destination_of("DE", "10435")
    place_ = new.ship_to
    who = Someone(
        name=new.customer.name,
        email=new.customer.email,
        address_lines=place_.address_lines,
        city=place_.city,
        postal_code=place_.postal_code,
        country=place_.country,
    )
    person = wiring.people.write_new(order.person_id, who)
    exposure = (
        wiring.credit.assess(new.account_id, new.total_minor, "EUR", order_id=order.id, at=wiring.clock()).writes
        if new.account_id
        else ()
    )
    commit(wiring.orders.write(order), person, *exposure)
    return order


def allocated(wiring: Wiring, **changes: Any) -> OrderTree:
    order = place(wiring, **changes)
    return allocate(wiring, order)


def allocate(wiring: Wiring, order: Order) -> OrderTree:
    asks = [fact for fact in order.facts if fact.type in ("OrderConfirmed", "OrderReallocationRequested")]
    routed = order.model_copy(update={"facts": tuple(asks)})
    assert queue_allocate_orders.handler(batch(routed), None) == {"batchItemFailures": []}
    return wiring.orders.tree(order.id)


def exposure(wiring: Wiring) -> int:
    account = wiring.accounts.find("ACME")
    assert account is not None
    return account.open_orders_minor


def call(route: str, path: dict[str, str], sent: Any = None, **more: Any) -> tuple[int, dict[str, Any], str]:
    """(status, body, etag) of an operation on change sets."""
    answer = api_change_orders.handler(api_event(route, path=path, body=sent, **more), None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"].get("etag", "")


def propose(order_id: str, *edits: dict[str, Any], key: str = "k-1", **more: Any) -> tuple[int, dict[str, Any], str]:
    sent = {"reason": "customer_request", "edits": list(edits)}
    return call(f"POST {CHANGES}", {"order_id": order_id}, sent, headers={"Idempotency-Key": key}, **more)


def look(order_id: str, change_id: str) -> tuple[int, dict[str, Any], str]:
    return call(f"GET {CHANGES}/{{change_id}}", {"order_id": order_id, "change_id": change_id})


def confirm(
    order_id: str, change_id: str, tag: str = "*", sent: Any = None, **more: Any
) -> tuple[int, dict[str, Any], str]:
    path = {"order_id": order_id, "change_id": change_id}
    headers = {"If-Match": tag} if tag else {}
    return call(f"POST {CHANGES}/{{change_id}}/confirm", path, sent or {}, headers=headers, **more)


def decline(order_id: str, change_id: str) -> tuple[int, dict[str, Any], str]:
    path = {"order_id": order_id, "change_id": change_id}
    return call(f"POST {CHANGES}/{{change_id}}/decline", path, {"reason": "changed their mind"})


def quantity(number: int, units: int) -> dict[str, Any]:
    return {"kind": "set_quantity", "number": number, "quantity": units}
