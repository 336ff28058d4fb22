"""What a step does to the lines of a transfer and to the books at both ends. Pure.

    each line, once ready:  units = committed + cancelled + shipped
    each line, always:      shipped = received + damaged + lost + in transit      (domain I10)

The books move with it: `committed` at the source is the line's, `incoming` at the destination is what is in transit.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from oms.events.fact import FactData
from oms.events.inventory import StockAdjusted, StockReceived, StockSetApart
from oms.events.supplies import SupplyConfirmed, SupplyMoved, SupplyReceived
from oms.inventory.lots import first_expired, taken
from oms.inventory.model import Change, Kind, LotMove, Movement, Position, PositionKey
from oms.inventory.rules import ShortStockError
from oms.inventory.supply.model import Supply
from oms.inventory.transfers.model import ReceivedUnits, Status, Transfer, TransferLine
from oms.inventory.transfers.numbers import Arrived, arrived, fields_of, left, on_the_way
from oms.kernel.errors import Fault, RejectedError

Lines = tuple[TransferLine, ...]


class Stepped(NamedTuple):
    """The lines after a step, those of them that it moved, and the movements of stock."""

    lines: Lines
    moved: Lines
    movements: list[Movement]


def status_of(lines: Sequence[TransferLine]) -> Status:
    """The state that the units are in, of a transfer that was ready once."""
    if not any(line.shipped for line in lines):
        return "ready_to_ship" if any(line.committed for line in lines) else "cancelled"
    if not any(line.committed or line.in_transit for line in lines):
        return "received"
    began = any(line.received or line.damaged or line.lost for line in lines)
    return "partially_received" if began else "in_transit"


def readied(transfer: Transfer, before: Mapping[PositionKey, Position]) -> Stepped:
    """All units committed at the source, if all can be taken.

    Raises:
        ShortStockError: of some line fewer can be taken; `faults` names each with how many.
    """
    short = [
        Fault(f"lines.{place}.units", f"{max(free, 0)} of {line.units} {line.sku} can be taken")
        for place, line in enumerate(transfer.lines)
        if (free := before[line.sku, transfer.source].common) < line.units
    ]
    if short:
        raise ShortStockError(f"{len(short)} line(s) want more than can be taken", faults=short)
    lines = tuple(line.model_copy(update={"committed": line.units}) for line in transfer.lines)
    movements = [_at(transfer.source, "committed", line, Change(committed=line.units), transfer) for line in lines]
    return Stepped(lines, lines, movements)


def cancelled(transfer: Transfer) -> Stepped:
    """What is committed is free again."""
    changed = {
        line.sku: line.model_copy(update={"committed": 0, "cancelled": line.cancelled + line.committed})
        for line in transfer.lines
        if line.committed
    }
    movements = [
        _at(transfer.source, "released", line, Change(committed=-line.committed), transfer)
        for line in transfer.lines
        if line.committed
    ]
    return _stepped(transfer, changed, movements)


def shipped(transfer: Transfer, units: Mapping[str, int], due_on: str) -> Stepped:
    """Units out of the source's books and on their way; a line that is on its way already is there with its last units.

    Raises:
        RejectedError: code `invalid`: more than is committed for a line, or an SKU that is not in the transfer.
    """
    by_sku = {line.sku: line for line in transfer.lines}
    _refuse_strangers(units, by_sku)
    faults = [
        Fault(f"lines.{place}.units", f"{by_sku[sku].committed} of {sku} are still to ship")
        for place, (sku, wanted) in enumerate(units.items())
        if wanted > by_sku[sku].committed
    ]
    _refuse(faults)
    changed, movements = {}, []
    for sku, wanted in units.items():
        line = by_sku[sku]
        moved: dict[str, int | str] = {"committed": line.committed - wanted, "shipped": line.shipped + wanted}
        moved["due_on"] = max(line.due_on or "", due_on) if line.in_transit else due_on
        moved["stated_on"] = (line.stated_on if line.in_transit or transfer.for_order_id else None) or due_on
        changed[sku] = line.model_copy(update=moved)
        gone, coming = Change(on_hand=-wanted, committed=-wanted), Change(incoming=wanted)
        movements.append(_at(transfer.source, "transferred", line, gone, transfer))
        movements.append(_at(transfer.destination, "expected", line, coming, transfer))
    return _stepped(transfer, changed, movements)


def of_lots(stepped: Stepped, before: Mapping[PositionKey, Position]) -> Stepped:
    """A shipment with the lots that it takes, first expired first, on their way with their lines."""
    movements, on_way = [], dict[str, tuple[LotMove, ...]]()
    for one in stepped.movements:
        lots = first_expired(before[one.key], -one.change.on_hand) if one.kind == "transferred" else ()
        movements.append(one._replace(lots=lots))
        if lots:
            ends = {lot.id: lot.ends_at for lot in before[one.key].lots}
            on_way[one.key[0]] = tuple(LotMove(lot.id, -lot.units, ends_at=ends[lot.id]) for lot in lots)
    lines = tuple(
        line.model_copy(update={"lots": (*line.lots, *on_way.get(line.sku, ()))}) if line.sku in on_way else line
        for line in stepped.lines
    )
    moved = {line.sku for line in stepped.moved}
    return Stepped(lines, tuple(line for line in lines if line.sku in moved), movements)


def of_serials(stepped: Stepped, serials: Mapping[str, Sequence[str]]) -> Stepped:
    """A shipment with the serials that it takes, on their way with their lines.

    Raises:
        SerialsDifferError: more than one receipt can bring would be on their way.
    """
    if not serials:
        return stepped
    fields = fields_of([line.sku for line in stepped.moved])
    lines = tuple(on_the_way(line, serials.get(line.sku, ()), fields.get(line.sku, "")) for line in stepped.lines)
    movements = [
        one._replace(serials=tuple(serials.get(one.key[0], ()))) if one.kind == "transferred" else one
        for one in stepped.movements
    ]
    moved = {line.sku for line in stepped.moved}
    return Stepped(lines, tuple(line for line in lines if line.sku in moved), movements)


def numbers_of(transfer: Transfer, found: Sequence[ReceivedUnits]) -> dict[str, Arrived]:
    """What a receipt says of serials, by SKU; nothing of an SKU that is not in the transfer.

    Raises:
        SerialsDifferError: they are not those on their way.
    """
    by_sku = {line.sku: line for line in transfer.lines}
    return {
        one.sku: arrived(by_sku[one.sku], one, f"lines.{place}") for place, one in enumerate(found) if one.sku in by_sku
    }


def received(transfer: Transfer, found: Sequence[ReceivedUnits], before: Mapping[PositionKey, Position]) -> Stepped:
    """What a receipt found, into the books of the destination.

    Units `over` that had been written off as lost have been found again; only the rest is more than was shipped.

    Raises:
        RejectedError: code `invalid`: more than is in transit, or an SKU that is not in the transfer.
        SerialsDifferError: the serials are not those on their way.
    """
    by_sku = {line.sku: line for line in transfer.lines}
    _refuse_strangers({one.sku: 0 for one in found}, by_sku)
    faults = [
        Fault(f"lines.{place}", f"{by_sku[one.sku].in_transit} of {one.sku} are in transit; more than that is `over`")
        for place, one in enumerate(found)
        if one.received + one.damaged + one.lost > by_sku[one.sku].in_transit
        or (one.over and one.received + one.damaged + one.lost < by_sku[one.sku].in_transit)
    ]
    _refuse(faults)
    moved, movements, numbers = {}, list[Movement](), numbers_of(transfer, found)
    for one in found:
        line = by_sku[one.sku]
        again = min(one.over, line.lost + one.lost)
        here, lots = _arrived(line, one, before[one.sku, transfer.destination], transfer.ref)
        moved[one.sku] = line.model_copy(
            update={
                "lots": lots,
                "serials": left(line, numbers[one.sku]),
                "received": line.received + one.received + again,
                "damaged": line.damaged + one.damaged,
                "lost": line.lost + one.lost - again,
                "over": line.over + one.over - again,
            }
        )
        movements += _numbered(here, numbers[one.sku])
    return _stepped(transfer, moved, movements)


def _numbered(movements: Sequence[Movement], numbers: Arrived) -> list[Movement]:
    """The movements of a line of a receipt with the serials that came: the sound ones first."""
    rest, found = list(numbers.came), list[Movement]()
    for one in movements:
        units = one.change.on_hand
        own = numbers.over if one.kind == "found" else tuple(rest[:units])
        rest = rest if one.kind == "found" else rest[units:]
        found.append(one._replace(serials=own))
    return found


def _arrived(
    line: TransferLine, one: ReceivedUnits, before: Position, ref: str
) -> tuple[list[Movement], tuple[LotMove, ...]]:
    """The movements of a line of a receipt, and the lots that are still on their way.

    A receipt that named no transfer may have taken its units off `incoming`.

    Goods that are here are booked in all the same, as those of a supply are.
    """
    left, lots, movements = before.incoming, list(line.lots), list[Movement]()
    kinds: list[tuple[Kind, int, Change]] = [
        ("received", one.received, Change(on_hand=one.received)),
        ("damaged", one.damaged, Change(on_hand=one.damaged, damaged=one.damaged)),
        ("lost", one.lost, Change()),
    ]
    for kind, units, change in kinds:
        if units:
            announced = min(units, left)
            left -= announced
            here, lots = taken(lots, units)
            kept = () if kind == "lost" else tuple(lot._replace(apart=lot.units * (kind == "damaged")) for lot in here)
            moved = change._replace(incoming=-announced)
            movements.append(Movement(kind, before.key, moved, ref=ref, lots=kept))
    if one.over:
        movements.append(Movement("found", before.key, Change(on_hand=one.over), ref=ref))
    return movements, tuple(lots)


def recalled(movements: Sequence[Movement], blocked: Collection[tuple[str, str]]) -> list[Movement]:
    """What sets apart the sound units of blocked lots, as (SKU, lot), that these movements bring in."""
    return [
        Movement(
            "quarantined",
            one.key,
            Change(quality_control=lot.units),
            ref=one.ref,
            lots=(LotMove(lot.id, 0, lot.units),),
        )
        for one in movements
        if one.kind == "received"
        for lot in one.lots
        if (one.key[0], lot.id) in blocked
    ]


def redated(transfer: Transfer, due_on: str | None) -> Stepped:
    """What is to come is to arrive on another date; None: nobody says another one."""
    changed = {
        line.sku: line.model_copy(update={"due_on": due_on})
        for line in transfer.lines
        if due_on and transfer.to_come(line) and line.due_on != due_on
    }
    return _stepped(transfer, changed, [])


def supplies_of(transfer: Transfer, lines: Sequence[TransferLine]) -> list[Supply]:
    """Lines as the promise sees them: confirmed supplies of what is to come, their lane as the supplier."""
    return [
        Supply(
            id=supply_id_of(transfer, line),
            kind="transfer",
            reference=transfer.id,
            supplier=transfer.lane,
            sku=line.sku,
            location=transfer.destination,
            units=transfer.to_come(line),
            due_on=line.due_on or "",
            stated_on=line.stated_on,
            confirmed=True,
        )
        for line in lines
    ]


def supply_id_of(transfer: Transfer, line: TransferLine) -> str:
    return f"{transfer.ref}/{line.sku}"


def supply_news(before: Transfer, after: Transfer, receipt_id: str = "") -> list[FactData]:
    """What those hear who promise from supplies: units that come, come otherwise than was said, and came."""
    facts: list[FactData] = []
    for was, line in zip(before.lines, after.lines, strict=True):
        ids = {"supply_id": supply_id_of(after, line), "sku": line.sku, "location": after.destination}
        expected, was_expected = _announced(after, line), _announced(before, was)
        said = {**ids, "supplier": after.lane, "units": expected, "due_on": line.due_on}
        if expected and not was.shipped and not before.for_order_id:
            facts.append(SupplyConfirmed.model_validate(said))
        elif (expected, line.due_on) != (was_expected, was.due_on):
            moved = {"was_units": was_expected, "was_due_on": was.due_on}
            facts.append(SupplyMoved.model_validate({**said, **moved}))
        came = line.received + line.damaged - was.received - was.damaged
        if came:
            facts.append(
                SupplyReceived.model_validate(
                    {**ids, "receipt_id": receipt_id, "units": came, "to_come": after.to_come(line)}
                )
            )
    return facts


def _announced(transfer: Transfer, line: TransferLine) -> int:
    """Units of which it was ever said when they arrive, without those that will not."""
    return line.shipped - line.lost + (line.committed if transfer.for_order_id else 0)


def stock_news(movements: Sequence[Movement], after: Position) -> list[FactData]:
    """What the bus hears of a position that a receipt moved."""
    types: dict[str, type[StockReceived | StockSetApart | StockAdjusted]] = {
        "received": StockReceived,
        "damaged": StockSetApart,
        "found": StockAdjusted,
    }
    return [
        types[one.kind](
            sku=after.sku,
            location=after.location,
            kind=one.kind,
            units=one.change.on_hand,
            on_hand=after.on_hand,
            available=after.available,
            ref=one.ref,
        )
        for one in movements
        if one.kind in types
    ]


def named_twice(skus: Sequence[str]) -> list[Fault]:
    """One fault for each SKU that was named before."""
    return [
        Fault(f"lines.{place}.sku", f"{sku} is named twice") for place, sku in enumerate(skus) if sku in skus[:place]
    ]


def _refuse_strangers(units: Mapping[str, int], by_sku: Mapping[str, TransferLine]) -> None:
    _refuse(
        [
            Fault(f"lines.{place}.sku", f"{sku} is not in the transfer")
            for place, sku in enumerate(units)
            if sku not in by_sku
        ]
    )


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise RejectedError(f"{len(faults)} line(s) are not valid", code="invalid", faults=faults)


def _stepped(transfer: Transfer, taken: Mapping[str, TransferLine], movements: list[Movement]) -> Stepped:
    lines = tuple(taken.get(line.sku, line) for line in transfer.lines)
    return Stepped(lines, tuple(taken.values()), movements)


def _at(location: str, kind: Kind, line: TransferLine, change: Change, transfer: Transfer) -> Movement:
    return Movement(kind, (line.sku, location), change, ref=transfer.ref)
