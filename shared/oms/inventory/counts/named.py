"""Decide rows that name lots or serials: what they move, and what is written with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from oms.aws.tables import Write
from oms.inventory.counts import naming, rules
from oms.inventory.counts.model import Count, CountResult, Since
from oms.inventory.exceptions.model import Finding, StockException, exception_id
from oms.inventory.exceptions.service import opened, resolved
from oms.inventory.exceptions.store import ExceptionStore
from oms.inventory.lots import lots_after, named
from oms.inventory.model import Cause, Change, LotMove, Movement, Position
from oms.inventory.moving.model import LotRef
from oms.inventory.tracing.booking import FoundLot, LotDesk, found_lots, held_still, recalled_units
from oms.kernel.errors import RejectedError
from oms.kernel.time import from_text
from oms.reference.model import Item

MOST_WRITES = 90  # lots that grow and serials that come or go by one row: a write each of its transaction
_Serials = tuple[str, ...]


class Decided(NamedTuple):
    """What a row moves, what is written with it, and what is said of it."""

    movements: list[Movement]
    writes: list[Write]
    result: CountResult


class _Numbers(NamedTuple):
    """Serials that a row writes off and takes in, those that do not fit, and what is written of them."""

    gone: _Serials = ()
    new: _Serials = ()
    seen: naming.Seen = naming.Seen((), ())
    writes: Sequence[Write] = ()


@dataclass(frozen=True)
class NamedRow:
    """A row that names lots or serials, with all that its decision needs; `since` of a difference: nothing."""

    count: Count
    position: Position
    item: Item
    since: Since
    desk: LotDesk
    exceptions: ExceptionStore
    cause: Cause

    def decide(self, total: Movement) -> Decided:
        """The movements of which `total` is the sum, and what goes with them.

        Raises:
            RejectedError: code `too_many_names`: more than one transaction takes; `too_busy`: serials are being
                written; `invalid`: see `found_lots`; `serial_elsewhere`: a difference names one that is not there.
        """
        found = self._found()
        numbers = self._numbers()
        parts = self._parts(total, numbers)
        state = self._after(parts)
        moves = self._lot_moves(state, found, total)
        risen = [one for one in moves if one.units > 0]
        main = total._replace(
            change=total.change._replace(on_hand=total.change.on_hand - sum(one.change.on_hand for one in parts)),
            lots=moves,
        )
        apart = [
            recalled_units(self.position.key, found[one.id], one.units, total.ref)
            for one in risen
            if found[one.id].lot.blocked
        ]
        guards = [held_still(found[one.id].lot, self.desk) for one in risen]
        writes = [*guards, *numbers.writes]
        if len(writes) > MOST_WRITES:
            message = f"{len(writes)} lots and serials come or go; post movements of some first"
            raise RejectedError(message, code="too_many_names")
        result = CountResult(
            sku=self.count.sku,
            outcome="applied",
            moved=total.change.on_hand,
            on_hand=self.position.on_hand + total.change.on_hand,
            lots={one.id: one.units for one in moves if one.units} or None,
            missing=numbers.seen.missing or None,
            unknown=numbers.seen.unknown or None,
        )
        return Decided([*parts, main, *apart], [*writes, *self._exception(numbers.seen)], result)

    def _found(self) -> dict[str, FoundLot]:
        """The lots that are named or lie here; those that lie here are known."""
        said = {
            f"lots.{place}": LotRef(id=lot.id, expires_on=lot.expires_on)
            for place, lot in enumerate(self.count.lots or [])
        }
        if not self.item.lot_tracked:
            return {}
        named_here = {lot.id for lot in self.count.lots or []}
        others = {*(lot.id for lot in self.position.lots), *self.since.lots} - named_here
        said |= {f"lot {name}": LotRef(id=name) for name in sorted(others)} if self.count.delta is None else {}
        return found_lots(self.position.key, said, self.item, self.desk)

    def _lot_moves(self, state: Position, found: dict[str, FoundLot], total: Movement) -> tuple[LotMove, ...]:
        ends = {name: one.ends_at for name, one in found.items()}
        lots = {lot.id: lot.units for lot in self.count.lots or []}
        if not self.item.lot_tracked or (self.count.delta is not None and self.count.lots is None):
            return ()
        if total.kind != "counted":
            return tuple(LotMove(name, units, ends_at=ends[name]) for name, units in sorted(lots.items()) if units)
        order = sorted(found, key=lambda name: (ends[name] or "~", name))
        return naming.lot_moves(state, naming.units_now(lots, self.since, order), ends)

    def _numbers(self) -> _Numbers:
        serials, key = tuple(self.count.serials or ()), self.position.key
        if self.count.serials is None:
            return _Numbers()
        store = self.desk.serials
        if self.count.delta is not None:
            if self.count.delta > 0:
                return _Numbers(new=serials, writes=store.came_in(key, serials, self.cause, self.count.id))
            writes = store.went_out(key, serials, self.cause, self.count.id, status="lost")
            return _Numbers(gone=serials, writes=writes)
        here = store.in_stock(key, self.position.serials)
        if len(here) != self.position.serials:
            raise RejectedError("serials are being written just now; send it again", code="too_busy")
        seen = naming.seen(serials, here, self.since)
        elsewhere = {one.serial for one in store.known(key[0], seen.unknown).values() if one.status == "in_stock"}
        new = tuple(serial for serial in seen.unknown if serial not in elsewhere)
        writes = [
            *store.went_out(key, seen.missing, self.cause, self.count.id, status="lost"),
            *store.came_in(key, new, self.cause, self.count.id),
        ]
        return _Numbers(seen.missing, new, seen, writes)

    def _parts(self, total: Movement, numbers: _Numbers) -> list[Movement]:
        """The movements of serials: what was written off, what was taken in."""
        both = ((-len(numbers.gone), numbers.gone), (len(numbers.new), numbers.new))
        return [total._replace(change=Change(on_hand=units), serials=serials) for units, serials in both if serials]

    def _after(self, parts: list[Movement]) -> Position:
        moved = named(self.position, parts)
        on_hand = self.position.on_hand + sum(one.change.on_hand for one in parts)
        return self.position._replace(on_hand=on_hand, lots=lots_after(self.position, moved, bounded=False))

    def _exception(self, seen: naming.Seen) -> list[Write]:
        """Open it with what does not fit, or close it: with the count, so that neither is without the other."""
        if self.count.serials is None or self.count.delta is not None:
            return []
        known = self.exceptions.get(exception_id("serials", *self.position.key))
        now, by = from_text(self.cause.at), self.cause.by
        after: StockException | None = None
        if seen.missing or seen.unknown:
            after = opened(_finding(self.position, seen), known, by=by, now=now)
        elif known is not None and known.status == "open":
            after = resolved(known, by=by, now=now, why="counted")
        return [self.exceptions.write(after)] if after else []


def named_row(row: NamedRow, total: Movement | CountResult) -> Decided | CountResult:
    """What becomes of a row whose movement, or refusal, is known but for the names."""
    if isinstance(total, CountResult):
        if total.outcome != "repeated":
            return total
        message = "another count of that very instant is recorded; count again"
        return rules.refused(row.count, "counted_differently", message, row.position)
    try:
        return row.decide(total)
    except RejectedError as error:
        return rules.refusal(row.count, error, row.position)


def _finding(position: Position, seen: naming.Seen) -> Finding:
    return Finding(
        kind="serials",
        sku=position.sku,
        location=position.location,
        reason="serials_differ",
        what=f"{len(seen.missing)} serials were not found, {len(seen.unknown)} were found that should not be there",
        version=position.version,
        missing=seen.missing,
        unknown=seen.unknown,
    )
