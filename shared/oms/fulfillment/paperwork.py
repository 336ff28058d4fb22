"""Step of fulfill_order: the packing list of each parcel; and its undo."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from oms.aws import tables
from oms.fulfillment.packing_list import PackingList, Row, write_packing_list
from oms.fulfillment.picking import Pick, PickDesk, Picks, picks_of
from oms.fulfillment.store import DocumentStore
from oms.kernel.errors import NotFoundError
from oms.orders.bundles import on_the_shelf, shelf_skus
from oms.orders.model import Content, FulfillmentOrder, Order, Parcel
from oms.orders.shapes import PostalPlace
from oms.orders.store import OrderStore
from oms.reference.model import Item, Location
from oms.reference.store import ReferenceStore

PURPOSE = "packing_list"


class Recipient(PostalPlace, Protocol):
    """Who gets the parcel (a person of the privacy context)."""

    @property
    def name(self) -> str: ...
    @property
    def company(self) -> str | None: ...


class People(Protocol):
    """The privacy context: a logged access for a purpose."""

    def read(self, person_id: str, *, purpose: str) -> Recipient: ...


class PaperTask(BaseModel):
    """Which parcels; none when booking did not come so far."""

    model_config = ConfigDict(frozen=True)
    order_id: str
    fulfillment_order_id: str
    parcel_ids: tuple[str, ...] = ()


class Documented(BaseModel):
    """What WritePackingLists and DiscardPackingLists add."""

    outcome: str


def write_packing_lists(
    task: PaperTask,
    *,
    orders: OrderStore,
    reference: ReferenceStore,
    people: People,
    documents: DocumentStore,
    picking: PickDesk,
) -> Documented:
    """One PDF per parcel, under a key that follows from the parcel: the same again when repeated.

    The lots to pick are those of the books at that moment.

    Raises:
        NotFoundError: an order, parcel or person is gone.
    """
    order_key = orders.order_key(task.order_id)
    work_key = orders.fulfillment_key(task.order_id, task.fulfillment_order_id)
    found = tables.get_many([order_key, work_key, *map(orders.parcel_key, task.parcel_ids)])
    if order_key not in found or work_key not in found:
        raise NotFoundError(f"there is no fulfillment order {task.fulfillment_order_id}")
    order, work = orders.order_from(found[order_key]), orders.fulfillment_from(found[work_key])
    parcels = [_parcel(orders, found, parcel_id) for parcel_id in task.parcel_ids]
    skus = {content.sku: None for parcel in parcels for content in parcel.contents}
    items = reference.items([*skus, *sorted(shelf_skus(work.lines) - skus.keys())])
    locations = reference.locations()
    recipient = people.read(order.person_id, purpose=PURPOSE)
    picks = picks_of(work, order, items, locations.get(work.location), picking)
    for place, parcel in enumerate(parcels, start=1):
        rows = _rows(work, parcel, items, picks)
        document = _document(order, work, parcel, recipient, locations, (place, len(parcels)))._replace(rows=rows)
        documents.write_packing_list(parcel.id, write_packing_list(document))
    return Documented(outcome="documented")


def discard_packing_lists(task: PaperTask, *, documents: DocumentStore) -> Documented:
    """Undo: remove what was written; what was not is fine."""
    for parcel_id in task.parcel_ids:
        documents.discard_packing_list(parcel_id)
    return Documented(outcome="discarded")


def _parcel(orders: OrderStore, found: Mapping[tables.Key, tables.Item], parcel_id: str) -> Parcel:
    item = found.get(orders.parcel_key(parcel_id))
    if item is None:
        raise NotFoundError(f"there is no parcel {parcel_id}")
    return orders.parcel_from(item)


def _document(
    order: Order,
    work: FulfillmentOrder,
    parcel: Parcel,
    recipient: Recipient,
    locations: Mapping[str, Location],
    place_of: tuple[int, int],
) -> PackingList:
    location = locations.get(parcel.location)
    return PackingList(
        order_number=order.external_order_id,
        parcel_id=parcel.id,
        place=place_of[0],
        of=place_of[1],
        name=recipient.name,
        ship_to=address_rows(recipient),
        ship_from=f"{location.name} ({location.id})" if location else parcel.location,
        carrier_service=f"{_words(parcel.carrier)} {_words(parcel.service)}",
        tracking_number=parcel.tracking_number,
        sscc=parcel.sscc,
        weight_g=parcel.weight_g,
        ship_by=work.ship_by,
        rows=(),
    )


def _rows(work: FulfillmentOrder, parcel: Parcel, items: Mapping[str, Item], picks: Picks) -> tuple[Row, ...]:
    lines = {line.number: line for line in work.lines}
    rows: list[Row] = []
    for content in parcel.contents:
        line = lines.get(content.number)
        wanted = on_the_shelf(line, content.quantity) if line else {}
        notes = [note_of(pick, content.sku) for pick in picks.take(content.number, wanted)]
        if line and line.serials:
            notes.append(f"Serials {', '.join(line.serials)}")
        elif any(sku in items and items[sku].serial_tracked for sku in wanted):
            notes.append("Scan the serial number of each unit")
        rows.append(Row(content.number, content.sku, _named(work, items, content), content.quantity, tuple(notes)))
    return tuple(rows)


def note_of(pick: Pick, sku: str) -> str:
    """What the packing list says of a lot to pick; of a component with its SKU."""
    of = "" if pick.sku == sku else f"{pick.sku}: "
    lot = f" of lot {pick.lot}" if pick.lot else ", lot not recorded"
    until = f", good until {pick.expires_on}" if pick.expires_on else ""
    return f"{of}{pick.units}{lot}{until}"


def _named(work: FulfillmentOrder, items: Mapping[str, Item], content: Content) -> str:
    """What it is called; of a substitute also what was ordered."""
    ordered = next((line.instead_of for line in work.lines if line.number == content.number), None)
    name = _name(items, content.sku)
    return f"{name}, instead of {ordered}" if ordered else name


def address_rows(recipient: Recipient) -> tuple[str, ...]:
    """The address under the name; what is empty is left out."""
    rows = (
        recipient.company,
        *recipient.address_lines,
        f"{recipient.postal_code} {recipient.city}".strip(),
        recipient.region,
        recipient.country,
    )
    return tuple(row for row in rows if row)


def _name(items: Mapping[str, Item], sku: str) -> str:
    item = items.get(sku)
    return item.name if item else sku


def _words(code: str) -> str:
    return code.replace("_", " ").title()
