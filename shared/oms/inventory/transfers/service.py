"""Plan transfers: draft, ready, cancel."""

from oms.aws.tables import commit
from oms.events.transfers import TransferCancelled, TransferDrafted, TransferReadied
from oms.inventory.model import Cause
from oms.inventory.racing import raced
from oms.inventory.transfers import rules
from oms.inventory.transfers.desk import (
    ANY,
    Caller,
    Step,
    TransferDesk,
    check_seen,
    positions,
    read_transfer,
    refusal,
    refuse,
    write,
)
from oms.inventory.transfers.model import (
    ENDED,
    KEPT_LOG,
    PutTransfer,
    Transfer,
    TransferLine,
)
from oms.kernel.errors import Fault, NotFoundError, StaleError, UnconditionalError
from oms.kernel.time import to_text


def put_transfer(transfer_id: str, wanted: PutTransfer, *, caller: Caller, desk: TransferDesk) -> tuple[Transfer, bool]:
    """Make a draft (True), or say what is new of it; of one that is under way, its date and note.

    The same again changes nothing.

    Raises:
        RejectedError: `invalid`: no such location, a SKU that is not kept at both ends, or one that is named twice.
        NotFoundError: neither end is the caller's. StateError: it is no draft any more.
        StaleError: it is not as `if_match` says. UnconditionalError: it is there, and `if_match` was not given.
        ConflictError: lost the race eight times.
    """

    def attempt() -> tuple[Transfer, bool]:
        before = desk.transfers.find(transfer_id)
        _refuse_foreign(before, wanted, caller, transfer_id)
        if before is None:
            if caller.if_match not in ("", ANY):
                raise StaleError("there is no such transfer yet")
            return _drafted(transfer_id, None, wanted, caller, desk), True
        if _same(before, wanted):
            return before, False
        if not caller.if_match:
            raise UnconditionalError("say which state of the transfer you have seen: send its ETag as If-Match")
        check_seen(before, caller)
        if before.status == "draft":
            return _drafted(transfer_id, before, wanted, caller, desk), False
        if before.status in ENDED or not _same_goods(before, wanted):
            raise refusal(before, "it is no draft any more", "cancel what has not left, and make another one")
        step = Step(before, rules.redated(before, wanted.due_on), {}, Cause(caller.by, to_text(desk.clock())))
        return write(step, desk=desk, due_on=wanted.due_on, note=wanted.note), False

    return raced(attempt)


def ready_transfer(transfer_id: str, *, caller: Caller, desk: TransferDesk) -> Transfer:
    """Commit all units at the source, or none. One that is ready, or on its way, stays as it is.

    Raises:
        NotFoundError: there is none. StateError: it was cancelled.
        ShortStockError: fewer can be taken; `faults` names the lines.
        StaleError: it is not as `if_match` says. ConflictError: lost the race eight times.
    """

    def attempt() -> Transfer:
        before = read_transfer(transfer_id, desk=desk)
        if before.status == "cancelled":
            raise refusal(before, "it was cancelled", "make another one")
        if before.status != "draft":
            return before
        check_seen(before, caller)
        seen = positions([(line.sku, before.source) for line in before.lines], desk)
        stepped = rules.readied(before, seen)
        step = Step(before, stepped, seen, Cause(caller.by, to_text(desk.clock())))
        return write(step, TransferReadied.model_validate({**_ids(before), "units": _units(before)}), desk=desk)

    return raced(attempt)


def cancel_transfer(transfer_id: str, reason: str, *, caller: Caller, desk: TransferDesk) -> Transfer:
    """What has not left will not, and what is committed for it is free again; what is on its way arrives all the same.

    One of which nothing is left to cancel because it was, stays as it is.

    Raises:
        NotFoundError: there is none. StateError: all of it has left.
        StaleError: it is not as `if_match` says. ConflictError: lost the race eight times.
    """

    def attempt() -> Transfer:
        before = read_transfer(transfer_id, desk=desk)
        draft = before.status == "draft"
        if not draft and not before.committed:
            if before.status == "cancelled" or any(line.cancelled for line in before.lines):
                return before
            raise refusal(before, "all of it has left", "receive it, and send it back")
        check_seen(before, caller)
        freed = tuple((line.sku, line.committed) for line in before.lines if line.committed)
        seen = positions([(sku, before.source) for sku, _ in freed], desk)
        step = Step(before, rules.cancelled(before), seen, Cause(caller.by, to_text(desk.clock()), reason))
        return write(step, TransferCancelled.model_validate({**_ids(before), "units": freed}), desk=desk)

    return raced(attempt)


def _drafted(
    transfer_id: str, before: Transfer | None, wanted: PutTransfer, caller: Caller, desk: TransferDesk
) -> Transfer:
    _refuse_wanted(wanted, desk)
    now = desk.clock()
    fields = wanted.model_dump(exclude={"lines"})
    lines = tuple(TransferLine(sku=one.sku, units=one.units) for one in wanted.lines)
    base = before or Transfer(id=transfer_id, status="draft", created_at=to_text(now), lines=lines, **fields)
    base = base.model_copy(update={**fields, "lines": lines, "log": base.log[-KEPT_LOG:]})
    fact = TransferDrafted.model_validate({**_ids(base), "units": _units(base)})
    after = base.changed(fact, at=now, by=caller.by)
    commit(*desk.transfers.writes(after, before))
    return after


def _ids(transfer: Transfer) -> dict[str, str]:
    return {"transfer_id": transfer.id, "from_location": transfer.source, "to_location": transfer.destination}


def _units(transfer: Transfer) -> tuple[tuple[str, int], ...]:
    return tuple((line.sku, line.units) for line in transfer.lines)


def _same_goods(before: Transfer, wanted: PutTransfer) -> bool:
    goods = tuple((one.sku, one.units) for one in wanted.lines)
    return (before.source, before.destination, _units(before)) == (wanted.source, wanted.destination, goods)


def _same(before: Transfer, wanted: PutTransfer) -> bool:
    return _same_goods(before, wanted) and (before.due_on, before.note) == (wanted.due_on, wanted.note)


def _refuse_foreign(before: Transfer | None, wanted: PutTransfer, caller: Caller, transfer_id: str) -> None:
    ends = [(wanted.source, wanted.destination), *([(before.source, before.destination)] if before else [])]
    if not all(caller.at(source) or caller.at(destination) for source, destination in ends):
        raise NotFoundError(f"neither end of {transfer_id} is a location of yours")


def _refuse_wanted(wanted: PutTransfer, desk: TransferDesk) -> None:
    known = desk.locations()
    ends = {"source": wanted.source, "destination": wanted.destination}
    faults = [Fault(name, "is unknown") for name, place in ends.items() if place not in known]
    if wanted.source == wanted.destination:
        faults.append(Fault("destination", "is the source"))
    faults += rules.named_twice([one.sku for one in wanted.lines])
    if not faults:
        kept = desk.stock.positions_at((one.sku, place) for one in wanted.lines for place in ends.values())
        faults = [
            Fault(f"lines.{place}.sku", f"is not kept at {end}")
            for place, one in enumerate(wanted.lines)
            for end in ends.values()
            if (one.sku, end) not in kept
        ]
    refuse(faults)
