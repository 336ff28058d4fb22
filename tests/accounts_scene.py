"""A shop in a group of a holding, three accounts that buy on credit, and what is done to them."""

from typing import Any

from functions.credit.api_manage_accounts import handler as accounts
from functions.credit.queue_recount_exposure import handler as recount
from functions.intake.api_submit_orders import handler as submit
from oms.aws import clients, tables
from oms.credit.model import Account
from oms.kernel.time import to_text
from oms.orders.amounts import without_cancelled
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order, replace_line
from oms.wiring import Wiring, wire
from tests.intake import NOW, body_of, canonical
from tests.lambda_events import api_event

SHOP, GROUP, HOLDING = "SHOP", "GROUP", "HOLDING"
LEVELS = (SHOP, GROUP, HOLDING)


def three_levels(wiring: Wiring) -> None:
    below = {HOLDING: (1, 1), GROUP: (1, 0), SHOP: (0, 0)}
    for name, limit, parent in ((HOLDING, None, None), (GROUP, 50_000, HOLDING), (SHOP, 100_000, GROUP)):
        children, grandchildren = below[name]
        wiring.accounts.put(
            Account(
                id=name,
                currency="EUR",
                limit_minor=limit,
                parent=parent,
                children=children,
                grandchildren=grandchildren,
            )
        )


def post(number: str, amount: int, account: str = SHOP, units: int = 1) -> Any:
    price = -(-amount // units)
    discount = price * units - amount
    lines = [{"sku": "MUG", "quantity": units, "unit_price_minor": price, "discount_minor": discount}]
    amounts = {"shipping_minor": 0, "tax_minor": 0, "total_minor": amount}
    body = canonical(external_order_id=number, account_id=account, lines=lines, **amounts)
    return body_of(submit(api_event("POST /v1/orders", headers={"Idempotency-Key": number}, body=body), None))


def order_of(answer: dict[str, Any]) -> Order:
    return wire().orders.get(answer["order_id"])


def figures(name: str) -> tuple[int, int, int]:
    """Open orders, unbilled, unpaid invoices."""
    account = wire().accounts.find(name)
    assert account is not None
    stored = clients.dynamodb().get_item(
        TableName="baton-customers", Key={"pk": {"S": f"ACCOUNT#{name}"}, "sk": {"S": "ACCOUNT"}}
    )["Item"]
    assert int(stored["exposure_minor"]["N"]) == account.exposure_minor
    return account.open_orders_minor, account.unbilled_minor, account.unpaid_invoices_minor


def everywhere() -> set[tuple[int, int, int]]:
    return {figures(name) for name in LEVELS}


def call(method: str, name: str, what: str = "", body: Any = None, roles: tuple[str, ...] = ("finance",)) -> Any:
    route = f"{method} /v1/accounts/{{account_id}}{what}"
    answer = accounts(api_event(route, path={"account_id": name}, body=body, roles=roles), None)
    return answer["statusCode"], body_of(answer)


def state(
    as_of: str = "2026-11-23T06:00:00Z", unpaid: int = 0, billed: dict[str, int] | None = None, **more: Any
) -> Any:
    rows = [{"order_id": name, "amount_minor": amount} for name, amount in (billed or {}).items()]
    return {"as_of": as_of, "currency": "EUR", "unpaid_invoices_minor": unpaid, "billed": rows, **more}


def ship(order: Order, units: int, place: str = "ber-1") -> None:
    """`units` of the first line leave from a place, as fulfillment writes it."""
    line = FulfillmentLine(number=1, sku="MUG", quantity=units, picked=units, packed=units, shipped=units)
    work = FulfillmentOrder(
        id=f"ful_{place}",
        order_id=order.id,
        location=place,
        attempt=1,
        status="closed",
        lines=(line,),
        currency="EUR",
        entered_at=to_text(NOW),
    )
    tables.commit(wire().orders.write(work.changed(at=NOW, by="test", what="Shipped")))
    heard(order)


def heard(order: Order, times: int = 1) -> None:
    fact = {
        "id": "f",
        "type": "FulfillmentOrderShipped",
        "version": 1,
        "source": "baton.fulfillment",
        "subject": "ful",
        "order_id": order.id,
        "sequence": 1,
        "time": to_text(NOW),
        "data": {},
    }
    import json  # noqa: PLC0415

    records = [{"messageId": f"m{n}", "body": json.dumps({"route": None, "facts": [fact]})} for n in range(times)]
    assert recount({"Records": records}, None) == {"batchItemFailures": []}


def cancelled(order: Order, units: int) -> Order:
    """So many units fewer, written with their credit as a cancellation does."""
    line = order.lines[0]
    lines = replace_line(order.lines, {1: {"open": line.open - units, "cancelled": line.cancelled + units}})
    lines, amounts = without_cancelled(order, lines)
    status = "cancelled" if lines[0].cancelled == line.quantity else order.status
    after = order.changed(at=NOW, by="test", what="Cancelled", lines=lines, status=status, **amounts._asdict())
    tables.commit(wire().orders.write(after), *wire().credit.moved_writes(order, after))
    return after
