"""What a confirmation does to a fulfillment order: pure, safe to repeat, indifferent to order where order says nothing.

A later step implies the earlier ones (`shipped` means picked and packed). Quantities of `picked`, `packed` and
`shipped` are totals, so that saying them again changes nothing; a short pick takes units away and is therefore
remembered by its id. What contradicts the state is refused with a code and changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

from oms.events.fact import FactData
from oms.events.fulfillment import (
    FulfillmentOrderAccepted,
    FulfillmentOrderPacked,
    FulfillmentOrderPicked,
    FulfillmentOrderRejected,
    FulfillmentOrderShipped,
    FulfillmentOrderShorted,
)
from oms.fulfillment.case import Case, units_back, void_all, without_units
from oms.fulfillment.model import Confirmation, Outcome
from oms.kernel.errors import StateError
from oms.kernel.time import to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.lifecycle import FULFILLMENT_ORDER, PARCEL, move
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Parcel

_Named = TypeVar("_Named", bound=FactData)


class Effect(NamedTuple):
    """What happens to the location's stock, in units by SKU on the shelf.

    Of a bundle that is short nobody knows which component is missing: they are all `apart` until they are counted.
    """

    kind: Literal["shipped", "returned", "missing"]
    units: Mapping[str, int]
    apart: Mapping[str, int] = {}


class Decision(NamedTuple):
    """The case after the confirmation. `unfinished`: write this much, then apply the same confirmation again."""

    outcome: Outcome
    case: Case
    facts: tuple[FactData, ...] = ()
    effect: Effect | None = None
    code: str | None = None
    message: str | None = None
    unfinished: bool = False


def apply_confirmation(case: Case, said: Confirmation, now: datetime) -> Decision:
    """Decide one confirmation. `case.order` and `case.parcels` are needed when units come back or parcels leave."""
    work = case.work
    if said.confirmation_id in work.short_picks:
        return Decision("repeated", case)
    unknown = set(said.quantities) - {line.number for line in work.lines}
    if unknown:
        return _refused(case, "unknown_line", f"the fulfillment order has no line {min(unknown)}")
    if set(said.parcel_ids or ()) - set(work.parcel_ids):
        return _refused(case, "unknown_parcel", "a parcel is not one of this fulfillment order")
    if work.status in ("closed", "rejected", "cancelled"):
        return _after_the_end(case, said)
    try:
        decision = _RULES[said.kind](_with_lots(case, said), said, now)
        return decision if decision.outcome == "applied" else decision._replace(case=case)
    except StateError as error:
        return _refused(case, error.code, str(error))


def _with_lots(case: Case, said: Confirmation) -> Case:
    """The case with the lots that a location says to have taken; what it says last counts."""
    if said.kind not in ("picked", "packed", "shipped") or not (said.lots or said.serials):
        return case
    lots, serials = said.lots, said.serials
    lines = tuple(
        line.model_copy(
            update={
                "lots": lots.get(line.number, line.lots),
                "serials": serials.get(line.number, line.serials),
            }
        )
        for line in case.work.lines
    )
    return case._replace(work=case.work.model_copy(update={"lines": lines}))


def _refused(case: Case, code: str, message: str) -> Decision:
    return Decision("refused", case, code=code, message=message)


def _after_the_end(case: Case, said: Confirmation) -> Decision:
    work = case.work
    if work.status == "closed":
        shipped = {line.number: line.shipped for line in work.lines if line.shipped}
        same = not said.lines or {number: units for number, units in said.quantities.items() if units} == shipped
        if said.kind == "shipped" and same:
            return Decision("repeated", case)
        if said.kind in ("accepted", "picked", "packed"):
            return Decision("late", case)
    if work.status == said.kind == "rejected":
        return Decision("repeated", case)
    return _refused(case, StateError.code, f"the fulfillment order has ended: {work.status}")


def _accepted(case: Case, _said: Confirmation, now: datetime) -> Decision:
    work = case.work
    if work.status == "accepted":
        return Decision("repeated", case)
    if work.status in ("in_progress", "incomplete"):
        return Decision("late", case)
    after = _moved(work, ("accept",), now)
    return Decision("applied", case._replace(work=after), (_named(FulfillmentOrderAccepted, work),))


def _picked(case: Case, said: Confirmation, now: datetime) -> Decision:
    return _progressed(case, said, now, ("pick",), "picked", FulfillmentOrderPicked)


def _packed(case: Case, said: Confirmation, now: datetime) -> Decision:
    return _progressed(case, said, now, ("pick", "pack"), "packed", FulfillmentOrderPacked)


def _progressed(
    case: Case,
    said: Confirmation,
    now: datetime,
    events: tuple[str, ...],
    counter: Literal["picked", "packed"],
    fact: type[FulfillmentOrderPicked | FulfillmentOrderPacked],
) -> Decision:
    work = case.work
    after = _moved(work, events, now)
    wanted = said.quantities if said.lines else {line.number: _remaining(line) for line in work.lines}
    if any(wanted.get(line.number, 0) > _remaining(line) for line in work.lines):
        return _refused(case, f"over_{events[-1]}", "more units than the fulfillment order has left")
    lines = tuple(_at_least(line, counter, wanted.get(line.number, 0)) for line in work.lines)
    units = sum(getattr(line, counter) for line in lines) - sum(getattr(line, counter) for line in work.lines)
    if not units and after.status == work.status:
        late = counter == "picked" and any(line.packed for line in work.lines)
        return Decision("late" if late else "repeated", case)
    after = after.model_copy(update={"lines": lines})
    return Decision("applied", case._replace(work=after), (_named(fact, work, units=units),))


def _at_least(line: FulfillmentLine, counter: str, units: int) -> FulfillmentLine:
    changes = {"picked": max(line.picked, units)}
    if counter == "packed":
        changes["packed"] = max(line.packed, units)
    return line.model_copy(update=changes)


def _short_picked(case: Case, said: Confirmation, now: datetime) -> Decision:
    if any(said.quantities.get(line.number, 0) > _remaining(line) for line in case.work.lines):
        return _refused(case, "over_short", "more units are missing than the fulfillment order has left")
    missing = {number: units for number, units in said.quantities.items() if units}
    decision = _shorted(case, missing, now, keep=frozenset())
    ids = (*case.work.short_picks, said.confirmation_id)
    return decision._replace(
        case=decision.case._replace(work=decision.case.work.model_copy(update={"short_picks": ids}))
    )


def _shorted(case: Case, missing: Mapping[int, int], now: datetime, *, keep: frozenset[str]) -> Decision:
    """`missing` units by line go back to the order to be sourced elsewhere; parcels hold what is left."""
    work = case.work
    events = ("accept", "short") if work.status == "requested" else ("short",)
    lines = tuple(_short(line, missing.get(line.number, 0)) for line in work.lines)
    nothing_left = not any(_remaining(line) for line in lines)
    after = _moved(work, (*events, "reject") if nothing_left else events, now).model_copy(update={"lines": lines})
    order = units_back(case.order, missing, now)
    fact = _named(FulfillmentOrderShorted, work, missing=_sold(work, missing), attempt=order.attempt)
    parcels = without_units(case.parcels, missing, keep=keep)
    bundled = {line.number for line in work.lines if line.components}
    lost = _by_sku(work, {number: units for number, units in missing.items() if number not in bundled})
    apart = _by_sku(work, {number: units for number, units in missing.items() if number in bundled})
    return Decision("applied", Case(after, order, parcels), (fact,), Effect("missing", lost, apart))


def _short(line: FulfillmentLine, units: int) -> FulfillmentLine:
    left = _remaining(line) - units
    return line.model_copy(
        update={"short": line.short + units, "picked": min(line.picked, left), "packed": min(line.packed, left)}
    )


def _rejected(case: Case, said: Confirmation, now: datetime) -> Decision:
    work = case.work
    after = _moved(work, ("reject",), now)
    units = {line.number: _remaining(line) for line in work.lines if _remaining(line)}
    order = units_back(case.order, units, now)
    fact = _named(FulfillmentOrderRejected, work, reason=said.reason or "rejected", attempt=order.attempt)
    effect = Effect("returned", _by_sku(work, units))
    return Decision("applied", Case(after, order, void_all(case.parcels)), (fact,), effect)


def _shipped(case: Case, said: Confirmation, now: datetime) -> Decision:
    work = case.work
    _moved(work, ("pick", "pack", "ship"), now)
    manifest = _manifest(case, said)
    remaining = {line.number: _remaining(line) for line in work.lines}
    if _contents(case.parcels) != Counter({number: units for number, units in remaining.items() if units}):
        return _refused(case, "parcels_differ", "the parcels hold other units than what is left to ship")
    if any(manifest.get(number, 0) > units for number, units in remaining.items()):
        return _refused(case, "over_ship", "more units than the fulfillment order has left")
    if not any(manifest.values()):
        return _refused(case, "nothing_shipped", "no unit was shipped; send a rejection or a short pick instead")
    named = frozenset(said.parcel_ids or ())
    capacity = _contents(parcel for parcel in case.parcels if not named or parcel.id in named)
    if any(units > capacity[number] for number, units in manifest.items()):
        return _refused(case, "over_ship", "the parcels hold fewer units")
    missing = {number: units - manifest.get(number, 0) for number, units in remaining.items()}
    missing = {number: units for number, units in missing.items() if units}
    if missing:
        return _shorted(case, missing, now, keep=named)._replace(unfinished=True)
    return _left(case, manifest, now)


def _left(case: Case, manifest: Mapping[int, int], now: datetime) -> Decision:
    work = case.work
    lines = tuple(
        line.model_copy(update=dict.fromkeys(("picked", "packed", "shipped"), manifest.get(line.number, 0)))
        for line in work.lines
    )
    after = _moved(work, ("pick", "pack", "ship"), now).model_copy(update={"lines": lines})
    parcels = tuple(_handed_over(parcel) for parcel in case.parcels)
    ids = [parcel.id for parcel in parcels if parcel.status != "voided"]
    fact = _named(
        FulfillmentOrderShipped, work, units=sum(manifest.values()), parcel_ids=ids, account_id=work.account_id
    )
    return Decision("applied", Case(after, case.order, parcels), (fact,), Effect("shipped", _by_sku(work, manifest)))


def _manifest(case: Case, said: Confirmation) -> dict[int, int]:
    """Units by line that left: as said, else what the named parcels hold, else all that is not missing."""
    if said.lines:
        return {number: units for number, units in said.quantities.items() if units}
    if said.parcel_ids:
        return dict(_contents(parcel for parcel in case.parcels if parcel.id in said.parcel_ids))
    return {line.number: _remaining(line) for line in case.work.lines if _remaining(line)}


def _contents(parcels: Iterable[Parcel]) -> Counter[int]:
    units: Counter[int] = Counter()
    for parcel in parcels:
        for content in parcel.contents if parcel.status != "voided" else ():
            units[content.number] += content.quantity
    return units


def _handed_over(parcel: Parcel) -> Parcel:
    """With the carrier; at its end already when the carrier's scan was here before the location's word."""
    if parcel.status != "label_purchased":
        return parcel
    status = move(PARCEL, parcel.status, "hand_over")
    if parcel.tracking_status == "delivered":
        status = move(PARCEL, status, "close")
    return parcel.model_copy(update={"status": status})


def _remaining(line: FulfillmentLine) -> int:
    return line.quantity - line.short


def _by_sku(work: FulfillmentOrder, units: Mapping[int, int]) -> dict[str, int]:
    """Units by line number as units by SKU on the shelf."""
    total: Counter[str] = Counter()
    for line in work.lines:
        total.update(on_the_shelf(line, units.get(line.number, 0)))
    return {sku: count for sku, count in total.items() if count}


def _sold(work: FulfillmentOrder, units: Mapping[int, int]) -> dict[str, int]:
    """Units by line number as units by SKU that was sold."""
    total: Counter[str] = Counter()
    for line in work.lines:
        total[line.sku] += units.get(line.number, 0)
    return {sku: count for sku, count in total.items() if count}


def _moved(work: FulfillmentOrder, events: tuple[str, ...], now: datetime) -> FulfillmentOrder:
    """The work after the events; its clock starts again when its state changed.

    Raises:
        StateError: an event is not possible.
    """
    status = work.status
    for event in events:
        status = move(FULFILLMENT_ORDER, status, event)
    if status == work.status:
        return work
    return work.model_copy(update={"status": status, "entered_at": to_text(now), "reminders": 0})


def _named(fact: type[_Named], work: FulfillmentOrder, **data: object) -> _Named:
    ids = {"order_id": work.order_id, "fulfillment_order_id": work.id, "location": work.location}
    return fact.model_validate({**ids, **data})


_RULES: Mapping[str, Callable[[Case, Confirmation, datetime], Decision]] = {
    "accepted": _accepted,
    "picked": _picked,
    "packed": _packed,
    "shipped": _shipped,
    "short_pick": _short_picked,
    "rejected": _rejected,
}
