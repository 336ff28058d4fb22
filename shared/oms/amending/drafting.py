"""The order as it would be with a wish made: for the preview, and for the change itself."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from oms.amending.model import (
    CreditChange,
    LineChange,
    Money,
    Preview,
    Price,
    PromiseChange,
    StockChange,
)
from oms.amending.ports import AmendingDesk, Stock
from oms.amending.wishes import Plan, Wish, goods, plan_of, put_on, taken_off, with_wish
from oms.events.fact import FactData
from oms.events.orders import OrderCancelled, OrderChanged
from oms.inventory.shelf import standing
from oms.kernel.errors import Fault, RejectedError
from oms.kernel.json import write_json
from oms.kernel.money import MAX_MINOR
from oms.kernel.time import to_text
from oms.orders.amounts import live_units
from oms.orders.holding import HoldSpec, with_holds
from oms.orders.mayship import ToShip
from oms.orders.model import Order, Parcel, Promise
from oms.orders.ports import CreditAnswer
from oms.orders.reach import units_of
from oms.orders.resourcing import asked_again
from oms.orders.shapes import PostalPlace
from oms.orders.store import OrderTree
from oms.reference.model import bundles_among


class Draft(NamedTuple):
    """The order with the wish made, and what that takes. `after` is the next version of the order, not yet written."""

    before: Order
    after: Order
    wish: Wish
    plan: Plan
    stock: Stock


class Told(NamedTuple):
    """What is written of a change into the order's log and facts.

    `person_id`: whom it goes to from now on; `place`: where, if that is new.
    """

    change_id: str | None
    reason: str
    why: str
    by: str
    at: datetime
    person_id: str | None = None
    place: PostalPlace | None = None
    more: Mapping[str, Any] = {}
    holds: tuple[HoldSpec, ...] = ()


def drafted(tree: OrderTree, parcels: Mapping[str, Parcel], wish: Wish, told: Told, desk: AmendingDesk) -> Draft:
    """The draft of a wish; a plan that is not possible leaves the order's units where they are.

    Raises:
        RejectedError: an SKU that is not in the catalogue, a destination that nobody serves, amounts that contradict,
            or whatever else a check refuses that the change brings about.
    """
    order = tree.order
    _refuse_unknown(order, wish, desk)
    _take_bundles_apart(order, wish, desk)
    plan = plan_of(tree, parcels, wish)
    recalled: Counter[int] = Counter()
    for work in plan.sources.works:
        recalled.update(units_of(work))
    queued = {line.number: units for line, units in plan.sources.queued}
    fields: dict[str, Any] = (
        {"lines": order.lines, "status": order.status} if plan.why else with_wish(order, wish, recalled, queued)
    )
    needed = _needed(fields)
    stock, promise = _promised(order, wish, needed, plan, told.at, desk) if needed else ({}, order.promise)
    if needed and (wish.redirected or put_on(order, wish)):
        fields["promise"] = promise
    if not plan.why:
        verdict = desk.checks.recheck(order, order.model_copy(update=fields), place=told.place, at=told.at)
        told = told._replace(holds=(*told.holds, *verdict.holds))
        fields["findings"] = (*order.findings, *verdict.findings)
    return Draft(order, _header(order, wish, fields, told, asks=bool(recalled or queued)), wish, plan, stock)


def _refuse_unknown(order: Order, wish: Wish, desk: AmendingDesk) -> None:
    new = {line.sku for line in wish.lines} - {line.sku for line in order.lines}
    missing = sorted(new - set(desk.reference.items(new))) if new else []
    if missing:
        faults = [Fault("edits", f"{sku} is not in the catalogue") for sku in missing]
        raise RejectedError(f"{len(faults)} SKU(s) are not known", code="unknown_sku", faults=faults)
    if wish.destination is not None and wish.destination.country not in desk.served_countries():
        fault = Fault("edits", f"nothing ships to {wish.destination.country}")
        raise RejectedError("nothing ships there", code="destination_not_served", faults=[fault])


def _take_bundles_apart(order: Order, wish: Wish, desk: AmendingDesk) -> None:
    """A bundle that is added keeps the components that it has now."""
    known = {line.number for line in order.lines}
    new = {line.sku for line in wish.lines if line.number not in known}
    bundles = bundles_among(desk.reference.items(new)) if new else {}
    wish.lines = [
        line.model_copy(update={"components": bundles.get(line.sku, ())}) if line.number not in known else line
        for line in wish.lines
    ]


def _needed(fields: Mapping[str, Any]) -> dict[str, int]:
    """Units by SKU that a location must be found for."""
    needed: Counter[str] = Counter()
    for line in fields["lines"]:
        needed[line.sku] += line.open
    return {sku: units for sku, units in needed.items() if units}


def _promised(
    order: Order, wish: Wish, needed: Mapping[str, int], plan: Plan, at: datetime, desk: AmendingDesk
) -> tuple[Stock, Promise]:
    """What there is for the changed order where it may ship from, with what the plan gives back; and its window."""
    there = desk.stock.counted(needed, channel=order.channel)
    destination = wish.destination or order.destination
    others = frozenset(line.sku for line in order.lines if live_units(line)) - needed.keys()
    kept_to = frozenset() if plan.sources.works else frozenset(order.kept_to)
    asked = ToShip(order.channel, order.account_id is not None, destination, frozenset(needed), kept_to, others)
    may = desk.may_ship(asked)
    return standing(
        lambda day: may.stock(_with_given_back(there(day), plan), needed),
        lambda stock: _window(order, wish, needed, stock, at, desk),
        lambda promise: promise.latest_on,
    )


def _with_given_back(stock: Stock, plan: Plan) -> Stock:
    """The stock as it will be when the plan's work has been taken back."""
    found = {sku: dict(places) for sku, places in stock.items()}
    for work in plan.sources.works:
        for line in work.lines:
            if line.sku in found:
                there = found[line.sku]
                there[work.location] = there.get(work.location, 0) + line.quantity - line.short
    return found


def _window(
    order: Order, wish: Wish, needed: Mapping[str, int], stock: Stock, at: datetime, desk: AmendingDesk
) -> Promise:
    """The window of what is sourced now and, if anything else is on its way already, of both together."""
    new = desk.promise(wish.destination or order.destination, needed, stock, at)
    old = order.promise
    if wish.redirected or not order.units_allocated or not (new.latest_on and old.latest_on):
        return new
    earliest = min(new.earliest_on or new.latest_on, old.earliest_on or old.latest_on)
    return Promise(earliest_on=earliest, latest_on=max(new.latest_on, old.latest_on))


def _header(order: Order, wish: Wish, fields: dict[str, Any], told: Told, *, asks: bool) -> Order:
    off, on = taken_off(order, wish), put_on(order, wish)
    facts: list[FactData] = [_changed(order, wish, fields, told)]
    if fields["status"] == "cancelled":
        facts.append(OrderCancelled(order_id=order.id, reason=told.reason, units=sum(off.values())))
    waits = any(line.open for line in fields["lines"])
    if order.status != "validating" and fields["status"] != "cancelled" and waits and (asks or on):
        again, asked = asked_again(order, told.at)
        facts.append(again)
        fields |= asked
    if fields["status"] != order.status:
        fields["entered_at"] = to_text(told.at)
    if told.person_id is not None:
        fields["person_id"] = told.person_id
    if told.holds:
        fields["holds"], held = with_holds(order, told.holds, at=told.at)
        facts += held
    if fields.get("total_minor", 0) > MAX_MINOR:
        fault = Fault("edits", f"the order would come to more than {MAX_MINOR} in the minor unit")
        raise RejectedError("1 field(s) are not valid", code="invalid", faults=[fault])
    return order.changed(*facts, at=told.at, by=told.by, why=told.why, **{**fields, **told.more})


def _changed(order: Order, wish: Wish, fields: Mapping[str, Any], told: Told) -> OrderChanged:
    total = fields.get("total_minor", order.total_minor)
    moved = Counter(put_on(order, wish))
    moved.subtract(taken_off(order, wish))
    return OrderChanged(
        order_id=order.id,
        change_id=told.change_id,
        kinds=wish.kinds,
        units={str(number): units for number, units in sorted(moved.items()) if units},
        difference_minor=total - order.total_minor,
        total_minor=total,
    )


def preview_of(draft: Draft, answer: CreditAnswer) -> Preview:
    """What the draft would do."""
    before, after, wish = draft.before, draft.after, draft.wish
    was = {line.number: live_units(line) for line in before.lines}
    needed = _needed({"lines": after.lines})
    return Preview(
        lines=tuple(
            LineChange(number=line.number, sku=line.sku, before=was.get(line.number, 0), after=wish.units[line.number])
            for line in wish.lines
            if was.get(line.number, 0) != wish.units[line.number]
        ),
        price=_price(before, after),
        credit=_credit(before, after, answer),
        stock=tuple(_stock_change(sku, units, draft.stock) for sku, units in sorted(needed.items())),
        promise=PromiseChange(before=before.promise, after=after.promise),
        waits_for=tuple(hold.reason for hold in after.holds if hold not in before.holds),
        findings=after.findings[len(before.findings) :],
        taken_back=tuple(work.id for work in draft.plan.sources.works),
    )


def _price(before: Order, after: Order) -> Price:
    return Price(
        currency=before.currency,
        goods=_money(_goods(before), _goods(after)),
        discount=_money(before.discount_minor, after.discount_minor),
        shipping=_money(before.shipping_minor, after.shipping_minor),
        tax=_money(before.tax_minor, after.tax_minor),
        total=_money(before.total_minor, after.total_minor),
    )


def _goods(order: Order) -> int:
    return goods(order.lines, {line.number: live_units(line) for line in order.lines})


def _money(before: int, after: int) -> Money:
    return Money(before_minor=before, after_minor=after, difference_minor=after - before)


def _credit(before: Order, after: Order, answer: CreditAnswer) -> CreditChange | None:
    if before.account_id is None:
        return None
    return CreditChange(
        account_id=before.account_id,
        difference_minor=after.total_minor - before.total_minor,
        fits=answer.fits,
        waits_for=tuple(spec.reason for spec in answer.holds),
    )


def _stock_change(sku: str, units: int, stock: Stock) -> StockChange:
    available = sum(max(free, 0) for free in stock.get(sku, {}).values())
    return StockChange(sku=sku, wanted=units, available=available, short=max(units - available, 0))


def tag_of(tree: OrderTree, status: str) -> str:
    """The entity tag of a change set: another one whenever what it would do may be another, and not otherwise."""
    order = tree.order
    seen = {
        "change": status,
        "order": order.model_dump(mode="json", include=_SEEN),
        "holds": [hold.id for hold in order.holds],
        "works": [[work.id, work.status] for work in tree.fulfillment_orders],
    }
    return f'"{hashlib.sha256(write_json(seen).encode()).hexdigest()[:20]}"'


_SEEN = {
    "status",
    "lines",
    "shipping_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "destination",
    "delivery",
    "priority",
    "person_id",
    "cancelling",
}
