"""What the journal keeps of movements, and what movements the work of a location means. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from oms.events.fact import Fact
from oms.inventory.model import NOTHING, Cause, Change, Entry, Kind, Movement, Position, PositionKey, Posting
from oms.inventory.rules import BUCKETS, SerialsNeededError, lapsed_movements
from oms.kernel.ids import derive_id
from oms.kernel.time import from_text, to_text
from oms.orders.model import FulfillmentOrder

_EVEN_NOTHING = ("opened", "counted", "expired")  # news even when they move nothing themselves
Moves = list[tuple[Kind, str, Change]]  # (kind, SKU, change) at one location


def label_of(key: PositionKey) -> str:
    """What the write of a position is called when it fails."""
    return f"stock {key[0]} at {key[1]}"


def is_news(movement: Movement) -> bool:
    """Whether a movement has anything to say."""
    named = bool(movement.levels or movement.lots)
    return named or movement.change != NOTHING or movement.kind in _EVEN_NOTHING


def posting(movement: Movement, before: Position, version: int) -> Posting:
    return Posting(
        kind=movement.kind,
        sku=before.sku,
        location=before.location,
        version=version,
        by=tuple((name, by) for name, by in zip(BUCKETS, movement.change, strict=True) if by),
        ref=movement.ref,
        term=movement.term,
        before=before.entry,
        levels=movement.levels,
        lots=tuple((move.id, move.units, move.apart) for move in movement.lots),
        serials=movement.serials,
    )


def entry_name(made: Iterable[Position], at: str) -> str:
    """`<at>#<id>`: sorts by time, and is as unique as the versions that it makes."""
    versions = [f"{position.sku}/{position.location}/{position.version}" for position in made]
    return f"{to_text(from_text(at))}#{derive_id('mov', *sorted(versions))}"


def entry_of(
    moved: Mapping[PositionKey, Sequence[Movement]],
    before: Mapping[PositionKey, Position],
    changed: Mapping[PositionKey, Position],
    cause: Cause,
    facts: tuple[Fact, ...],
) -> Entry:
    """The journal's line of some movements by position, with what time alone did to these positions before them."""
    postings = tuple(
        posting(movement, before[key], changed[key].version)
        for key, group in moved.items()
        for movement in (*lapsed_movements(before[key]), *group)
    )
    name = entry_name(changed.values(), cause.at)
    return Entry(id=name, at=cause.at, by=cause.by, why=cause.why, postings=postings, facts=facts)


def leaving(units: Mapping[str, int], kind: Kind) -> Moves:
    """Out of the books and out of what is committed: neither `available` nor `slack` moves."""
    return [(kind, sku, Change(on_hand=-quantity, committed=-quantity)) for sku, quantity in units.items()]


def apart_if_known(movement: Movement, before: Position) -> Movement:
    """What was not found leaves the books; where units have serials nobody knows which, and it is set apart instead."""
    if movement.kind != "lost" or not before.serials:
        return movement
    units = -movement.change.on_hand
    return movement._replace(kind="quarantined", change=Change(committed=-units, quality_control=units))


def picked_serials(work: FulfillmentOrder, units: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """By SKU the serials that the location says to have taken.

    Raises:
        SerialsNeededError: of some units it does, of others it does not.
    """
    said: dict[str, tuple[str, ...]] = {}
    for line in work.lines:
        if line.serials and not line.components:
            said[line.sku] = (*said.get(line.sku, ()), *line.serials)
    for sku, serials in said.items():
        if len(serials) != units.get(sku, 0):
            raise SerialsNeededError(f"{len(serials)} serials are named for {units.get(sku, 0)} units of {sku}")
    return said
