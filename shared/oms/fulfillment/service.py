"""Confirmations of a location, many at a time: one read of the work, one write per fulfillment order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from oms.aws.tables import MAX_WRITES, Write, commit
from oms.events.fact import FactData
from oms.fulfillment.case import Case, cancelled_more, versions
from oms.fulfillment.model import Confirmation, ConfirmationResult, ConfirmationResults, Stock
from oms.fulfillment.rules import Effect, apply_confirmation
from oms.inventory.lots import LotError
from oms.inventory.model import Cause
from oms.inventory.rules import SerialsNeededError
from oms.inventory.serials.store import SerialError
from oms.kernel.errors import ConflictError, TooLargeError
from oms.kernel.time import Clock, from_text, to_text
from oms.orders.completion import completed, completion, counting
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES
from oms.orders.model import Aggregate, FulfillmentOrder, Order, Parcel
from oms.orders.ports import BookingsPort, ExposurePort
from oms.orders.store import OrderStore, OrderTree, parcel_ids_of

TRIES = 4
_CONTENDED = "somebody else is changing the fulfillment order; send the confirmation again"
_BESIDE = 10  # the work, its order, and what credit and bookings write with a shipment
_Pending = tuple[tuple[int, Confirmation], ...]  # place in the request, confirmation


class Books(NamedTuple):
    """Where a confirmation is written: orders, stock, what bookings hold, and what customers owe."""

    orders: OrderStore
    stock: Stock
    bookings: BookingsPort
    exposure: ExposurePort


class Step(NamedTuple):
    """As many confirmations as fit into one write: no stock row can be changed twice in one transaction."""

    case: Case
    facts: tuple[FactData, ...]
    effect: Effect | None
    causes: tuple[str, ...]
    results: dict[int, ConfirmationResult]
    rest: _Pending


def confirm_fulfillment(
    location: str, said: Sequence[Confirmation], *, books: Books, clock: Clock
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
    cases = _read(books.orders, {key: [one for _, one in group] for key, group in groups.items()})
    results: dict[int, ConfirmationResult] = {}
    for key, group in groups.items():
        case = cases.get(key)
        if case is None or case.work.location != location:
            results |= {place: _not_found(one) for place, one in group}
        else:
            results |= _confirm_one(case, tuple(group), books=books, clock=clock)
    return ConfirmationResults(results=[results[place] for place in range(len(said))])


def _confirm_one(case: Case, pending: _Pending, *, books: Books, clock: Clock) -> dict[int, ConfirmationResult]:
    results: dict[int, ConfirmationResult] = {}
    key = (case.work.order_id, case.work.id)
    for _ in range(TRIES):
        try:
            while pending:
                now = clock()
                step = decide_together(case, pending, now)
                case = write_step(case, step, at=now, books=books)
                results |= step.results
                pending = step.rest
        except ConflictError:
            case = _read(books.orders, {key: [one for _, one in pending]})[key]
        except (TooLargeError, LotError, SerialError, SerialsNeededError) as error:
            return results | {place: _refused(one, error.code, str(error)) for place, one in pending}
        else:
            return results
    return results | {place: _refused(one, "conflict", _CONTENDED) for place, one in pending}


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


def write_step(before: Case, step: Step, *, at: datetime, books: Books) -> Case:
    """Write the step with its stock in one transaction; the case as it is stored then.

    Raises:
        BlockedLotError: a blocked lot is picked or shipped.
        ConflictError: somebody else wrote first.
        TooLargeError: a short pick that changes more than a transaction takes.
    """
    orders, by = books.orders, f"location:{before.work.location}"
    decided, also = settled(before, step.case, orders)
    why = ", ".join(step.causes) or None
    after, changed = versions(before, decided, step.facts, also, at=at, by=by, why=why)
    if changed:
        shipped = step.effect is not None and step.effect.kind == "shipped"
        if shipped or [line.lots for line in after.work.lines] != [line.lots for line in before.work.lines]:
            books.stock.refuse_blocked(after.work)
        header = header_after(after, orders, at=at, by=by) if shipped else None
        voided = _voided_now(before.parcels, after.parcels)
        effects = [
            *stock_writes(books.stock, after.work, step.effect, Cause(by, to_text(at))),
            *books.bookings.give_back_writes([(after.work, voided)]),
            *(books.exposure.moved_writes(before.order, after.order) if before.order and after.order else ()),
        ]
        together = _spilled([*changed, *([header] if header else ())], len(effects), step.effect, orders)
        commit(*(orders.write(value) for value in together), *effects)
        books.bookings.tell_carriers([(after.work, voided)])
    return after


def settled(before: Case, decided: Case, orders: OrderStore) -> tuple[Case, tuple[FactData, ...]]:
    """The case with its order completed, and the fact, when the units that were given back were the last to wait for.

    Only units of a cancelled order are: those of any other order are sourced again.
    """
    order = decided.order
    if before.order is None or order is None or not cancelled_more(before.order, order):
        return decided, ()
    _, works = orders.tree(order.id)
    tree = OrderTree(order, tuple(decided.work if work.id == decided.work.id else work for work in works))
    others = set(parcel_ids_of(tree)) - {parcel.id for parcel in decided.parcels}
    done = completion(tree, [*decided.parcels, *(orders.parcels(others).values() if others else ())])
    if done is None:
        return decided, ()
    return decided._replace(order=order.model_copy(update=done[1])), (done[0],)


def _voided_now(before: Sequence[Parcel], after: Sequence[Parcel]) -> list[Parcel]:
    pairs = zip(before, after, strict=True)
    return [new for old, new in pairs if new.status == "voided" and old.status != "voided"]


def header_after(case: Case, orders: OrderStore, *, at: datetime, by: str) -> Order | None:
    """The header when the carrier delivered all parcels before the location said that they left; else None.

    No scan will come any more, so the order completes here or, with others still on their way, its header is written
    all the same: a delivery that is being recorded at this moment then looks again.
    """
    if any(parcel.tracking_status != "delivered" for parcel in counting(case.parcels)):
        return None
    order, works = orders.tree(case.work.order_id)
    if order.status != "in_fulfillment":
        return None
    tree = OrderTree(order, tuple(case.work if work.id == case.work.id else work for work in works))
    others = set(parcel_ids_of(tree)) - {parcel.id for parcel in case.parcels}
    parcels = [*case.parcels, *(orders.parcels(others).values() if others else ())]
    return completed(tree, parcels, at=at, by=by) or order.rearmed(from_text(order.watch_at))


def _spilled(values: Sequence[Aggregate], more: int, effect: Effect | None, orders: OrderStore) -> list[Aggregate]:
    """What goes with `more` other writes into one transaction; parcels beyond its limit are written before it.

    A parcel that was handed over or voided stays so when the confirmation comes again, so dying in between is safe. A
    short pick takes units out of parcels: done twice it would take others.
    """
    excess = len(values) + more - MAX_WRITES
    if excess <= 0:
        return list(values)
    if effect is not None and effect.kind == "missing":
        raise TooLargeError("the short pick changes too many parcels and SKUs at once; report fewer lines at a time")
    early = [value for value in values if isinstance(value, Parcel)][:excess]
    for parcel in early:
        commit(orders.write(parcel))
    return [value for value in values if value not in early]


def stock_writes(stock: Stock, work: FulfillmentOrder, effect: Effect | None, cause: Cause) -> list[Write]:
    """The stock's part of a decision."""
    if effect is None:
        return []
    if effect.kind == "shipped":
        writes = stock.ship_writes(work, cause)
        if len(writes) > MAX_WRITES - _BESIDE:
            raise TooLargeError("too many serials at once; the fulfillment order must be shipped as two")
        return writes
    return stock.give_back_writes(work, effect.units, cause, restock=effect.kind == "returned", apart=effect.apart)


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
    return _refused(said, "not_found", "there is no such fulfillment order at this location")


def _refused(said: Confirmation, code: str, message: str) -> ConfirmationResult:
    return ConfirmationResult(confirmation_id=said.confirmation_id, outcome="refused", code=code, message=message)
