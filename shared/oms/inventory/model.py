"""Stock: positions with their buckets, the movements that change them, and the journal that keeps every movement."""

from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from oms.events.fact import Fact
from oms.orders.model import Value

PositionKey = tuple[str, str]  # (SKU, location)
# What a person sets, by name: `reorder_point`, `order_up_to`, and `channel:<name>`, units that only it may take.
Levels = tuple[tuple[str, int], ...]
CHANNEL_LEVEL = "channel:"
Kind = Literal[
    "opened", "received", "committed", "released", "shipped", "lost", "found", "adjusted", "counted", "transferred",
    "damaged", "repaired", "quarantined", "cleared", "expected", "reserved", "unreserved", "expired", "backordered",
    "guarded",
]  # fmt: skip


class Change(NamedTuple):
    """By how many units the buckets of one position move. `reserved` units have a term and move by `Movement.term`."""

    on_hand: int = 0
    committed: int = 0
    incoming: int = 0
    backordered: int = 0
    reserved: int = 0
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0

    def plus(self, other: "Change") -> "Change":
        return Change(*(mine + its for mine, its in zip(self, other, strict=True)))

    def minus(self, other: "Change") -> "Change":
        return Change(*(mine - its for mine, its in zip(self, other, strict=True)))


NOTHING = Change()


class Lot(NamedTuple):
    """Units of one lot on hand at a position, `apart` of them damaged or in quality control.

    It may be taken until `ends_at` (UTC, as `oms.kernel.time.to_text`): the day after it expires, or the shelf life
    that the buyer must get before that, in the location's time zone. None: it keeps for ever. `over`: that instant has
    passed, and the journal says so.
    """

    id: str
    units: int
    apart: int = 0
    ends_at: str | None = None
    over: bool = False

    @property
    def free(self) -> int:
        return self.units - self.apart


class LotMove(NamedTuple):
    """By how many units a lot moves at a position; `ends_at` is of one that the position does not have yet."""

    id: str
    units: int
    apart: int = 0
    ends_at: str | None = None


class Movement(NamedTuple):
    """One typed movement at one position. `ref` is what it is for (an order, a receipt, a reservation, a count).

    `term` is the instant (`oms.kernel.time.to_text`) until which `reserved` units are kept; of a `counted`
    one the instant when it was counted.
    """

    kind: Kind
    key: PositionKey
    change: Change
    ref: str | None = None
    term: str | None = None
    levels: Levels = ()
    lots: tuple[LotMove, ...] = ()
    serials: tuple[str, ...] = ()


class Position(NamedTuple):
    """Units of one SKU at one location, as read at one instant.

    `terms` are the reserved units by the instant until which they are kept, those only whose time is not up;
    `lapsed` are reserved units whose time is up and that nobody has written off yet: they count as free. `backordered`
    units wait for stock here; nobody has them yet. `version` counts the writes; `entry` is the last one in the journal.
    `channels` are own units of single channels, which the others leave alone (`oms.inventory.own`). `lots` are the
    units on hand whose lot is known, first expired first. `read_at` is that instant.
    `serials` is how many of the units on hand have a serial number that we know.
    """

    sku: str
    location: str
    on_hand: int
    reorder_point: int
    order_up_to: int
    safety_stock: int = 0
    committed: int = 0
    incoming: int = 0
    backordered: int = 0
    damaged: int = 0
    quality_control: int = 0
    terms: tuple[tuple[str, int], ...] = ()
    lapsed: tuple[tuple[str, int], ...] = ()
    version: int = 0
    entry: str | None = None
    channels: tuple[tuple[str, int], ...] = ()
    lots: tuple[Lot, ...] = ()
    read_at: str = ""
    serials: int = 0

    @property
    def key(self) -> PositionKey:
        return self.sku, self.location

    @property
    def reserved(self) -> int:
        """Units that carts and orders keep for now."""
        return sum(units for _, units in self.terms)

    @property
    def expired(self) -> int:
        """Units that may not be taken any more, and are not set apart anyway."""
        return sum(lot.free for lot in self.lots if lot.ends_at is not None and lot.ends_at <= self.read_at)

    @property
    def ending(self) -> tuple[Lot, ...]:
        """Lots that are over, which the journal does not say yet."""
        return tuple(lot for lot in self.lots if lot.ends_at and lot.ends_at <= self.read_at and not lot.over)

    @property
    def available(self) -> int:
        """Units that may still be taken (domain I6); below zero while the safety stock is being eaten."""
        kept = self.committed + self.reserved + self.safety_stock + self.damaged + self.quality_control
        return self.on_hand - kept - self.expired

    @property
    def common(self) -> int:
        """Units that any channel may still take."""
        return self.available - sum(units for _, units in self.channels)

    @property
    def shortfall(self) -> int:
        """Committed units that are not there any more: somebody must be asked to give theirs back."""
        return max(self.committed - self.usable, 0)

    @property
    def told_shortfall(self) -> int:
        """The shortfall as it was when it was last said: without the lots that are over since."""
        return max(self.committed - self.usable - sum(lot.free for lot in self.ending), 0)

    @property
    def usable(self) -> int:
        """Units that can be sent to somebody, whoever they are for."""
        return self.on_hand - self.damaged - self.quality_control - self.expired

    @property
    def inventory_position(self) -> int:
        """What the books will hold when all orders, ours and theirs, are served (domain 2.4)."""
        return self.usable + self.incoming - self.committed - self.backordered

    @property
    def slack(self) -> int:
        """How far above its reorder point; zero or less: order."""
        return self.inventory_position - self.reorder_point

    def after(self, change: Change) -> "Position":
        """As it would be: for planning. `oms.inventory.rules.applied` is what is written."""
        moved = {name: getattr(self, name) + by for name, by in zip(Change._fields, change, strict=True) if by}
        return self._replace(**moved)


class Posting(Value):
    """One movement as the journal keeps it: what moved where, and which version of the position it made.

    `before` is the entry that made the version before: the history of a position is walked backwards along it.
    Movements of one position in one entry share the version.
    """

    kind: Kind
    sku: str
    location: str
    version: int
    by: tuple[tuple[str, int], ...]  # (bucket, units), those that moved
    ref: str | None = None
    term: str | None = None
    before: str | None = None
    levels: Levels = ()
    lots: tuple[tuple[str, int, int], ...] = ()  # (lot, units, of them apart)
    serials: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        return Change(**dict(self.by))


class Entry(Value):
    """An immutable line of the journal: all movements of one transaction, who made them and why."""

    id: str
    at: str
    by: str
    why: str | None = None
    postings: tuple[Posting, ...]
    facts: tuple[Fact, ...] = ()


class Cause(NamedTuple):
    """Who moves stock, when (UTC, `oms.kernel.time.to_text`), and why."""

    by: str
    at: str
    why: str | None = None


class LotLevel(Value):
    """Units of a lot at a location. `free` ones may be taken until `ends_at`."""

    lot_id: str
    units: int
    free: int
    ends_at: str | None


class StockLevel(Value):
    """One location's units of a SKU, by bucket; `version` is for writes that must know what they change."""

    location: str
    on_hand: int
    committed: int
    reserved: int
    safety_stock: int
    damaged: int
    quality_control: int
    available: int
    incoming: int
    backordered: int
    reorder_point: int
    order_up_to: int
    version: Annotated[int, Field(ge=0)]
    shortfall: int = 0
    expired: int = 0
    serials: int = 0
    lots: tuple[LotLevel, ...] = ()  # in the order in which they are to be picked: first expired first
    channels: dict[str, int] = Field(default_factory=dict)


def level_of(position: Position) -> StockLevel:
    """A position as the API shows it."""
    names = set(StockLevel.model_fields) - {"channels", "lots"}
    lots = (LotLevel(lot_id=lot.id, units=lot.units, free=lot.free, ends_at=lot.ends_at) for lot in position.lots)
    own = {name: getattr(position, name) for name in names}
    return StockLevel(**own, channels=dict(position.channels), lots=tuple(lots))


class StockView(Value):
    """A SKU at every location that keeps it."""

    sku: str
    locations: tuple[StockLevel, ...]


def levels_of(position: Position) -> Levels:
    """What a person has set of a position."""
    own = ((f"{CHANNEL_LEVEL}{name}", units) for name, units in position.channels)
    return (("reorder_point", position.reorder_point), ("order_up_to", position.order_up_to), *own)


def merged(movements: Iterable[Movement]) -> dict[PositionKey, list[Movement]]:
    """Movements by position, in the order given."""
    by_key: dict[PositionKey, list[Movement]] = {}
    for movement in movements:
        by_key.setdefault(movement.key, []).append(movement)
    return by_key
