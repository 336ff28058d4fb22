"""What the read API shows of an order: derived from the aggregate, never stored."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from oms.orders.completion import counting, delivered_at
from oms.orders.model import (
    CheckFinding,
    Destination,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    Line,
    Order,
    Parcel,
    Promise,
    RequestedDelivery,
)
from oms.orders.store import OrderTree

_ENDED_WITHOUT = ("rejected", "cancelled")
_UNKNOWN = "unknown"  # of `Line.supply_on`
_NOT_RELEASED = ("open", "booked")
Stages = Sequence[int]  # units that came at least so far: released, picked, packed, shipped, delivered
_NOWHERE: Stages = (0, 0, 0, 0, 0)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Buckets(_View):
    """Where the units of a line are; each is in exactly one bucket, so they sum to the quantity (domain I1)."""

    open: int = 0
    backordered: int = 0
    allocated: int = 0
    released: int = 0
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0


class WaitView(_View):
    """Units of a line that wait: for which location, since when, and from which day stock is promised to them.

    `stock_on` is there while known supply covers them. `why`: `transfer` (units are to come from another location),
    `supply` (they come in), or `no_supply` (nobody knows when).
    """

    units: int
    location: str | None
    since: str | None
    stock_on: str | None
    why: Literal["transfer", "supply", "no_supply"]


class LineView(_View):
    """One line with its units by bucket. `sent_as`: units by SKU of other articles that are sent instead.

    `waiting` is there while units wait. `transfers` were asked for so that units that wait can ship; what still waits
    at `give_up_at` is cancelled.
    """

    number: int
    sku: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    external_line_id: str | None
    units: Buckets
    sent_as: dict[str, int] = {}
    transfers: tuple[str, ...] = ()
    give_up_at: str | None = None
    waiting: WaitView | None = None


class FulfillmentOrderView(_View):
    """One location's share; `supplier`: it is a supplier's place."""

    id: str
    location: str
    attempt: int
    status: str
    carrier: str | None
    service: str | None
    ship_by: str | None
    parcel_ids: tuple[str, ...]
    supplier: str | None = None
    units: int


class ScanView(_View):
    """One carrier status event."""

    at: str
    status: str
    place: str | None
    incident: str | None
    code: str | None


class ContentView(_View):
    """Units of a line in a parcel."""

    number: int
    sku: str
    quantity: int


class ParcelView(_View):
    """One parcel with its tracking; `decision` says why this carrier service was chosen over the others."""

    id: str
    fulfillment_order_id: str
    location: str
    carrier: str
    service: str
    tracking_number: str
    status: str
    tracking_status: str
    delivered_at: str | None
    promised_on: str | None
    cost_minor: int
    currency: str
    weight_g: int
    contents: tuple[ContentView, ...]
    scans: tuple[ScanView, ...]
    decision: tuple[str, ...]


class OrderSummary(_View):
    """An order in a list."""

    id: str
    channel: str
    external_order_id: str
    status: str
    currency: str
    total_minor: int
    units: int
    holds: tuple[str, ...]
    promise: Promise
    destination: Destination
    priority: int
    submitted_at: str
    version: int


class OrderPage(_View):
    """Orders, newest first; `next_cursor` is there while there may be more."""

    orders: tuple[OrderSummary, ...]
    next_cursor: str | None = None


class OrderView(_View):
    """An order in full. `person_id` is a reference: personal data is not in here."""

    id: str
    channel: str
    external_order_id: str
    status: str
    payment_status: str
    fulfillment_status: str
    return_status: str
    currency: str
    lines: tuple[LineView, ...]
    shipping_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    person_id: str
    account_id: str | None
    external_number: str | None
    placed_at: str | None
    payment_method: str | None
    delivery: RequestedDelivery | None
    destination: Destination
    priority: int
    promise: Promise
    holds: tuple[Hold, ...]
    findings: tuple[CheckFinding, ...]
    fulfillment_orders: tuple[FulfillmentOrderView, ...]
    parcels: tuple[ParcelView, ...]
    tracking_token: str
    tracking_url: str
    submitted_at: str
    attempt: int
    version: int


class TimelineRow(_View):
    """Something that happened to an order: to what, by whom, and why."""

    at: str
    subject: str
    what: str
    by: str
    why: str | None
    version: int


class Timeline(_View):
    """All that happened to an order, oldest first."""

    order_id: str
    rows: tuple[TimelineRow, ...]


def buckets(line: Line, works: Iterable[FulfillmentOrder], parcels: Iterable[Parcel]) -> Buckets:
    """Where the units of a line are.

    Each fulfillment order says how many of its units came at least so far; what came further is taken off. A parcel
    that was delivered before its location confirmed anything counts as delivered.
    """
    return _buckets(line, _reached_by_line(works, parcels).get(line.number, _NOWHERE))


def _buckets(line: Line, reached: Stages) -> Buckets:
    reached = [min(units, line.allocated) for units in reached]
    released, picked, packed, shipped, arrived = reached
    return Buckets(
        open=line.open,
        backordered=line.backordered,
        allocated=line.allocated - released,
        released=released - picked,
        picked=picked - packed,
        packed=packed - shipped,
        shipped=shipped - arrived,
        delivered=arrived,
        cancelled=line.cancelled,
    )


def _reached_by_line(works: Iterable[FulfillmentOrder], parcels: Iterable[Parcel]) -> dict[int, Stages]:
    """By line, how many units came at least to each of the five stages."""
    delivered = _delivered(parcels)
    reached: dict[int, Stages] = {}
    for work in works:
        if work.status in _ENDED_WITHOUT:
            continue
        mine: dict[int, list[FulfillmentLine]] = {number: [] for key, number in delivered if key == work.id}
        for each in work.lines:
            mine.setdefault(each.number, []).append(each)
        for number, some in mine.items():
            stages = _reached(some, work.status, delivered[work.id, number])
            before = reached.get(number, _NOWHERE)
            reached[number] = [units + more for units, more in zip(before, stages, strict=True)]
    return reached


def _delivered(parcels: Iterable[Parcel]) -> Counter[tuple[str, int]]:
    """Units by fulfillment order and line."""
    units: Counter[tuple[str, int]] = Counter()
    for parcel in counting(parcels):
        if parcel.tracking_status == "delivered":
            for content in parcel.contents:
                units[parcel.fulfillment_order_id, content.number] += content.quantity
    return units


def _reached(mine: Sequence[FulfillmentLine], status: str, delivered: int) -> Stages:
    """Units of one line that came at least to each of the five stages; never fewer than to a later stage."""
    shipped = max(delivered, sum(each.shipped for each in mine))
    packed = max(shipped, sum(each.packed for each in mine))
    picked = max(packed, sum(each.picked for each in mine))
    all_released = 0 if status in _NOT_RELEASED else sum(each.quantity - each.short for each in mine)
    return [max(picked, all_released), picked, packed, shipped, delivered]


def fulfillment_status(order: Order, units: Sequence[Buckets]) -> str:
    """Shopify's words: unfulfilled, partially_fulfilled, fulfilled, delivered, on_hold."""
    total = sum(line.quantity - line.cancelled for line in order.lines)
    delivered = sum(each.delivered for each in units)
    gone = delivered + sum(each.shipped for each in units)
    if total and delivered == total:
        return "delivered"
    if total and gone == total:
        return "fulfilled"
    if gone:
        return "partially_fulfilled"
    return "on_hold" if order.holds else "unfulfilled"


def order_view(
    tree: OrderTree, parcels: Mapping[str, Parcel], *, token: str, base_url: str, under_way: Collection[str] = ()
) -> OrderView:
    """The order with everything that belongs to it; `under_way`: transfers that still bring something for it."""
    order = tree.order
    boxes = sorted(parcels.values(), key=lambda parcel: (parcel.fulfillment_order_id, parcel.sscc, parcel.id))
    sent = _sent_by_line(tree.fulfillment_orders)
    reached = _reached_by_line(tree.fulfillment_orders, boxes)
    units = [_buckets(line, reached.get(line.number, _NOWHERE)) for line in order.lines]
    return OrderView(
        **order.model_dump(include=_SAME),
        fulfillment_status=fulfillment_status(order, units),
        return_status="none",
        lines=tuple(
            LineView(
                **line.model_dump(include=_SAME_OF_LINE),
                units=each,
                sent_as=sent.get(line.number, {}),
                waiting=_wait_view(line, under_way),
            )
            for line, each in zip(order.lines, units, strict=True)
        ),
        fulfillment_orders=tuple(_work_view(work) for work in tree.fulfillment_orders),
        parcels=tuple(_parcel_view(parcel) for parcel in boxes),
        tracking_token=token,
        tracking_url=f"{base_url}/v1/track/{token}",
    )


_SAME = set(OrderView.model_fields) & set(Order.model_fields) - {"lines"}
_SAME_OF_LINE = set(LineView.model_fields) & set(Line.model_fields)
_SAME_OF_WORK = set(FulfillmentOrderView.model_fields) & set(FulfillmentOrder.model_fields)
_SAME_OF_PARCEL = set(ParcelView.model_fields) & set(Parcel.model_fields)


def _sent_by_line(works: Iterable[FulfillmentOrder]) -> dict[int, dict[str, int]]:
    """By line, the units by SKU of other articles that are sent instead."""
    sent: dict[int, Counter[str]] = {}
    for work in works:
        for share in work.lines if work.status not in _ENDED_WITHOUT else ():
            if share.instead_of:
                sent.setdefault(share.number, Counter())[share.sku] += share.quantity - share.short
    return {number: dict(sorted((+units).items())) for number, units in sent.items()}


def _wait_view(line: Line, under_way: Collection[str]) -> WaitView | None:
    if not line.backordered:
        return None
    known = line.supply_on if line.supply_on != _UNKNOWN else None
    return WaitView(
        units=line.backordered,
        location=line.waits_at,
        since=line.waits_since,
        stock_on=known,
        why="transfer" if set(line.transfers) & set(under_way) else "supply" if known else "no_supply",
    )


def _work_view(work: FulfillmentOrder) -> FulfillmentOrderView:
    return FulfillmentOrderView(
        **work.model_dump(include=_SAME_OF_WORK), units=sum(line.quantity - line.short for line in work.lines)
    )


def _parcel_view(parcel: Parcel) -> ParcelView:
    return ParcelView(**parcel.model_dump(include=_SAME_OF_PARCEL), delivered_at=delivered_at(parcel))


def order_summary(order: Order) -> OrderSummary:
    """The order in a list: header only."""
    return OrderSummary(
        id=order.id,
        channel=order.channel,
        external_order_id=order.external_order_id,
        status=order.status,
        currency=order.currency,
        total_minor=order.total_minor,
        units=sum(line.quantity for line in order.lines),
        holds=tuple(hold.reason for hold in order.holds),
        promise=order.promise,
        destination=order.destination,
        priority=order.priority,
        submitted_at=order.submitted_at,
        version=order.version,
    )


def timeline(tree: OrderTree, parcels: Iterable[Parcel]) -> Timeline:
    """The logs of header, fulfillment orders and parcels as one, by time; within one thing by version."""
    things = (tree.order, *tree.fulfillment_orders, *parcels)
    rows = [
        TimelineRow(at=row.at, subject=thing.subject, what=row.what, by=row.by, why=row.why, version=row.v)
        for thing in things
        for row in thing.log
    ]
    return Timeline(
        order_id=tree.order.id, rows=tuple(sorted(rows, key=lambda row: (row.at, row.subject, row.version)))
    )


def entity_tag(tree: OrderTree, parcels: Iterable[Parcel], under_way: Collection[str] = ()) -> str:
    """Changes with every change of what the view shows: the versions of its parts, added; transfers, which only end."""
    parts = (tree.order, *tree.fulfillment_orders, *parcels)
    transfers = f".{len(under_way)}" if under_way else ""
    return f'"{sum(part.version for part in parts)}{transfers}"'
