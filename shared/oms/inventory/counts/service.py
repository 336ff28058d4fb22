"""Take counts in: a group of positions to a transaction, each row with a result of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from oms.aws.tables import Write, commit
from oms.inventory.counts import rules
from oms.inventory.counts.model import Count, CountResult, CountResults, Since
from oms.inventory.counts.named import NamedRow, named_row
from oms.inventory.exceptions.store import ExceptionStore
from oms.inventory.model import Cause, Movement, Position
from oms.inventory.rules import applied
from oms.inventory.store import StockStore
from oms.inventory.tracing.booking import LotDesk
from oms.kernel.errors import ConflictError, NotFoundError, RejectedError
from oms.kernel.time import Clock, from_text, to_text
from oms.reference.model import Item

TRIES = 5
TOGETHER = 45  # rows to a transaction of 100: a position and, for a difference, its claim each; and the journal
HOPS = 1_000  # movements of one position since a count, that are read one by one
KEPT_S = 8 * 24 * 3_600  # what was counted of lots and serials of an instant: a day longer than a count is taken
_Rows = list[tuple[int, Count]]  # place in the request, row


@dataclass(frozen=True)
class StocktakingDesk:
    """The collaborators. `known` tells whether a location exists."""

    stock: StockStore
    lots: LotDesk
    exceptions: ExceptionStore
    known: Callable[[str], bool]
    clock: Clock


@dataclass
class _Group:
    """What was decided of some rows, to be written together."""

    results: dict[int, CountResult]
    movements: list[Movement]
    writes: list[Write]


@dataclass(frozen=True)
class _Taking:
    """One location's counts being taken in."""

    location: str
    desk: StocktakingDesk
    cause: Cause

    def take(self, rows: _Rows) -> dict[int, CountResult]:
        """Decide and write rows for different positions, again as often as somebody else writes first."""
        lost = 0
        stock, reference = self.desk.stock, self.desk.lots.reference
        while rows:
            skus = [count.sku for _, count in rows]
            along = reference.along(skus)
            before = stock.positions_at(((sku, self.location) for sku in skus), along)
            items = {sku: along.items.get(sku) for sku in skus}
            names = {place: self._name(count) for place, count in rows if self._has_name(count, items[count.sku])}
            known = stock.claimed(*names.values())
            group = _Group({}, [], [])
            for place, count in rows:
                first = known.get(names.get(place, ""))
                position = before.get((count.sku, self.location))
                group.results[place] = (
                    rules.again(count, first) if first else self._decide(count, position, items[count.sku], group)
                )
            try:
                if group.movements:
                    commit(*group.writes, *stock.writes(group.movements, before, self.cause))
            except ConflictError:  # read again: a name was used meanwhile, or a position moved
                lost += 1
                if lost == TRIES:
                    raise
            else:
                return group.results
        return {}

    def _decide(self, count: Count, position: Position | None, item: Item | None, group: _Group) -> CountResult:
        if position is None:
            return rules.refused(count, "not_found", f"{count.sku} is not kept here")
        if refusal := rules.unnamed(count, item):
            return refusal
        since = self._since(count, position)
        decided = rules.counted(position, count, since) if count.delta is None else rules.changed_by(position, count)
        writes: list[Write] = []
        if item is not None and rules.is_named(count, item):
            row = NamedRow(count, position, item, since, self.desk.lots, self.desk.exceptions, self.cause)
            found = named_row(row, decided)
            if isinstance(found, CountResult):
                return found
            movements, writes, result = found
        elif isinstance(decided, CountResult):
            return decided
        else:
            movements, result = [decided], rules.taken(count, decided, position)
        try:
            applied(position, movements)
        except RejectedError as error:
            return rules.refused(count, error.code, str(error), position)
        group.movements += movements
        group.writes += writes
        if self._has_name(count, item):
            asked, told = rules.content(count)
            kept = {"answer": result.model_dump_json()} if writes else {}
            for_s = KEPT_S if count.delta is None else None
            claim = self.desk.stock.claim(self._name(count), self.cause, for_s=for_s, asked=asked, told=told, **kept)
            group.writes.append(claim)
        return result

    def _since(self, count: Count, position: Position) -> Since:
        if count.delta is not None:
            return Since(0, None)
        history = self.desk.stock.history(position, limit=HOPS)
        return rules.since(history, count.counted_at or "", hops=HOPS)

    @staticmethod
    def _has_name(count: Count, item: Item | None) -> bool:
        """Whether it counts once by a name; a plain count is known by its instant."""
        return count.delta is not None or rules.is_named(count, item)

    def _name(self, count: Count) -> str:
        if count.delta is None:
            return f"count:{self.location}:{count.sku}:{to_text(from_text(count.counted_at or ''))}"
        return f"delta:{self.location}:{count.id}"


def take_counts(location: str, counts: Sequence[Count], *, by: str, desk: StocktakingDesk) -> CountResults:
    """Bring the books of a location in line with what it counted, row by row in the order given.

    A count never undoes a newer one, and never what moved since it was made. Repeating a request changes nothing more.
    Where the books then say that fewer units are there than are committed, `Position.shortfall` says how many.

    Raises:
        NotFoundError: there is no such location.
        ConflictError: positions changed under our hands five times; what is written stays, send the same again.
    """
    if not desk.known(location):
        raise NotFoundError(f"there is no location {location}")
    now = desk.clock()
    taking = _Taking(location, desk, Cause(by, to_text(now), "count"))
    results: dict[int, CountResult] = {}
    rows: _Rows = []
    for place, count in enumerate(counts):
        why = rules.refused_instant(count.counted_at, now) if count.counted_at else None
        if why:
            results[place] = rules.refused(count, *why)
        else:
            rows.append((place, count))
    for group in _groups(rows):
        results |= taking.take(group)
    return CountResults(results=tuple(results[place] for place in range(len(counts))))


def _groups(rows: Iterable[tuple[int, Count]]) -> Iterator[_Rows]:
    """As many rows as fit a transaction; no position twice, and no name of a difference.

    A row that names lots or serials has one of its own.
    """
    group: _Rows = []
    names: set[tuple[str, str | None]] = set()
    for place, count in rows:
        own = {("sku", count.sku), ("id", count.id)} if count.id else {("sku", count.sku)}
        alone = count.lots is not None or count.serials is not None
        if group and (alone or len(group) == TOGETHER or own & names):
            yield group
            group, names = [], set()
        group.append((place, count))
        names |= own
        if alone:
            yield group
            group, names = [], set()
    if group:
        yield group
