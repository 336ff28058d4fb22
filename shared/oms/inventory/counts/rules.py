"""What a count does to a position."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from oms.inventory.counts.model import Count, CountResult, Since
from oms.inventory.model import Change, Entry, Movement, Position, Posting
from oms.inventory.repeats import digest, refuse_other
from oms.kernel.errors import RejectedError
from oms.kernel.time import from_text, to_text
from oms.reference.model import Item

OLDEST = timedelta(days=7)  # how far the movements since a count are added up
SKEW = timedelta(minutes=2)  # by how much clocks may differ: those of functions, and that of a location


def refused_instant(counted_at: str, now: datetime) -> tuple[str, str] | None:
    """Why a count of that instant is not taken at all, by code and message."""
    at = from_text(counted_at)
    if at > now + SKEW:
        return "in_the_future", "counted_at lies in the future"
    if at < now - OLDEST:
        return "too_old", f"counted more than {OLDEST.days} days ago; count again"
    return None


def since(history: Iterable[tuple[Entry, Posting]], counted_at: str, *, hops: int) -> Since:
    """What moved after an instant, from the newest movement back; `complete` False: more than `hops` movements did.

    What an earlier count corrected was not there or was there before its own instant, whenever it was written down.
    """
    instant = to_text(from_text(counted_at))
    reach = to_text(from_text(counted_at) - SKEW)
    on_hand, newest = 0, None
    lots: Counter[str] = Counter()
    serials: list[tuple[bool, str]] = []
    seen = 0
    for entry, posting in history:
        if entry.at < reach:
            return Since(on_hand, newest, lots=lots, serials=tuple(serials))
        seen += 1
        said = entry.at if posting.kind == "opened" else posting.term if posting.kind == "counted" else None
        if said is not None:
            newest = max(newest or said, said)
        elif entry.at > instant:
            on_hand += posting.change.on_hand
            lots.update({name: units for name, units, _ in posting.lots})
            serials += [(posting.change.on_hand > 0, serial) for serial in posting.serials]
    return Since(on_hand, newest, seen < hops, lots, tuple(serials))


def counted(position: Position, count: Count, moved: Since) -> Movement | CountResult:
    """The movement that a count asks for, or why there is none."""
    units, counted_at = count.units or 0, to_text(from_text(count.counted_at or ""))
    if moved.newest_count == counted_at:
        recorded = position.on_hand - moved.on_hand
        if moved.complete and recorded != units:
            message = f"{recorded} units were recorded for that very instant, not {units}; count again"
            return refused(count, "counted_differently", message, position)
        return CountResult(sku=count.sku, outcome="repeated", on_hand=position.on_hand)
    if moved.newest_count is not None and moved.newest_count > counted_at:
        message = f"counted at {moved.newest_count} already"
        return CountResult(sku=count.sku, outcome="stale", on_hand=position.on_hand, message=message)
    if not moved.complete:
        return refused(count, "too_busy", "too much has moved since; count again", position)
    now = units + moved.on_hand
    if now < 0:
        message = f"{-moved.on_hand} units have left since, more than were counted; count again"
        return refused(count, "contradicted", message, position)
    change = Change(on_hand=now - position.on_hand)
    return Movement("counted", position.key, change, ref=count.id, term=counted_at)


def changed_by(position: Position, count: Count) -> Movement:
    """The movement of a difference."""
    return Movement("adjusted", position.key, Change(on_hand=count.delta or 0), ref=count.id)


def taken(count: Count, movement: Movement, position: Position) -> CountResult:
    """What is said of a row that is applied."""
    moved = movement.change.on_hand
    return CountResult(sku=count.sku, outcome="applied", moved=moved, on_hand=position.on_hand + moved)


def unnamed(count: Count, item: Item | None) -> CountResult | None:
    """Why a row cannot be taken that names too little, or what the article has not; None: it can."""
    lots, serials = item is not None and item.lot_tracked, item is not None and item.serial_tracked
    if lots and count.lots is None and count.units != 0:
        return refused(count, "lot_needed", f"{count.sku} is kept by lots: say how many units of which")
    if count.lots is not None and not lots:
        return refused(count, "invalid", f"lots: {count.sku} is not kept by lots")
    if count.serials is not None and not serials:
        return refused(count, "invalid", f"serials: {count.sku} is not kept by serial number")
    return None


def is_named(count: Count, item: Item | None) -> bool:
    """Whether lots or serials are counted: also nothing of an article of lots is nothing of each."""
    emptied = item is not None and item.lot_tracked and count.units == 0
    return emptied or count.lots is not None or count.serials is not None


def content(count: Count) -> tuple[str, str]:
    """What is kept of a row to know it again: a digest, and words."""
    told = f"{count.units} of {count.sku}" if count.delta is None else f"{count.delta:+d} of {count.sku}"
    named = [f"{lot.id}={lot.units}" for lot in sorted(count.lots or [], key=lambda one: one.id)]
    return digest(told, *named, *sorted(count.serials or [])), told


def again(count: Count, first: Mapping[str, str]) -> CountResult:
    """What is said to a row whose name was used: it is the same one, or it is refused."""
    what = f"id {count.id}" if count.delta is not None else "the very instant"
    try:
        refuse_other(first, content(count)[0], what=what)
    except RejectedError as error:
        code = error.code if count.delta is not None else "counted_differently"
        return refused(count, code, str(error))
    if "answer" not in first:
        return CountResult(sku=count.sku, outcome="repeated")
    was = CountResult.model_validate_json(first["answer"])
    return CountResult(sku=count.sku, outcome="repeated", missing=was.missing, unknown=was.unknown)


def refused(count: Count, code: str, message: str, position: Position | None = None) -> CountResult:
    on_hand = position.on_hand if position else None
    return CountResult(sku=count.sku, outcome="refused", code=code, message=message, on_hand=on_hand)


def refusal(count: Count, error: RejectedError, position: Position) -> CountResult:
    return refused(count, error.code, str(error), position)
