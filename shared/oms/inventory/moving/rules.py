"""What a posted movement does to the buckets, whether it may, and what is said of it."""

from typing import get_args

from oms.events.fact import FactData
from oms.events.inventory import StockAdjusted, StockExpected, StockReceived, StockSetApart
from oms.inventory.model import CHANNEL_LEVEL, Change, Levels, Movement, Position, levels_of
from oms.inventory.moving.model import NewMovement, PositionLevels, PostedKind, Seen
from oms.kernel.errors import ForbiddenError, RejectedError, StaleError, StateError, UnconditionalError

_SAID: dict[str, type[StockReceived | StockAdjusted | StockSetApart | StockExpected]] = {
    "received": StockReceived,
    "expected": StockExpected,
    "found": StockAdjusted,
    "lost": StockAdjusted,
    "adjusted": StockAdjusted,
}
# Who brings goods to us knows what comes, not what lies on our shelves.
MAY_POST = {"procurement": frozenset({"received", "expected"})}
ANY = "*"
OF_LOCATIONS = (*get_args(PostedKind), "counted")


class QuantityChangedError(StateError):
    """A bucket does not hold what the caller expected."""

    code = "quantity_changed"


def check_kind(kind: str, roles: frozenset[str]) -> None:
    """Refuse a kind of movement that none of the caller's roles posts.

    Raises:
        ForbiddenError: so it is.
    """
    if not any(kind in MAY_POST.get(role, {kind}) for role in roles & {"operator", "warehouse", "procurement"}):
        raise ForbiddenError(f"your role does not post {kind}")


def check_seen(position: Position, seen: Seen, *, needed: bool) -> None:
    """Refuse what was decided on another picture of the position.

    Raises:
        StaleError: its version is another by now.
        QuantityChangedError: one of its buckets is.
        UnconditionalError: the caller does not say what it has seen, and must.
    """
    if (
        seen.if_match is not None
        and seen.if_match.strip() != ANY
        and seen.if_match.strip('" ') != str(position.version)
    ):
        raise _with_current(StaleError("the position has changed since you read it"), position)
    expected = seen.expected.model_dump(exclude_none=True) if seen.expected else {}
    if needed and seen.if_match is None and not expected:
        raise UnconditionalError("say what you have seen: the ETag of the position as If-Match, or `expected` units")
    wrong = sorted(name for name, units in expected.items() if getattr(position, name) != units)
    if wrong:
        raise _with_current(QuantityChangedError(f"not as expected: {', '.join(wrong)}"), position)


def change_of(new: NewMovement, position: Position, announced: int = 0) -> Change:
    """By how much the buckets move. Units that are set apart are on hand all the same.

    `announced` units are still to come of supplies and transfers: what is received without naming one leaves them
    `incoming`.
    """
    units = new.units
    out_of = {"damaged": Change(damaged=-units), "quality_control": Change(quality_control=-units)}
    changes = {
        "received": Change(on_hand=units, incoming=-min(max(units, 0), max(position.incoming - announced, 0))),
        "expected": Change(incoming=units),
        "found": Change(on_hand=units),
        "lost": Change(on_hand=-units).plus(out_of.get(new.out_of or "", Change())),
        "adjusted": Change(on_hand=units),
        "damaged": Change(damaged=units),
        "repaired": Change(damaged=-units),
        "quarantined": Change(quality_control=units),
        "cleared": Change(quality_control=-units),
    }
    return changes[new.kind]


def fact_of(new: NewMovement, after: Position) -> FactData:
    """What the bus hears of a movement."""
    return _SAID.get(new.kind, StockSetApart)(
        sku=after.sku,
        location=after.location,
        kind=new.kind,
        units=new.units,
        on_hand=after.on_hand,
        available=after.available,
        ref=new.ref,
    )


def why_of(new: NewMovement) -> str | None:
    """The reason as the journal keeps it."""
    return ": ".join(part for part in (new.reason, new.note) if part) or None


def levels_set(position: Position, levels: PositionLevels) -> Movement:
    """The movement that sets the levels of a position: those that change."""
    wanted: dict[str, int] = {"reorder_point": levels.reorder_point, "order_up_to": levels.order_up_to}
    wanted |= {f"{CHANNEL_LEVEL}{name}": 0 for name, _ in position.channels}
    wanted |= {f"{CHANNEL_LEVEL}{name}": units for name, units in levels.channels.items()}
    known = dict(levels_of(position))
    changed: Levels = tuple(sorted((name, value) for name, value in wanted.items() if known.get(name, 0) != value))
    change = Change(safety_stock=levels.safety_stock - position.safety_stock)
    return Movement("guarded", position.key, change, levels=changed)


def _with_current(error: RejectedError, position: Position) -> RejectedError:
    names = ("on_hand", "committed", "reserved", "available", "incoming", "damaged", "quality_control", "version")
    return error.with_current(f'"{position.version}"', **{name: getattr(position, name) for name in names})
