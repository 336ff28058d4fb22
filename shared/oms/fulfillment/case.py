"""A fulfillment order with what a decision about it may also touch: the header, and the parcels."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from oms.events.fact import FactData
from oms.events.orders import OrderCancelled
from oms.events.tracking import ParcelVoided
from oms.kernel.time import from_text, to_text
from oms.orders.amounts import without_cancelled
from oms.orders.lifecycle import MAX_DWELL, ORDER, PARCEL, move
from oms.orders.lines import replace_line
from oms.orders.model import Aggregate, Content, FulfillmentOrder, Order, Parcel


class Case(NamedTuple):
    """Values as they were read, or as a decision would leave them (same version until `versions`)."""

    work: FulfillmentOrder
    order: Order | None = None
    parcels: tuple[Parcel, ...] = ()


def versions(
    before: Case,
    after: Case,
    facts: Sequence[FactData],
    of_order: Sequence[FactData] = (),
    *,
    at: datetime,
    by: str,
    why: str | None,
) -> tuple[Case, list[Aggregate]]:
    """`after` as next versions of what differs from `before`, and the list of those.

    `facts` are said of the work, `of_order` of its order.
    """
    changed: list[Aggregate] = []
    work, order = before.work, before.order
    if after.work != work or facts:
        work = work.changed(*facts, at=at, by=by, why=why, **_differences(work, after.work))
        changed.append(work)
    if order and after.order and after.order != order:
        order = _header(order, after.order, of_order, at=at, by=by, why=why)
        changed.append(order)
    parcels = [_parcel_version(old, new, at, by) for old, new in zip(before.parcels, after.parcels, strict=True)]
    changed += [new for old, new in zip(before.parcels, parcels, strict=True) if new != old]
    return Case(work, order, tuple(parcels)), changed


def _header(before: Order, after: Order, also: Sequence[FactData], *, at: datetime, by: str, why: str | None) -> Order:
    gone = cancelled_more(before, after)
    changes = _differences(before, after)
    if gone:
        fact = OrderCancelled(order_id=before.id, reason=before.cancelling or "other", units=gone)
        return before.changed(fact, *also, at=at, by=by, why=why, **changes)
    return before.changed(at=at, by=by, why=why, what="units_returned", **changes)


def _differences(old: Aggregate, new: Aggregate) -> dict[str, Any]:
    return {name: value for name, value in new if value != getattr(old, name)}


def _parcel_version(old: Parcel, new: Parcel, at: datetime, by: str) -> Parcel:
    if new == old:
        return old
    changes = _differences(old, new)
    if new.status == "voided":
        fact = ParcelVoided(order_id=old.order_id, parcel_id=old.id, reason="units_not_shipped")
        return old.changed(fact, at=at, by=by, **changes)
    return old.changed(at=at, by=by, what="handed_over" if new.status != old.status else "contents_changed", **changes)


def units_back(order: Order | None, units: Mapping[int, int], now: datetime) -> Order:
    """The header with units (by line number) waiting for a location again, in a new attempt to source them.

    Units of an order that was cancelled meanwhile are not wanted any more: they are cancelled too.

    Raises:
        ValueError: no header was read, or a line has not so many units allocated.
    """
    if order is None:
        raise ValueError("units cannot go back to an order that was not read")
    if order.cancelling is not None:
        return _less_wanted(order, units, now)
    lines = replace_line(
        order.lines,
        {
            line.number: {
                "allocated": line.allocated - units[line.number],
                "open": line.open + units[line.number],
            }
            for line in order.lines
            if units.get(line.number)
        },
    )
    changes: dict[str, object] = {"lines": lines, "attempt": order.attempt + 1}
    state = "order.unsourced"
    if order.status == "in_fulfillment" and not any(line.allocated for line in lines):
        changes |= {"status": move(ORDER, order.status, "unallocate"), "entered_at": to_text(now)}
        state = "order.confirmed"
    changes["watch_at"] = to_text(min(from_text(order.watch_at), now + MAX_DWELL[state]))
    return order.model_copy(update=changes)


def _less_wanted(order: Order, units: Mapping[int, int], now: datetime) -> Order:
    changes = {
        line.number: {
            "allocated": line.allocated - units[line.number],
            "cancelled": line.cancelled + units[line.number],
        }
        for line in order.lines
        if units.get(line.number)
    }
    lines, amounts = without_cancelled(order, replace_line(order.lines, changes))
    changed: dict[str, object] = {"lines": lines, **amounts._asdict(), "watch_at": to_text(now)}
    if order.status == "in_fulfillment" and all(line.cancelled == line.quantity for line in lines):
        changed |= {"status": move(ORDER, order.status, "cancel"), "entered_at": to_text(now)}
    return order.model_copy(update=changed)


def cancelled_more(before: Order, after: Order) -> int:
    """Units that the change took off the order."""
    return sum(line.cancelled for line in after.lines) - sum(line.cancelled for line in before.lines)


def void_all(parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """The parcels with every label that was not handed over cancelled."""
    return tuple(_voided(parcel) if parcel.status == "label_purchased" else parcel for parcel in parcels)


def without_units(parcels: Sequence[Parcel], units: Mapping[int, int], *, keep: frozenset[str]) -> tuple[Parcel, ...]:
    """The parcels with fewer units (by line number): taken from the last ones first, and from those in `keep` at last.

    A parcel that ends up empty is voided.
    """
    left = Counter(units)
    new = {parcel.id: parcel for parcel in parcels}
    last_first = sorted(enumerate(parcels), key=lambda place: (place[1].id in keep, -place[0]))
    for _, parcel in last_first:
        if parcel.status == "label_purchased":
            contents = tuple(_less(parcel.contents, left))
            if contents != parcel.contents:
                fewer = parcel.model_copy(update={"contents": contents})
                new[parcel.id] = fewer if contents else _voided(parcel)
    return tuple(new.values())


def _less(contents: Sequence[Content], left: Counter[int]) -> Iterator[Content]:
    for content in contents:
        gone = min(left[content.number], content.quantity)
        left[content.number] -= gone
        if gone < content.quantity:
            yield content.model_copy(update={"quantity": content.quantity - gone})


def _voided(parcel: Parcel) -> Parcel:
    return parcel.model_copy(update={"status": move(PARCEL, parcel.status, "void")})
