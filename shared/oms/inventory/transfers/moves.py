"""Units leave the source and arrive at the destination.

Every step is one transaction: the transfer on its version, the positions at both ends, the journal's entry, and the
rows from which later promises are made. A shipment or receipt of everything may have more lines than one transaction
takes: it is made in several, each of which leaves a transfer that is true, and sent again it goes on with what is left.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from oms.aws.tables import Write
from oms.events.fact import Fact
from oms.events.transfers import TransferReceived, TransferShipped
from oms.inventory.facts import fact_about
from oms.inventory.model import Cause, Movement, Position, PositionKey, merged
from oms.inventory.racing import raced
from oms.inventory.repeats import digest, refuse_other
from oms.inventory.rules import applied
from oms.inventory.supply.model import KEPT, Lateness
from oms.inventory.transfers import rules
from oms.inventory.transfers.desk import (
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
    MAX_NOTES,
    MOST_WRITES,
    NAMES_AT_ONCE,
    PER_CALL,
    Note,
    ReceivedUnits,
    ReceiveTransfer,
    ShipTransfer,
    Transfer,
)
from oms.inventory.transfers.numbers import all_came
from oms.kernel.errors import Fault, ForbiddenError, RejectedError, StateError, Why
from oms.kernel.time import to_text


def ship_transfer(transfer_id: str, shipment: ShipTransfer, *, caller: Caller, desk: TransferDesk) -> Transfer:
    """Units leave the source, named or all that is committed. A shipment counts once by its id.

    Raises:
        NotFoundError: there is none. ForbiddenError: the source is not the caller's.
        RejectedError: `invalid`: more than is committed, or no date; `id_reused`: the id was another's.
        StateError: there is nothing to ship. ShortStockError: less is there than is committed.
        SerialsNeededError: units whose serials are known would go unnamed. SerialError: one is not in stock there.
        StaleError: it is not as `if_match` says. ConflictError: lost the race eight times.
    """
    asked = digest("shipment", shipment.model_dump_json(exclude=_unsaid(shipment.lines)))

    def attempt() -> Transfer | None:
        before = read_transfer(transfer_id, desk=desk)
        if _counted(before.shipments, shipment.shipment_id, asked):
            return before
        _refuse_elsewhere(before.source, "the source ships", caller)
        if before.under_way != asked:
            check_seen(before, caller)
        if not before.committed:
            raise refusal(before, "nothing is committed for it", "make it ready first")
        due_on = _arrives_on(before, shipment)
        units, whole = _to_ship(before, shipment)
        stepped = rules.shipped(before, units, due_on)
        seen = positions([(sku, end) for sku in units for end in (before.source, before.destination)], desk)
        named = {one.sku: tuple(one.serials) for one in shipment.lines or [] if one.serials}
        stepped = rules.of_serials(rules.of_lots(stepped, seen), named)
        fact = TransferShipped(
            **_ids(before), shipment_id=shipment.shipment_id, units=tuple(units.items()), due_on=due_on
        )
        now = to_text(desk.clock())
        notes = _noted(before.shipments, Note(id=shipment.shipment_id, digest=asked, at=now), whole=whole)
        cause = Cause(caller.by, now)
        step = Step(before, stepped, seen, cause, more=_gone(before, named, cause, desk))
        done = write(step, fact, desk=desk, shipments=notes, under_way=None if whole else asked)
        return done if whole else None

    return _in_parts(attempt)


def _arrives_on(before: Transfer, shipment: ShipTransfer) -> str:
    due_on = shipment.due_on or before.due_on
    if due_on is None:
        raise RejectedError("a date is needed", code="invalid", faults=[Fault("due_on", "say when it arrives")])
    return due_on


def _gone(before: Transfer, named: Mapping[str, Sequence[str]], cause: Cause, desk: TransferDesk) -> list[Write]:
    """What says of serial numbers that they are on their way."""
    return [
        write
        for sku, serials in named.items()
        for write in desk.serials.went_out((sku, before.source), serials, cause, before.ref, status="in_transit")
    ]


def receive_transfer(transfer_id: str, receipt: ReceiveTransfer, *, caller: Caller, desk: TransferDesk) -> Transfer:
    """What the destination found of it, named or all in transit as sound. A receipt counts once by its id.

    Raises:
        NotFoundError: there is none. ForbiddenError: the destination is not the caller's.
        RejectedError: `invalid`: more than is in transit; `id_reused`: the id was another receipt's.
        StateError: there is nothing to receive. SerialsDifferError: the serials are not those on their way.
        StaleError: it is not as `if_match` says. ConflictError: lost the race eight times.
    """
    asked = digest("receipt", receipt.model_dump_json(exclude=_unsaid(receipt.lines)))

    def attempt() -> Transfer | None:
        before = read_transfer(transfer_id, desk=desk)
        if _counted(before.receipts, receipt.receipt_id, asked):
            return before
        _refuse_elsewhere(before.destination, "the destination receives", caller)
        if before.under_way != asked:
            check_seen(before, caller)
        found, whole = _to_receive(before, receipt)
        if not found or not any(line.shipped for line in before.lines):
            raise refusal(before, "nothing of it is in transit", "ship it first")
        seen = positions([(one.sku, before.destination) for one in found if _is_in(before, one)], desk)
        stepped = rules.received(before, found, seen)
        more, guards = _recalled(stepped.movements, desk)
        stepped.movements.extend(more)
        now = desk.clock()
        at = to_text(now)
        cause = Cause(caller.by, at, "; ".join(f"{one.sku}: {one.reason}" for one in found if one.reason) or None)
        notes = _noted(before.receipts, Note(id=receipt.receipt_id, digest=asked, at=at), whole=whole)
        learned = _observed(before, found, now, desk) if whole else []
        step = Step(before, stepped, seen, cause, receipt_id=receipt.receipt_id)._replace(
            stock_facts=_stock_facts(stepped.movements, seen, at),
            more=[*guards, *_numbered(before, found, cause, desk), *learned],
        )
        fact = _told(before, receipt.receipt_id, found, sum(line.in_transit for line in stepped.lines))
        done = write(step, fact, desk=desk, receipts=notes, under_way=None if whole else asked)
        return done if whole else None

    return _in_parts(attempt)


def _in_parts(attempt: Callable[[], Transfer | None]) -> Transfer:
    """One part after the other, each raced for itself, until the last one answers."""
    while (done := raced(attempt)) is None:
        pass
    return done


def _unsaid(lines: Sequence[BaseModel] | None) -> dict[str, dict[int, set[str]]]:
    """The fields of lines that are not given, of those that there were not always: digests of before stay good."""
    unsaid = {
        place: {name for name in ("serials", "lost_serials") if getattr(line, name, None) is None}
        for place, line in enumerate(lines or [])
    }
    given = {place: names for place, names in unsaid.items() if names}
    return {"lines": given} if given else {}


def _to_ship(before: Transfer, shipment: ShipTransfer) -> tuple[dict[str, int], bool]:
    """The units by SKU, and whether they are all of the shipment."""
    if shipment.lines is not None:
        refuse(rules.named_twice([one.sku for one in shipment.lines]))
        _refuse_long(3 * len(shipment.lines) + sum(len(one.serials or ()) for one in shipment.lines))
        return {one.sku: one.units for one in shipment.lines}, True
    left = {line.sku: line.committed for line in before.lines if line.committed}
    return dict(list(left.items())[:PER_CALL]), len(left) <= PER_CALL


def _to_receive(before: Transfer, receipt: ReceiveTransfer) -> tuple[list[ReceivedUnits], bool]:
    names = {line.sku: len(line.lots) + len(line.serials) for line in before.lines}
    if receipt.lines is not None:
        skus = [one.sku for one in receipt.lines]
        refuse(rules.named_twice(skus))
        _refuse_long(2 * len(skus) + sum(names.get(sku, 0) for sku in skus) + 1)
        return receipt.lines, True
    left = [all_came(line) for line in before.lines if line.in_transit]
    sums = accumulate(names[one.sku] for one in left)
    fitting = sum(1 for place, some in enumerate(sums) if place < PER_CALL and (some <= NAMES_AT_ONCE or not place))
    return left[:fitting], len(left) <= fitting


def _refuse_long(writes: int) -> None:
    if writes > MOST_WRITES:
        refuse([Fault("lines", "of more lots and serials than one transaction takes; name fewer lines at a time")])


def _numbered(before: Transfer, found: Sequence[ReceivedUnits], cause: Cause, desk: TransferDesk) -> list[Write]:
    """The serials that came, and those that will not."""
    writes: list[Write] = []
    for sku, numbers in rules.numbers_of(before, found).items():
        at = (sku, before.destination)
        if numbers.came or numbers.over:
            writes += desk.serials.came_in(at, (*numbers.came, *numbers.over), cause, before.ref)
        if numbers.lost:
            writes += desk.serials.lost_on_the_way(at, numbers.lost, cause, before.ref)
    return writes


def _is_in(transfer: Transfer, one: ReceivedUnits) -> bool:
    return any(line.sku == one.sku for line in transfer.lines)


def _told(before: Transfer, receipt_id: str, found: Iterable[ReceivedUnits], in_transit: int) -> TransferReceived:
    counts = {
        name: [(one.sku, getattr(one, name)) for one in found if getattr(one, name)]
        for name in ("received", "damaged", "lost", "over")
    }
    return TransferReceived.model_validate(
        {**_ids(before), "receipt_id": receipt_id, "in_transit": in_transit, **counts}
    )


def _ids(transfer: Transfer) -> dict[str, str]:
    return {"transfer_id": transfer.id, "from_location": transfer.source, "to_location": transfer.destination}


def _stock_facts(movements: Iterable[Movement], seen: Mapping[PositionKey, Position], at: str) -> list[Fact]:
    facts: list[Fact] = []
    for key, group in merged(movements).items():
        after = applied(seen[key], group)
        said = rules.stock_news(group, after)
        facts += [fact_about(after, fact, at, place=place) for place, fact in enumerate(said)]
    return facts


def _observed(before: Transfer, found: Iterable[ReceivedUnits], now: datetime, desk: TransferDesk) -> list[Write]:
    """How late the lane was this time, measured against the date first given."""
    came = {one.sku for one in found if one.received or one.damaged}
    stated = max((line.stated_on for line in before.lines if line.sku in came and line.stated_on), default=None)
    if stated is None:
        return []
    zone = ZoneInfo(desk.locations()[before.destination].time_zone)
    days = (now.astimezone(zone).date() - date.fromisoformat(stated)).days
    known = desk.supplies.lateness([before.lane], consistent=True)[before.lane]
    late = Lateness(supplier=before.lane, days=(*known.days, days)[-KEPT:], version=known.version + 1)
    return [desk.supplies.lateness_write(late)]


def _recalled(movements: Iterable[Movement], desk: TransferDesk) -> tuple[list[Movement], list[Write]]:
    """What sets apart what comes in of blocked lots, and the writes that hold lots still: no block is passed unseen."""
    here = list(movements)
    names = {(one.key[0], lot.id) for one in here for lot in one.lots}
    known = desk.lots.known(names) if names else {}
    blocked = {name for name, lot in known.items() if lot.blocked}
    return rules.recalled(here, blocked), [desk.lots.write(lot, lot.version) for lot in known.values()]


def _counted(notes: Iterable[Note], note_id: str, asked: str) -> bool:
    """Whether this has counted already.

    Raises:
        RejectedError: code `id_reused`: something else has, under the same id.
    """
    known = next((note for note in notes if note.id == note_id), None)
    if known is not None:
        refuse_other({"asked": known.digest, "at": known.at}, asked, what=note_id)
    return known is not None


def _noted(notes: tuple[Note, ...], note: Note, *, whole: bool) -> tuple[Note, ...]:
    if len(notes) >= MAX_NOTES:
        why = Why("too_many_notes", f"{MAX_NOTES} have been made of it", "make another transfer of what is left")
        raise StateError.because(why)
    return (*notes, note) if whole else notes


def _refuse_elsewhere(location: str, message: str, caller: Caller) -> None:
    if not caller.at(location):
        raise ForbiddenError(f"{message}; that is {location}")
