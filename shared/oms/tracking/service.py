"""Carrier scans, a whole batch at a time: parcels move, orders complete.

Calls: one read of all parcels of the batch, one write per parcel that changed. A delivery reads the order too and
writes parcel and header in one transaction: the header's version makes two deliveries of one order see each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from oms.aws import tables
from oms.events.fact import FactData
from oms.events.tracking import ParcelDelivered, ParcelMoved
from oms.kernel.errors import ConflictError, MalformedError, TransientError
from oms.kernel.ids import derive_id
from oms.kernel.signing import Seal
from oms.kernel.time import Clock
from oms.orders.completion import completed
from oms.orders.lifecycle import PARCEL, TERMINAL_ORDER_STATES, move
from oms.orders.model import Order, Parcel, Scan
from oms.orders.store import OrderStore, OrderTree, parcel_ids_of
from oms.reference.model import Item
from oms.tracking.links import order_of
from oms.tracking.model import CarrierScan
from oms.tracking.rules import deciding_scan, kept, scan_from
from oms.tracking.views import TrackView, track_view

_TRIES = 5
_TOGETHER = 90  # parcels in one transaction of 100 writes; the header is counted again with the last of them
MAX_SCANS = 100


class Message(Protocol):
    """A queue message: its id and its JSON document."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Any: ...


class Items(Protocol):
    """The catalogue, for names."""

    def items(self, skus: Iterable[str]) -> dict[str, Item]: ...


class Said(NamedTuple):
    """A scan and the message that brought it."""

    message_id: str
    scan: CarrierScan


def parcel_id_of(carrier: str, tracking_number: str) -> str:
    """The parcel that a carrier means by a tracking number."""
    return derive_id("shp", carrier, tracking_number)


def record_scans(messages: Iterable[Message], *, orders: OrderStore, clock: Clock) -> dict[str, Exception]:
    """Record the scans of the messages `{"scans": [...]}`; the errors by message id.

    A message with a scan of a parcel that we do not know (yet) fails and comes again; its other scans are recorded,
    and recording a scan twice changes nothing.
    """
    errors: dict[str, Exception] = {}
    said: dict[str, list[Said]] = defaultdict(list)
    for message in messages:
        for scan in _scans_of(message, errors):
            said[parcel_id_of(scan.carrier, scan.tracking_number)].append(Said(message.id, scan))
    parcels = orders.parcels(said)
    by_order: dict[str, list[str]] = defaultdict(list)
    for parcel_id, sayings in said.items():
        if parcel_id in parcels:
            by_order[parcels[parcel_id].order_id].append(parcel_id)
        else:
            unknown = TransientError(f"no parcel {sayings[0].scan.tracking_number} of {sayings[0].scan.carrier}")
            errors.update({saying.message_id: unknown for saying in sayings})
    for order_id, parcel_ids in by_order.items():
        try:
            _record(order_id, {key: said[key] for key in parcel_ids}, parcels, orders=orders, clock=clock)
        except TransientError as error:
            errors.update({saying.message_id: error for key in parcel_ids for saying in said[key]})
    return errors


def _scans_of(message: Message, errors: dict[str, Exception]) -> Iterator[CarrierScan]:
    document = message.document
    rows = document.get("scans") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_SCANS:
        errors[message.id] = MalformedError(f"a message carries 1 to {MAX_SCANS} scans")
        return
    for row in rows:
        try:
            yield CarrierScan.model_validate(row)
        except ValidationError as error:
            errors[message.id] = MalformedError(f"{error.error_count()} field(s) of a scan are not valid")


def _record(
    order_id: str,
    said: Mapping[str, Sequence[Said]],
    parcels: Mapping[str, Parcel],
    *,
    orders: OrderStore,
    clock: Clock,
) -> None:
    """Bring the parcels of one order up to date; on a conflict read again and decide again."""
    known = {key: parcels[key] for key in said}
    for attempt in range(_TRIES):
        news = {key: _moved(known[key], [each.scan for each in said[key]], clock) for key in said}
        changed = [news[key] for key in said if news[key] is not known[key]]
        try:
            if any(_is_delivery(parcel) for parcel in news.values()):
                _deliver(order_id, news, changed, orders=orders, clock=clock)
            else:
                for parcel in changed:
                    tables.commit(orders.write(parcel))
        except ConflictError:
            if attempt == _TRIES - 1:
                raise
            known = orders.parcels(said)
        else:
            return


def _deliver(
    order_id: str, news: Mapping[str, Parcel], changed: Sequence[Parcel], *, orders: OrderStore, clock: Clock
) -> None:
    """Write delivered parcels, and what that makes of their order, together."""
    tree = orders.tree(order_id)
    others = [key for key in parcel_ids_of(tree) if key not in news]
    everything = [*news.values(), *(orders.parcels(others).values() if others else ())]
    header = _header_after(tree, everything, clock)
    for parcel in changed[:-_TOGETHER]:
        tables.commit(orders.write(parcel))
    writes = [orders.write(value) for value in (*changed[-_TOGETHER:], *([header] if header else ()))]
    if writes:
        tables.commit(*writes)


def _header_after(tree: OrderTree, parcels: Sequence[Parcel], clock: Clock) -> Order | None:
    """The header with these parcels delivered: completed, or one more counted; None when nothing changes for it."""
    order = tree.order
    if order.status in TERMINAL_ORDER_STATES:
        return None
    done = completed(tree, parcels, at=clock(), by="system:record_scans")
    if done:
        return done
    delivered = sum(_is_delivery(parcel) for parcel in parcels)
    if delivered == order.parcels_delivered:
        return None
    return order.changed(at=clock(), by="system:record_scans", what="ParcelCounted", parcels_delivered=delivered)


def _is_delivery(parcel: Parcel) -> bool:
    return parcel.tracking_status == "delivered" and parcel.status != "voided"


def _moved(parcel: Parcel, said: Iterable[CarrierScan], clock: Clock) -> Parcel:
    """The parcel with the scans added; the very same object when they bring nothing new.

    A scan that changes no status gets no row in the log: the scans themselves are the history.
    """
    scans = kept([*parcel.scans, *(scan_from(each) for each in said)])
    if scans == parcel.scans:
        return parcel
    deciding = deciding_scan(scans)
    status = deciding.status if deciding else parcel.tracking_status
    if deciding is None or status == parcel.tracking_status:
        return parcel.model_copy(update={"scans": scans, "version": parcel.version + 1, "facts": ()})
    facts = _facts(parcel, deciding)
    ends = status == "delivered" and parcel.status == "handed_over"
    return parcel.changed(
        *facts,
        at=clock(),
        by=f"carrier:{parcel.carrier}",
        why=status,
        scans=scans,
        tracking_status=status,
        status=move(PARCEL, parcel.status, "close") if ends else parcel.status,
    )


def _facts(parcel: Parcel, scan: Scan) -> list[FactData]:
    facts: list[FactData] = [
        ParcelMoved(
            order_id=parcel.order_id,
            parcel_id=parcel.id,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            status=scan.status,
            at=scan.at,
            incident=scan.incident,
        )
    ]
    if scan.status == "delivered" and parcel.status != "voided":
        facts.append(
            ParcelDelivered(
                order_id=parcel.order_id,
                parcel_id=parcel.id,
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                at=scan.at,
            )
        )
    return facts


def track_order(token: str, *, seal: Seal, orders: OrderStore, items: Items, clock: Clock) -> TrackView:
    """The order that a tracking link leads to.

    Raises:
        NotFoundError: the link is not ours or past its end.
    """
    tree = orders.tree(order_of(token, seal, at=clock()))
    found = orders.parcels(parcel_ids_of(tree))
    order = tree.order
    return track_view(order, list(found.values()), items.items(line.sku for line in order.lines))
