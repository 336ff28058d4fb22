"""An order at a location, stored on moto with its parcels and the books of its stock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from infra.local import company
from oms.aws.tables import commit
from oms.inventory.model import Position
from oms.orders.model import Aggregate
from oms.wiring import Wiring
from tests.fulfillment_builders import NOW, a_work, an_order, parcels_of
from tests.lambda_events import api_event

LOCATION = "ber-1"
ROUTE = "POST /v1/locations/{location}/confirmations"


def now() -> datetime:
    """The clock of these tests stands still."""
    return NOW


def store(wiring: Wiring, *values: Aggregate) -> None:
    for value in values:
        commit(wiring.orders.write(value))


def seed(wiring: Wiring, *, work_status: str = "requested", order_ids: Sequence[str] = ("ord_1",)) -> None:
    """Orders of six units each, and the stock that they hold."""
    for order_id in order_ids:
        work = a_work(work_status, order_id)
        store(wiring, an_order(order_id), work, *parcels_of(work))
    seed_stock(wiring, orders=len(order_ids))


def seed_stock(wiring: Wiring, *, orders: int) -> None:
    """Ten units of each SKU on the shelf besides those that orders hold; and the machine that works there."""
    wiring.reference.put_setting("CLIENT", "wms-ber-1", company.CLIENTS["wms-ber-1"])
    units = 3 * orders
    for sku in ("MUG-RED", "TEE-BLK-M"):
        wiring.stock.open_position(
            Position(sku, LOCATION, on_hand=10 + units, reorder_point=2, order_up_to=20, committed=units)
        )


def books(wiring: Wiring) -> dict[str, tuple[int, int, int]]:
    """(on hand, committed, available) by SKU."""
    found = wiring.stock.positions_at((sku, LOCATION) for sku in ("MUG-RED", "TEE-BLK-M"))
    return {sku: (one.on_hand, one.committed, one.available) for (sku, _), one in found.items()}


def confirmation(kind: str, order_id: str = "ord_1", **changes: Any) -> dict[str, Any]:
    return {
        "confirmation_id": f"c-{order_id}-{kind}",
        "order_id": order_id,
        "fulfillment_order_id": f"ful_{order_id}",
        "kind": kind,
        **({"reason": "closed_today"} if kind == "rejected" else {}),
        **changes,
    }


def confirmations(*all_of_them: dict[str, Any], location: str = LOCATION) -> dict[str, Any]:
    return api_event(ROUTE, path={"location": location}, body={"confirmations": list(all_of_them)})
