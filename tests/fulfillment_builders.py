"""One order of three lines at one location, in two parcels; and the books of that location."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from oms.fulfillment.case import Case
from oms.fulfillment.model import Confirmation
from oms.fulfillment.rules import Effect
from oms.kernel.time import to_text
from oms.orders.model import (
    Content,
    Destination,
    FulfillmentLine,
    FulfillmentOrder,
    Line,
    LogRow,
    Order,
    Parcel,
    Promise,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UNITS = {1: ("MUG-RED", 2), 2: ("TEE-BLK-M", 3), 3: ("MUG-RED", 1)}
_LOG = (LogRow(v=1, at=to_text(NOW), what="Made", by="test"),)


def an_order(order_id: str = "ord_1", status: str = "in_fulfillment", **changes: Any) -> Order:
    lines = tuple(
        Line(number=number, sku=sku, quantity=units, unit_price_minor=500, allocated=units)
        for number, (sku, units) in UNITS.items()
    )
    order = Order(
        id=order_id,
        channel="sales_desk",
        external_order_id="S-1",
        status=status,
        currency="EUR",
        lines=lines,
        shipping_minor=0,
        total_minor=3000,
        person_id="per_1",
        destination=Destination(country="DE", postal_area="10"),
        promise=Promise(),
        submitted_at=to_text(NOW),
        entered_at=to_text(NOW),
        watch_at="2026-11-24T09:00:00.000Z",
        body_hash="x",
        version=1,
        log=_LOG,
    )
    return order.model_copy(update=changes)


def a_work(status: str = "requested", order_id: str = "ord_1", **changes: Any) -> FulfillmentOrder:
    lines = tuple(FulfillmentLine(number=number, sku=sku, quantity=units) for number, (sku, units) in UNITS.items())
    work = FulfillmentOrder(
        id=f"ful_{order_id}",
        order_id=order_id,
        location="ber-1",
        attempt=1,
        status=status,
        lines=lines,
        parcel_ids=(f"shp_{order_id}_a", f"shp_{order_id}_b"),
        currency="EUR",
        entered_at=to_text(NOW),
        ship_by="2026-11-24",
        version=1,
        log=_LOG,
    )
    return work.model_copy(update=changes)


def parcels_of(work: FulfillmentOrder, status: str = "label_purchased") -> tuple[Parcel, ...]:
    contents = (
        (Content(number=1, sku="MUG-RED", quantity=2), Content(number=2, sku="TEE-BLK-M", quantity=1)),
        (Content(number=2, sku="TEE-BLK-M", quantity=2), Content(number=3, sku="MUG-RED", quantity=1)),
    )
    return tuple(
        Parcel(
            id=parcel_id,
            order_id=work.order_id,
            fulfillment_order_id=work.id,
            location=work.location,
            carrier="parcel_post",
            service="standard",
            tracking_number=parcel_id,
            label_number=parcel_id,
            sscc="340123450000000018",
            cost_minor=450,
            currency="EUR",
            weight_g=800,
            length_mm=300,
            width_mm=200,
            height_mm=150,
            contents=held,
            status=status,
            version=1,
            log=_LOG,
        )
        for parcel_id, held in zip(work.parcel_ids, contents, strict=True)
    )


def a_case(status: str = "requested") -> Case:
    work = a_work(status)
    return Case(work, an_order(), parcels_of(work))


def said(kind: str, lines: Mapping[int, int] | None = None, **changes: Any) -> Confirmation:
    document: dict[str, Any] = {
        "confirmation_id": f"c-{kind}",
        "fulfillment_order_id": "ful_ord_1",
        "order_id": "ord_1",
        "kind": kind,
        **({"reason": "closed_today"} if kind == "rejected" else {}),
        **changes,
    }
    if lines is not None:
        document["lines"] = [{"number": number, "quantity": units} for number, units in lines.items()]
    return Confirmation.model_validate(document)


def units_in(parcels: tuple[Parcel, ...]) -> dict[int, int]:
    """Units by line in the parcels that were not voided."""
    units: Counter[int] = Counter()
    for parcel in parcels:
        for content in parcel.contents if parcel.status != "voided" else ():
            units[content.number] += content.quantity
    return dict(units)


class Shelf:
    """Books of one location in memory: what the effects of decisions did to them."""

    def __init__(self) -> None:
        self.on_hand = Counter({"MUG-RED": 10, "TEE-BLK-M": 10})
        self.committed = Counter({"MUG-RED": 3, "TEE-BLK-M": 3})

    def apply(self, effect: Effect | None) -> None:
        if effect is None:
            return
        self.committed.subtract(effect.units)
        if effect.kind != "returned":
            self.on_hand.subtract(effect.units)
