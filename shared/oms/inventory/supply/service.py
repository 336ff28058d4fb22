"""Announce goods, move their date, book them in: supply, stock and fact in one transaction."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from oms.aws.tables import Write, commit, get_many
from oms.events.fact import FactData
from oms.events.supplies import SupplyConfirmed, SupplyMoved, SupplyReceived
from oms.inventory.model import Cause, Change, Movement
from oms.inventory.repeats import digest, refuse_other
from oms.inventory.store import StockStore
from oms.inventory.supply.model import KEPT, Lateness, PutSupply, ReceiveSupply, Supply, SupplyTerms, SupplyView
from oms.inventory.supply.rules import lateness_days, usable_on
from oms.inventory.supply.store import SupplyStore
from oms.inventory.tracing.arriving import arrived
from oms.inventory.tracing.booking import LotDesk
from oms.inventory.tracing.model import Named
from oms.kernel.errors import (
    ConflictError,
    Fault,
    NotFoundError,
    RejectedError,
    StaleError,
    StateError,
    UnconditionalError,
    Why,
)
from oms.kernel.time import Clock, to_text
from oms.reference.model import Location

TRIES = 5
_ANY = "*"
_FIXED = ("kind", "sku", "location", "supplier")  # of a line that is known: another one is another supply


@dataclass(frozen=True)
class SupplyDesk:
    """Who announces and receives goods works with these. Where no `suppliers` are known, any name is one."""

    stock: StockStore
    supplies: SupplyStore
    lots: LotDesk
    locations: Callable[[], Mapping[str, Location]]
    suppliers: Callable[[], Collection[str]]
    terms: Callable[[], SupplyTerms]
    clock: Clock


def read_supply(supply_id: str, *, desk: SupplyDesk) -> SupplyView:
    """One line that is to come in.

    Raises:
        NotFoundError: there is none.
    """
    return _shown(_existing(supply_id, desk), desk)


def put_supply(supply_id: str, wanted: PutSupply, *, if_match: str, by: str, desk: SupplyDesk) -> SupplyView:
    """Announce a line, or say what is new of it. The same again changes nothing, and needs no `if_match`.

    Raises:
        RejectedError: `invalid`: no such location or supplier, the SKU is not kept there, fewer units than came, or
            what makes the line what it is would change.
        StaleError: it is not as `if_match` says. UnconditionalError: it is there, and `if_match` was not given.
        ConflictError: lost the race five times.
    """
    for attempt in range(1, TRIES + 1):
        before = desk.supplies.find(supply_id)
        if before is not None and _same(before, wanted):
            return _shown(before, desk)
        _check_version(before, if_match)
        _refuse(before, wanted, desk)
        now = desk.clock()
        after = _changed(supply_id, before, wanted, by=by, at=now)
        more = after.to_come - (before.to_come if before else 0)
        movement = Movement("expected", (after.sku, after.location), Change(incoming=more), ref=after.id)
        try:
            commit(*desk.supplies.writes(after), *_moved(movement, Cause(by, to_text(now)), desk))
        except ConflictError:
            if attempt == TRIES:
                raise
        else:
            return _shown(after, desk)
    raise AssertionError("unreachable: the last try returns or raises")


def receive_supply(supply_id: str, receipt: ReceiveSupply, *, by: str, desk: SupplyDesk) -> SupplyView:
    """Book goods of a line in, all or a part. A receipt counts once, however often it comes.

    Raises:
        NotFoundError: no such line.
        RejectedError: code `id_reused`: the receipt came with other units before; `lot_needed`, `serials_needed`,
            `invalid`: see `arrived`. SerialError: one is in stock already.
        StateError: it was received whole before.
        ConflictError: lost the race five times.
    """
    name = f"receipt:{supply_id}:{receipt.receipt_id}"
    later = {field for field in ("lots", "serials") if getattr(receipt, field) is None}  # as before there were those
    asked = digest(receipt.model_dump_json(exclude=later))
    for attempt in range(1, TRIES + 1):
        before = _existing(supply_id, desk)
        if first := desk.stock.claimed(name).get(name):
            refuse_other(first, asked, what=f"receipt {receipt.receipt_id}")
            return _shown(before, desk)
        _refuse_closed(before)
        after, writes = _received(before, receipt, by, desk)
        cause = Cause(by, to_text(desk.clock()))
        try:
            commit(desk.stock.claim(name, cause, asked=asked, told=f"{receipt.units} units"), *writes)
        except ConflictError:
            if attempt == TRIES:
                raise
        else:
            return _shown(after, desk)
    raise AssertionError("unreachable: the last try returns or raises")


def _received(before: Supply, receipt: ReceiveSupply, by: str, desk: SupplyDesk) -> tuple[Supply, list[Write]]:
    """The supply after a receipt, and all that is written with it."""
    now = desk.clock()
    received = before.received + receipt.units
    fact = SupplyReceived(
        supply_id=before.id,
        sku=before.sku,
        location=before.location,
        receipt_id=receipt.receipt_id,
        units=receipt.units,
        to_come=max(before.units - received, 0),
    )
    after = before.changed(
        fact,
        at=now,
        by=by,
        received=received,
        status="received" if received >= before.units else "open",
    )
    change = Change(on_hand=receipt.units, incoming=after.to_come - before.to_come)
    movement = Movement("received", (after.sku, after.location), change, ref=after.id)
    writes = [*desk.supplies.writes(after), *_moved(movement, Cause(by, to_text(now)), desk, receipt.named)]
    if before.stated_on is not None:
        came_on = now.astimezone(ZoneInfo(desk.locations()[before.location].time_zone)).date()
        writes.append(_observed(before.supplier, (came_on - date.fromisoformat(before.stated_on)).days, desk))
    return after, writes


def _observed(supplier: str, days: int, desk: SupplyDesk) -> Write:
    known = desk.supplies.lateness([supplier], consistent=True)[supplier]
    kept = (*known.days, days)[-KEPT:]
    return desk.supplies.lateness_write(Lateness(supplier=supplier, days=kept, version=known.version + 1))


def _moved(movement: Movement, cause: Cause, desk: SupplyDesk, named: Named | None = None) -> list[Write]:
    sku, location = movement.key
    reference = desk.lots.reference
    along = reference.along([sku])
    before = desk.stock.positions_at([movement.key], along if named else get_many)
    if movement.key not in before:
        raise RejectedError("the line is not valid", code="invalid", faults=[_not_kept(sku, location)])
    # A receipt that named no supply has taken units off `incoming` too: goods that are here are booked in all the same.
    announced = max(movement.change.incoming, -before[movement.key].incoming)
    movement = movement._replace(change=movement.change._replace(incoming=announced))
    if named is None:
        return desk.stock.writes([movement], before, cause)
    booked = arrived(movement, named, along.items.get(sku), desk.lots, cause)
    return [*desk.stock.writes(booked.movements, before, cause), *booked.writes]


def _not_kept(sku: str, location: str) -> Fault:
    return Fault("sku", f"{sku} is not kept at {location}")


def _existing(supply_id: str, desk: SupplyDesk) -> Supply:
    supply = desk.supplies.find(supply_id)
    if supply is None:
        raise NotFoundError(f"there is no supply {supply_id}")
    return supply


def _same(before: Supply, wanted: PutSupply) -> bool:
    return all(getattr(before, name) == value for name, value in wanted.model_dump().items())


def _check_version(before: Supply | None, if_match: str) -> None:
    if before is None:
        if if_match not in ("", _ANY):
            raise StaleError("there is no such supply yet")
        return
    if not if_match:
        raise UnconditionalError("say which state of the supply you have seen: send its ETag as If-Match")
    if if_match not in (_ANY, tag_of(before.version)):
        now = {name: getattr(before, name) for name in ("units", "received", "to_come", "version")}
        raise StaleError("the supply has changed since you read it").with_current(tag_of(before.version), **now)


def tag_of(version: int) -> str:
    """The entity tag of a supply."""
    return f'"{version}"'


def _refuse(before: Supply | None, wanted: PutSupply, desk: SupplyDesk) -> None:
    faults: list[Fault] = []
    if wanted.location not in desk.locations():
        faults.append(Fault("location", "is unknown"))
    elif before is None and not desk.stock.positions_at([(wanted.sku, wanted.location)]):
        faults.append(_not_kept(wanted.sku, wanted.location))
    if before is None and (known := desk.suppliers()) and wanted.supplier not in known:
        faults.append(Fault("supplier", "is unknown"))
    if before is not None:
        faults += [
            Fault(name, "cannot change; announce another supply")
            for name in _FIXED
            if getattr(before, name) != getattr(wanted, name)
        ]
        if wanted.units < before.received:
            faults.append(Fault("units", f"{before.received} have come already"))
    elif not wanted.units:
        faults.append(Fault("units", "must be 1 at least"))
    if faults:
        raise RejectedError(f"{len(faults)} field(s) are not valid", code="invalid", faults=faults)


def _refuse_closed(supply: Supply) -> None:
    if supply.status != "open":
        message = f"{supply.id} was received whole"
        raise StateError.because(Why("supply_received", message, "raise its units, or count the goods in"))


def _changed(supply_id: str, before: Supply | None, wanted: PutSupply, *, by: str, at: datetime) -> Supply:
    """The next version. Announced again after it was received whole, it is open once more."""
    fields = wanted.model_dump()
    supply = before or Supply(id=supply_id, **fields)
    status = "received" if before is not None and wanted.units <= before.received else "open"
    stated_on = supply.stated_on or (wanted.due_on if wanted.confirmed else None)
    if before is not None and before.received and before.status == "received":
        stated_on = wanted.due_on if wanted.confirmed else None
    facts = _news(before, supply, wanted)
    what = None if facts else ("SupplyPlanned" if before is None else "SupplyChanged")
    return supply.changed(*facts, at=at, by=by, what=what, **{**fields, "status": status, "stated_on": stated_on})


def _news(before: Supply | None, supply: Supply, wanted: PutSupply) -> list[FactData]:
    """What others must know: only confirmed units are promised from."""
    was = before is not None and before.confirmed
    if not was and not wanted.confirmed:
        return []
    ids = {"supply_id": supply.id, "sku": wanted.sku, "location": wanted.location, "supplier": wanted.supplier}
    if before is None or not was:
        return [SupplyConfirmed.model_validate({**ids, "units": wanted.units, "due_on": wanted.due_on})]
    units = wanted.units if wanted.confirmed else 0
    if (units, wanted.due_on) == (before.units, before.due_on):
        return []
    moved = {"units": units, "due_on": wanted.due_on, "was_units": before.units, "was_due_on": before.due_on}
    return [SupplyMoved.model_validate({**ids, **moved})]


def _shown(supply: Supply, desk: SupplyDesk) -> SupplyView:
    usable = None
    place = desk.locations().get(supply.location)
    if supply.to_come and supply.confirmed and place is not None:
        terms = desk.terms()
        late = lateness_days(desk.supplies.lateness([supply.supplier])[supply.supplier].days, terms)
        usable = usable_on(date.fromisoformat(supply.due_on), late, place, terms).isoformat()
    names = set(SupplyView.model_fields) - {"usable_on"}
    return SupplyView(**{name: getattr(supply, name) for name in names}, usable_on=usable)
