"""The orders that the examples of the API document speak of, under ids that follow from their names.

- `SEED-HELD-1`, `SEED-HELD-2`: beyond the credit of an account, so they wait for a person.
- `SEED-CANCEL-1`: of an article that is sold out, so it waits and can be cancelled.
- `EXAMPLE-1`: booked, documented and released to its location, which has not answered yet.
"""

from typing import Any

from infra.local import company
from oms.allocation.model import Change
from oms.aws import tables
from oms.aws.tables import ConditionFailedError
from oms.fulfillment.examples import FULFILLMENT_ORDER_ID, LOCATION, ORDER_ID, SHIPMENT_ID
from oms.fulfillment.paperwork import PaperTask, write_packing_lists
from oms.intake.model import NewOrder
from oms.intake.rules import body_hash, destination_of, person_id_of
from oms.intake.service import submit_order
from oms.intake.store import Claim, scope_of
from oms.kernel.ids import check_digit_mod10
from oms.kernel.time import to_text
from oms.orders.lifecycle import MAX_DWELL
from oms.orders.model import Content, FulfillmentLine, FulfillmentOrder, Line, Order, Parcel, Promise
from oms.wiring import Wiring

BY = "system:seed"
CHANNEL = "sales_desk"
SKU = "MUG-BLUE"
CARRIER, TRACKING_NUMBER = "parcel_post", "EXAMPLE-1"
_SSCC = "39521234000000000"  # the example company's prefix, without the check digit


def seed_examples(wiring: Wiring) -> None:
    """Write them once; an order that has moved on since is left alone."""
    for name, sku, account in (
        ("SEED-HELD-1", "CLOCK-WALL", company.NEAR_LIMIT),
        ("SEED-HELD-2", "CLOCK-WALL", company.NEAR_LIMIT),
        ("SEED-CANCEL-1", company.SOLD_OUT, None),
    ):
        claim = Claim(scope_of(BY, "POST", "/v1/orders", name), BY)
        submit_order(_new(name, sku, account), claim=claim, by=BY, desk=wiring.intake)
    _released(wiring)


def _new(name: str, sku: str, account: str | None) -> NewOrder:
    document: dict[str, Any] = {
        "channel": CHANNEL,
        "external_order_id": name,
        "currency": "EUR",
        "lines": [{"sku": sku, "quantity": 2, "unit_price_minor": 8900}],
        "shipping_minor": 690,
        "total_minor": 18490,
        "taxes_included": True,
        "account_id": account,
        "customer": {"name": "Zoë Krüger", "email": "zoe@example.com"},
        "ship_to": {
            "address_lines": ["Schönhauser Allee 44a"],
            "city": "Berlin",
            "postal_code": "10435",
            "country": "DE",
        },
    }
    return NewOrder.model_validate(document)


def _released(wiring: Wiring) -> None:
    """EXAMPLE-1 as allocation, booking and release leave an order; its units are committed at the location."""
    new = _new("EXAMPLE-1", SKU, None)
    order, work, parcel = _order(wiring, new), _work(wiring, new), _parcel()
    position = wiring.stock.positions_at([(SKU, LOCATION)])[(SKU, LOCATION)]
    person = wiring.people.write_new(order.person_id, **new.customer.model_dump(), **new.ship_to.model_dump())
    at = wiring.clock()
    try:
        tables.commit(
            *(wiring.orders.write(value.changed(at=at, by=BY, what="Seeded")) for value in (order, work, parcel)),
            wiring.stock.change_write(Change(committed=new.lines[0].quantity), position),
            person,
        )
    except ConditionFailedError:
        return  # it is there
    task = PaperTask(order_id=order.id, fulfillment_order_id=work.id, parcel_ids=(parcel.id,))
    write_packing_lists(
        task, orders=wiring.orders, reference=wiring.reference, people=wiring.people, documents=wiring.documents
    )


def _order(wiring: Wiring, new: NewOrder) -> Order:
    at = wiring.clock()
    units = new.lines[0].quantity
    return Order(
        id=ORDER_ID,
        channel=CHANNEL,
        external_order_id=new.external_order_id,
        status="in_fulfillment",
        currency=new.currency,
        lines=(Line(number=1, sku=SKU, quantity=units, unit_price_minor=8900, allocated=units),),
        shipping_minor=new.shipping_minor,
        total_minor=new.total_minor,
        taxes_included=True,
        person_id=person_id_of(ORDER_ID),
        destination=destination_of(new),
        promise=Promise(),
        submitted_at=to_text(at),
        entered_at=to_text(at),
        watch_at=to_text(at + MAX_DWELL["order.in_fulfillment"]),
        parcels_total=1,
        body_hash=body_hash(new),
    )


def _work(wiring: Wiring, new: NewOrder) -> FulfillmentOrder:
    return FulfillmentOrder(
        id=FULFILLMENT_ORDER_ID,
        order_id=ORDER_ID,
        location=LOCATION,
        attempt=1,
        status="requested",
        lines=(FulfillmentLine(number=1, sku=SKU, quantity=new.lines[0].quantity),),
        parcel_ids=(SHIPMENT_ID,),
        carrier=CARRIER,
        service="standard",
        cost_minor=520,
        currency="EUR",
        entered_at=to_text(wiring.clock()),
    )


def _parcel() -> Parcel:
    return Parcel(
        id=SHIPMENT_ID,
        order_id=ORDER_ID,
        fulfillment_order_id=FULFILLMENT_ORDER_ID,
        location=LOCATION,
        carrier=CARRIER,
        service="standard",
        tracking_number=TRACKING_NUMBER,
        label_number=f"L-{TRACKING_NUMBER}",
        sscc=_SSCC + check_digit_mod10(_SSCC),
        cost_minor=520,
        currency="EUR",
        weight_g=900,
        length_mm=250,
        width_mm=200,
        height_mm=120,
        contents=(Content(number=1, sku=SKU, quantity=2),),
        status="label_purchased",
    )
