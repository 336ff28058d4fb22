"""Confirmations of a location, many at a time: one read of the work, one write per fulfillment order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from oms.aws.tables import Write, commit
from oms.events.fact import FactData
from oms.fulfillment.case import Case, versions
from oms.fulfillment.model import Confirmation, ConfirmationResult, ConfirmationResults, Stock
from oms.fulfillment.rules import Effect, apply_confirmation
from oms.kernel.errors import ConflictError
from oms.kernel.time import Clock
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES
from oms.orders.model import FulfillmentOrder
from oms.orders.store import OrderStore

TRIES = 4
_Pending = tuple[tuple[int, Confirmation], ...]  # place in the request, confirmation


class Step(NamedTuple):
    """As many confirmations as fit into one write: no stock row can be changed twice in one transaction."""

    case: Case
    facts: tuple[FactData, ...]
    effect: Effect | None
    causes: tuple[str, ...]
    results: dict[int, ConfirmationResult]
    rest: _Pending


def confirm_fulfillment(
    location: str, said: Sequence[Confirmation], *, orders: OrderStore, stock: Stock, clock: Clock
) -> ConfirmationResults:
    """Apply the confirmations of one location; those of one fulfillment order in the order given.

    Repeating a request changes nothing more. When the world is not ready half way, what is written stays written and
    the whole request can be sent again.

    Raises:
        TransientError: AWS is not ready; send the same request again.
    """
    groups: dict[tuple[str, str], list[tuple[int, Confirmation]]] = {}
    for place, confirmation in enumerate(said):
        key = (confirmation.order_id, confirmation.fulfillment_order_id)
        groups.setdefault(key, []).append((place, confirmation))
    cases = _read(orders, {key: [one for _, one in group] for key, group in groups.items()})
    results: dict[int, ConfirmationResult] = {}
    for key, group in groups.items():
        case = cases.get(key)
        if case is None or case.work.location != location:
            results |= {place: _not_found(one) for place, one in group}
        else:
            results |= _confirm_one(case, tuple(group), orders=orders, stock=stock, clock=clock)
    return ConfirmationResults(results=[results[place] for place in range(len(said))])


def _confirm_one(
    case: Case, pending: _Pending, *, orders: OrderStore, stock: Stock, clock: Clock
) -> dict[int, ConfirmationResult]:
    results: dict[int, ConfirmationResult] = {}
    key = (case.work.order_id, case.work.id)
    for _ in range(TRIES):
        try:
            while pending:
                now = clock()
                step = decide_together(case, pending, now)
                case = write_step(case, step, at=now, orders=orders, stock=stock)
                results |= step.results
                pending = step.rest
        except ConflictError:
            case = _read(orders, {key: [one for _, one in pending]})[key]
        else:
            return results
    return results | {place: _contended(one) for place, one in pending}


def decide_together(case: Case, pending: _Pending, now: datetime) -> Step:
    """Fold confirmations into one step, up to the second one that moves stock."""
    facts: tuple[FactData, ...] = ()
    effect: Effect | None = None
    causes: list[str] = []
    results: dict[int, ConfirmationResult] = {}
    for done, (place, said) in enumerate(pending):
        decision = apply_confirmation(case, said, now)
        if decision.effect and effect:
            return Step(case, facts, effect, tuple(causes), results, pending[done:])
        case, facts, effect = decision.case, (*facts, *decision.facts), effect or decision.effect
        if decision.outcome == "applied":
            causes.append(said.confirmation_id if said.at is None else f"{said.confirmation_id} at {said.at}")
        if decision.unfinished:
            return Step(case, facts, effect, tuple(causes), results, pending[done:])
        results[place] = ConfirmationResult(
            confirmation_id=said.confirmation_id,
            outcome=decision.outcome,
            code=decision.code,
            message=decision.message,
        )
    return Step(case, facts, effect, tuple(causes), results, ())


def write_step(before: Case, step: Step, *, at: datetime, orders: OrderStore, stock: Stock) -> Case:
    """Write the step with its stock in one transaction; the case as it is stored then.

    Raises:
        ConflictError: somebody else wrote first.
    """
    by = f"location:{before.work.location}"
    after, changed = versions(before, step.case, step.facts, at=at, by=by, why=", ".join(step.causes) or None)
    if changed:
        commit(*(orders.write(value) for value in changed), *stock_writes(stock, after.work, step.effect))
    return after


def stock_writes(stock: Stock, work: FulfillmentOrder, effect: Effect | None) -> list[Write]:
    """The stock's part of a decision."""
    if effect is None:
        return []
    if effect.kind == "shipped":
        return stock.ship_writes(work)
    return stock.give_back_writes(work.location, effect.units, restock=effect.kind == "returned")


def _read(orders: OrderStore, groups: dict[tuple[str, str], list[Confirmation]]) -> dict[tuple[str, str], Case]:
    """The cases that exist; headers and parcels only where a confirmation may touch them."""
    works = orders.load(fulfillment_orders=groups).fulfillment_orders
    wide = {
        key for key, group in groups.items() if key[1] in works and _needs_more(works[key[1]], group)
    }  # fmt: skip
    headers = {key[0] for key in wide if any(_may_bring_units_back(one) for one in groups[key])}
    parcel_ids = {parcel_id for key in wide for parcel_id in works[key[1]].parcel_ids}
    more = orders.load(orders=headers, parcels=parcel_ids)
    return {
        key: Case(
            works[key[1]],
            more.orders.get(key[0]),
            tuple(more.parcels[one] for one in works[key[1]].parcel_ids if one in more.parcels),
        )
        for key in groups
        if key[1] in works
    }


def _needs_more(work: FulfillmentOrder, group: Iterable[Confirmation]) -> bool:
    moving = any(one.kind in ("shipped", "short_pick", "rejected") for one in group)
    return moving and work.status in LIVE_FULFILLMENT_STATES


def _may_bring_units_back(said: Confirmation) -> bool:
    return said.kind in ("short_pick", "rejected") or (said.kind == "shipped" and bool(said.lines or said.parcel_ids))


def _not_found(said: Confirmation) -> ConfirmationResult:
    return ConfirmationResult(
        confirmation_id=said.confirmation_id,
        outcome="refused",
        code="not_found",
        message="there is no such fulfillment order at this location",
    )


def _contended(said: Confirmation) -> ConfirmationResult:
    return ConfirmationResult(
        confirmation_id=said.confirmation_id,
        outcome="refused",
        code="conflict",
        message="somebody else is changing the fulfillment order; send the confirmation again",
    )
