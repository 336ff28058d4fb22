"""The inventory table: one item per SKU and location, and the journal of every movement.

| access pattern | how |
|---|---|
| positions by SKU and location | batch get `STOCK#<sku>` / `LOC#<location>` |
| one SKU at all locations | query pk `STOCK#<sku>` |
| positions of which a lot will be over | index `expiring`: see `oms/inventory/expiry/store.py` |
| positions at or below their reorder point | index `reorder`: `REORDER#<shard>`, `<location>#<sku>` |
| one entry of the journal | get `JOURNAL#<hour>#<shard>` / `<at>#<entry id>`: both follow from its name |
| all movements of an hour, or since an instant | query pk `JOURNAL#<hour>#<shard>`, for each shard |
| the history of a position, newest first | from the entry that its item names, along `Posting.before` |
| facts to publish | the table's stream: `n` says how many facts an entry brought |

A position is written as a whole, on condition that its version `v` is the one that was read, in one transaction with
the journal entry that says what moved: nothing else writes a position, so the balances are the sum of the movements.
The entry's id follows from the versions it makes, so it cannot be there twice. `terms` are reserved units by the
instant until which they are kept; readers leave out what is over, whoever writes next writes it off. An item carries
the index keys exactly while its slack is zero or less.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.events.fact import Fact
from oms.inventory.claims.store import claim_write, read_claims
from oms.inventory.entries import (
    Moves,
    apart_if_known,
    entry_name,
    entry_of,
    is_news,
    label_of,
    leaving,
    picked_serials,
    posting,
)
from oms.inventory.expiry.store import ending_marker
from oms.inventory.facts import expired, freed, shortfalls
from oms.inventory.history import walked
from oms.inventory.items import position_of, stored
from oms.inventory.lots import named, picked
from oms.inventory.model import (
    NOTHING,
    Cause,
    Change,
    Entry,
    LotMove,
    Movement,
    Position,
    PositionKey,
    Posting,
    levels_of,
    merged,
)
from oms.inventory.repeats import digest, refuse_other
from oms.inventory.rules import BUCKETS, ShortStockError, applied, left_over
from oms.inventory.serials.store import SerialStore
from oms.inventory.tracing.store import LotStore
from oms.kernel.errors import ConflictError
from oms.kernel.ids import shard_of
from oms.kernel.time import Clock, to_text, utc_now
from oms.orders.bundles import on_the_shelf
from oms.orders.model import FulfillmentOrder

SHARDS = 8
JOURNAL_WRITES = 1  # what a transaction that moves stock has on top of its positions
_TRIES = 5
View = Callable[[Mapping[PositionKey, Position]], Mapping[PositionKey, Position]]


class Moved(NamedTuple):
    """The writes of some movements, and the positions as they are once these are committed."""

    writes: list[Write]
    after: dict[PositionKey, Position]


class StockStore:
    """Reads and conditional writes of one inventory table. `locations` names the places that may hold stock."""

    def __init__(self, table: str, locations: Callable[[], Iterable[str]], clock: Clock = utc_now) -> None:
        self.table = table
        self._locations = locations
        self._clock = clock

    def key(self, sku: str, location: str) -> Key:
        return Key(self.table, f"STOCK#{sku}", f"LOC#{location}")

    def positions(self, skus: Iterable[str], *, consistent: bool = True) -> dict[PositionKey, Position]:
        """The positions of these SKUs at every location, in one batch get."""
        places = list(self._locations())
        keys = [self.key(sku, place) for sku in sorted(set(skus)) for place in places]
        return self._read(keys, consistent=consistent)

    def positions_at(
        self, keys: Iterable[PositionKey], read: Callable[[Iterable[Key]], dict[Key, tables.Item]] = tables.get_many
    ) -> dict[PositionKey, Position]:
        """Positions, read for sure; `read` may bring something else in the same call."""
        return self._of(read([self.key(*key) for key in sorted(set(keys))]))

    def positions_of(self, sku: str) -> list[Position]:
        """One SKU wherever it is kept, by location."""
        now = to_text(self._clock())
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": f"STOCK#{sku}"})
        return [_position(row, now) for row in rows]

    def available(
        self, skus: Iterable[str], *, consistent: bool = False, seen: View = dict, channel: str | None = None
    ) -> dict[str, dict[str, int]]:
        """SKU -> location -> units that nobody waits for, as a rule a moment old: for promises, never for taking.

        `seen`: the positions as whoever asks may have them, a buyer of the `channel` if one is named.
        """
        found: dict[str, dict[str, int]] = {}
        for (sku, location), units in left_over(seen(self.positions(skus, consistent=consistent)), channel).items():
            found.setdefault(sku, {})[location] = units
        return found

    def at_reorder_point(self) -> Iterator[Position]:
        """Every position at or below its reorder point, found by the index, read for sure from the table."""
        for shard in range(SHARDS):
            rows = tables.query(
                self.table, index="reorder", condition="reorder_pk = :pk", values={":pk": f"REORDER#{shard}"}
            )
            keys = [Key(self.table, row["pk"], row["sk"]) for row in rows]
            yield from (position for position in self._read(keys, consistent=True).values() if position.slack <= 0)

    def writes(
        self,
        movements: Iterable[Movement],
        before: Mapping[PositionKey, Position],
        cause: Cause,
        *,
        facts: Iterable[Fact] = (),
    ) -> list[Write]:
        """The writes of movements that were decided on `before`: see `moved`."""
        return self.moved(movements, before, cause, facts=facts).writes

    def moved(
        self,
        movements: Iterable[Movement],
        before: Mapping[PositionKey, Position],
        cause: Cause,
        *,
        facts: Iterable[Fact] = (),
    ) -> Moved:
        """A position write each, and one entry of the journal; to be committed together.

        They fail if somebody else wrote one of the positions meanwhile. Nothing to move: no writes. Units that are
        committed and no more there are said with `StockFellShort`, whoever moved them.

        Raises:
            ShortStockError: a movement takes more than there is in `before`.
            KeyError: a position that is not in `before`, because the SKU is not kept there.
        """
        moved = merged(one for one in movements if is_news(one))
        if not moved:
            return Moved([], {})
        return self._booked({key: named(before[key], group) for key, group in moved.items()}, before, cause, facts)

    def noticed(self, position: Position, cause: Cause) -> Moved:
        """The writes that say what time alone did to a position: its lots that are over are marked so."""
        return self._booked({position.key: []}, {position.key: position}, cause, ())

    def _booked(
        self,
        moved: Mapping[PositionKey, Sequence[Movement]],
        seen: Mapping[PositionKey, Position],
        cause: Cause,
        facts: Iterable[Fact],
    ) -> Moved:
        before = {key: seen[key] for key in moved}
        changed = {key: applied(before[key], group) for key, group in moved.items()}
        at = cause.at
        also = (*expired(before, at), *freed(before, changed, at), *shortfalls(before, changed, at))
        entry = entry_of(moved, before, changed, cause, (*facts, *also))
        changed = {key: position._replace(entry=entry.id) for key, position in changed.items()}
        writes = [self._position_write(position, before[key]) for key, position in changed.items()]
        return Moved([*writes, self._entry_write(entry)], changed)

    def mended(self, movements: Sequence[Movement], before: Position, after: Position, cause: Cause) -> Moved:
        """The writes that put a position right as `after` says, whatever the movements add up to.

        For corrections of books that do not add up, and for nothing else.
        """
        made = after._replace(version=before.version + 1, lapsed=())
        name = entry_name([made], cause.at)
        made = made._replace(entry=name)
        postings = tuple(posting(movement, before, made.version) for movement in movements)
        entry = Entry(id=name, at=cause.at, by=cause.by, why=cause.why, postings=postings)
        return Moved([self._position_write(made, before), self._entry_write(entry)], {made.key: made})

    def refuse_blocked(self, work: FulfillmentOrder) -> None:
        """Refuse work that names a blocked lot (`BlockedLotError`)."""
        LotStore(self.table).refuse_blocked(work)

    def ship_writes(self, work: FulfillmentOrder, cause: Cause) -> list[Write]:
        """Units that the carrier took leave the books and the reservation."""
        units: Counter[str] = Counter()
        for line in work.lines:
            units.update(on_the_shelf(line, line.shipped))
        serials = picked_serials(work, units)
        writes = self._move(work, leaving(units, "shipped"), cause, picked(work, units), serials)
        for sku, those in serials.items():
            at = (sku, work.location)
            writes += SerialStore(self.table).went_out(at, those, cause, work.order_id, status="shipped")
        return writes

    def give_back_writes(
        self,
        work: FulfillmentOrder,
        units: Mapping[str, int],
        cause: Cause,
        *,
        restock: bool,
        apart: Mapping[str, int] = {},
    ) -> list[Write]:
        """Committed units are free again (`restock`), or were not found and leave the books.

        Those `apart` may be there or not: they are kept from sale until they are counted.
        """
        doubted: Moves = [
            ("quarantined", sku, Change(committed=-units, quality_control=units)) for sku, units in apart.items()
        ]
        if not restock:
            return self._move(work, [*leaving(units, "lost"), *doubted], cause)
        freed: Moves = [("released", sku, Change(committed=-quantity)) for sku, quantity in units.items()]
        return self._move(work, [*freed, *doubted], cause)

    def open_position(self, position: Position, *, by: str = "system:open_position") -> bool:
        """Open a position with its first movement. One that is there already is left alone: it has a life of its own.

        Raises:
            ShortStockError: the position does not add up.
        """
        cause = Cause(by, to_text(self._clock()))
        empty = Position(position.sku, position.location, 0, position.reorder_point, position.order_up_to)
        first = Change(**{name: getattr(position, name) for name in BUCKETS if name != "reserved"})
        stocked = Movement(
            "opened", position.key, first._replace(committed=0, backordered=0), levels=levels_of(position)
        )
        taken = Movement("committed", position.key, Change(committed=first.committed, backordered=first.backordered))
        try:
            tables.commit(*self.writes([stocked, taken], {position.key: empty}, cause))
        except ConditionFailedError:
            return False
        return True

    def receive(self, sku: str, location: str, quantity: int, *, receipt_id: str, by: str) -> bool:
        """Book goods in: on hand goes up, what was incoming goes down. A receipt counts once; False: it had.

        Raises:
            RejectedError: code `id_reused`: it had, with other goods.
            ConflictError: the position changed under our hands five times.
            KeyError: the SKU is not kept there.
        """
        key = (sku, location)

        def decide(before: Position) -> list[Movement]:
            change = Change(on_hand=quantity, incoming=-min(quantity, before.incoming))
            return [Movement("received", key, change, ref=receipt_id)]

        told = f"{quantity} of {sku} at {location}"
        return self.move_once(f"receipt:{receipt_id}", key, decide, Cause(by, to_text(self._clock())), told=told)

    def move_once(
        self, name: str, key: PositionKey, decide: Callable[[Position], list[Movement]], cause: Cause, *, told: str
    ) -> bool:
        """Movements at one position that have their effect once under `name`, however often they come; False: had.

        `told` says what moves: who comes with the name and something else is refused. `decide` is asked anew after each
        lost race.

        Raises:
            ConflictError: the position changed under our hands five times.
            KeyError: the SKU is not kept there.
            RejectedError: code `id_reused`: something else moved under the name.
            ShortStockError: a movement takes more than there is.
        """
        claim = self.claim(name, cause, asked=digest(told), told=told)
        for attempt in range(_TRIES):
            before = self.positions_at([key])
            try:
                tables.commit(claim, *self.writes(decide(before[key]), before, cause))
            except (ShortStockError, ConditionFailedError) as error:
                if name in (first := self.claimed(name)):  # also what takes all there is, taken already
                    refuse_other(first[name], digest(told), what=name)
                    return False
                if attempt == _TRIES - 1 or isinstance(error, ShortStockError):
                    raise
            else:
                return True
        raise AssertionError("unreachable: the last try returns or raises")

    def claim(self, name: str, cause: Cause, *, for_s: int | None = None, **kept: str) -> Write:
        """A write that succeeds once for a name, for ever or `for_s` seconds: what is committed with it happens once.

        `kept` is for those who come again with the name: see `claimed`.
        """
        return claim_write(self.table, name, cause.at, for_s, kept)

    def claimed(self, *names: str) -> dict[str, Mapping[str, str]]:
        """What was kept with claims, by name; nothing of the names that are missing has happened."""
        return read_claims(self.table, names, self._clock())

    def entry(self, name: str) -> Entry | None:
        """One entry of the journal by its name."""
        row = tables.get(self._entry_key(name))
        return unpack(Entry, row["doc"]) if row else None

    def entries(self, names: Iterable[str]) -> dict[str, Entry]:
        """Several of them in one call; consistent."""
        keys = {self._entry_key(name): name for name in names}
        return {keys[key]: unpack(Entry, row["doc"]) for key, row in tables.get_many(keys).items()}

    def history(self, position: Position, *, limit: int) -> Iterator[tuple[Entry, Posting]]:
        """The last movements of a position with their entries, newest first; `limit` entries at most."""
        return walked(position, self.entry, limit)

    def journal(self, since: datetime, until: datetime) -> Iterator[Entry]:
        """All entries with `since <= at < until`, hour by hour and shard by shard; consistent."""
        hour = since.replace(minute=0, second=0, microsecond=0)
        while hour < until:
            for shard in range(SHARDS):
                rows = tables.query(
                    self.table,
                    condition="pk = :pk AND sk BETWEEN :since AND :until",
                    values={
                        ":pk": f"JOURNAL#{to_text(hour)[:13]}#{shard}",
                        ":since": to_text(since),
                        ":until": to_text(until),
                    },
                    consistent=True,
                )
                yield from (unpack(Entry, row["doc"]) for row in rows)
            hour += timedelta(hours=1)

    def _move(
        self,
        work: FulfillmentOrder,
        moves: Moves,
        cause: Cause,
        lots: Mapping[str, tuple[LotMove, ...]] = {},
        serials: Mapping[str, tuple[str, ...]] = {},
    ) -> list[Write]:
        wanted = sorted(move for move in moves if move[2] != NOTHING)
        if not wanted:
            return []
        before = self.positions_at((sku, work.location) for _, sku, _ in wanted)
        movements = [
            Movement(
                kind, (sku, work.location), change, work.order_id, lots=lots.get(sku, ()), serials=serials.get(sku, ())
            )
            for kind, sku, change in wanted
        ]
        movements = [apart_if_known(one, before[one.key]) for one in movements]
        try:
            return self.writes(movements, before, cause)
        except ShortStockError as error:  # the work was read before its stock: it has been taken back since
            raise ConflictError(f"{error}; somebody else was there first") from error

    def _position_write(self, position: Position, before: Position) -> Write:
        key = self.key(*position.key)
        item = {"pk": key.pk, "sk": key.sk, **stored(position), **ending_marker(position)}
        item |= _marker(position.key) if position.slack <= 0 else {}
        label = label_of(position.key)
        if before.version == 0:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=label)
        return tables.put(self.table, item, condition="v = :seen", values={":seen": before.version}, label=label)

    def _entry_write(self, entry: Entry) -> Write:
        key = self._entry_key(entry.id)
        item = {"pk": key.pk, "sk": key.sk, "v": 1, "n": len(entry.facts), "doc": pack(entry)}
        return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=entry.id)

    def _entry_key(self, name: str) -> Key:
        return Key(self.table, f"JOURNAL#{name[:13]}#{shard_of(name, SHARDS)}", name)

    def _read(self, keys: Iterable[Key], *, consistent: bool) -> dict[PositionKey, Position]:
        return self._of(tables.get_many(keys, consistent=consistent))

    def _of(self, rows: Mapping[Key, tables.Item]) -> dict[PositionKey, Position]:
        now = to_text(self._clock())
        return {position.key: position for position in (_position(row, now) for row in rows.values())}


def _position(row: tables.Item, now: str) -> Position:
    return position_of((row["pk"].removeprefix("STOCK#"), row["sk"].removeprefix("LOC#")), row, now)


def _marker(key: PositionKey) -> dict[str, str]:
    sku, location = key
    return {"reorder_pk": f"REORDER#{shard_of(sku + location, SHARDS)}", "reorder_sk": f"{location}#{sku}"}
