"""Purchases that follow from a drop shipment: raised with the release of the work to the supplier's place."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from oms.aws.tables import Write
from oms.events.procurement import PurchaseRaised, PurchaseRescheduled
from oms.kernel.errors import MalformedError
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.procurement.model import Offer, Purchase, PurchaseLine, PurchasePage, PurchaseView, Supplier
from oms.procurement.store import ProcurementStore

BY = "system:release_fulfillment"


class ReleasedLine(Protocol):
    """A line of the work, as far as a purchase is about it."""

    @property
    def number(self) -> int: ...
    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...


class Released(Protocol):
    """Work that a supplier does for us."""

    @property
    def id(self) -> str: ...
    @property
    def order_id(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def lines(self) -> Iterable[ReleasedLine]: ...


def purchase_id_of(fulfillment_order_id: str) -> str:
    """One purchase for one supplier's work."""
    return derive_id("pur", fulfillment_order_id)


def raise_purchase(
    work: Released, supplier: str, ship_by: str, *, procurement: ProcurementStore, at: datetime
) -> list[Write]:
    """What raises the purchase of a supplier's work, for the transaction that releases it.

    Where it is there already, the work is released again after it was withdrawn: its day is moved if it is another one.
    A unit costs what the supplier's offer says; None: it has no offer, and the invoice will say.
    """
    purchase_id = purchase_id_of(work.id)
    known = procurement.purchase(purchase_id)
    if known is not None:
        return [procurement.change_write(_rescheduled(known, ship_by, at))] if known.ship_by != ship_by else []
    lines = _lines(work, _offers(supplier, procurement.suppliers()))
    made = Purchase(
        id=purchase_id,
        supplier=supplier,
        location=work.location,
        order_id=work.order_id,
        fulfillment_order_id=work.id,
        lines=lines,
        ship_by=ship_by,
        raised_at=to_text(at),
    )
    fact = PurchaseRaised(
        purchase_id=made.id,
        supplier=supplier,
        location=work.location,
        fulfillment_order_id=work.id,
        units=tuple((line.sku, line.units) for line in lines),
        ship_by=ship_by,
    )
    return [procurement.raise_write(made.changed(fact, at=at, by=BY))]


def _lines(work: Released, offers: Mapping[str, Offer]) -> tuple[PurchaseLine, ...]:
    return tuple(
        PurchaseLine(
            number=line.number,
            sku=line.sku,
            units=line.quantity,
            unit_cost_minor=offers[line.sku].unit_cost_minor if line.sku in offers else None,
            currency=offers[line.sku].currency if line.sku in offers else None,
        )
        for line in work.lines
    )


def _rescheduled(purchase: Purchase, ship_by: str, at: datetime) -> Purchase:
    fact = PurchaseRescheduled(
        purchase_id=purchase.id,
        supplier=purchase.supplier,
        location=purchase.location,
        fulfillment_order_id=purchase.fulfillment_order_id,
        ship_by=ship_by,
        before=purchase.ship_by,
    )
    return purchase.changed(fact, at=at, by=BY, ship_by=ship_by)


def list_purchases(supplier: str, *, cursor: str | None, limit: int, procurement: ProcurementStore) -> PurchasePage:
    """A page of what was ordered of a supplier for our buyers, the newest first.

    Raises:
        MalformedError: code `bad_cursor`: not a cursor of ours.
    """
    if cursor and "#" not in cursor:
        raise MalformedError("not a cursor of this list", code="bad_cursor")
    rows = procurement.purchases(supplier, before=cursor, limit=limit + 1)
    shown = rows[:limit]
    names = set(PurchaseView.model_fields) - {"purchase_id"}
    return PurchasePage(
        purchases=tuple(
            PurchaseView(purchase_id=one.id, **{name: getattr(one, name) for name in names}) for _, one in shown
        ),
        next_cursor=shown[-1][0] if len(rows) > limit else None,
    )


def _offers(supplier: str, suppliers: Iterable[Supplier]) -> dict[str, Offer]:
    return {offer.sku: offer for one in suppliers if one.id == supplier for offer in one.offers}
