"""Take counts in: a group of positions to a transaction, each row with a result of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from oms.aws.tables import Write, commit
from oms.inventory.counts import rules
from oms.inventory.counts.model import Count, CountResult, CountResults
from oms.inventory.model import Cause, Movement, Position
from oms.inventory.rules import applied
from oms.inventory.store import StockStore
from oms.kernel.errors import ConflictError, NotFoundError, RejectedError
from oms.kernel.time import Clock, to_text

TRIES = 5
TOGETHER = 45  # rows to a transaction of 100: a position and, for a difference, its claim each; and the journal
HOPS = 1_000  # movements of one position since a count, that are read one by one
_Rows = list[tuple[int, Count]]  # place in the request, row


@dataclass
class _Group:
    """What was decided of some rows, to be written together."""

    results: dict[int, CountResult]
    movements: list[Movement]
    claims: list[Write]


@dataclass(frozen=True)
class _Taking:
    """One location's counts being taken in."""

    location: str
    stock: StockStore
    cause: Cause

    def take(self, rows: _Rows) -> dict[int, CountResult]:
        """Decide and write rows for different positions, again as often as somebody else writes first."""
        lost = 0
        while rows:
            before = self.stock.positions_at((count.sku, self.location) for _, count in rows)
            known = self.stock.claimed(*(self._name(count) for _, count in rows if count.delta is not None))
            group = _Group({}, [], [])
            for place, count in rows:
                first = known.get(self._name(count)) if count.delta is not None else None
                position = before.get((count.sku, self.location))
                group.results[place] = rules.again(count, first) if first else self._decide(count, position, group)
            try:
                if group.movements:
                    commit(*group.claims, *self.stock.writes(group.movements, before, self.cause))
            except ConflictError:  # read again: a name was used meanwhile, or a position moved
                lost += 1
                if lost == TRIES:
                    raise
            else:
                return group.results
        return {}

    def _decide(self, count: Count, position: Position | None, group: _Group) -> CountResult:
        if position is None:
            return rules.refused(count, "not_found", f"{count.sku} is not kept here")
        decided = self._movement(count, position)
        if isinstance(decided, CountResult):
            return decided
        try:
            after = applied(position, [decided])
        except RejectedError as error:
            return rules.refused(count, error.code, str(error), position)
        group.movements.append(decided)
        if count.delta is not None:
            name, (asked, told) = self._name(count), rules.content(count)
            group.claims.append(self.stock.claim(name, self.cause, asked=asked, told=told))
        return CountResult(sku=count.sku, outcome="applied", moved=decided.change.on_hand, on_hand=after.on_hand)

    def _movement(self, count: Count, position: Position) -> Movement | CountResult:
        if count.delta is not None:
            return rules.changed_by(position, count)
        history = self.stock.history(position, limit=HOPS)
        return rules.counted(position, count, rules.since(history, count.counted_at or "", hops=HOPS))

    def _name(self, count: Count) -> str:
        return f"delta:{self.location}:{count.id}"


def take_counts(
    location: str, counts: Sequence[Count], *, known: Callable[[str], bool], stock: StockStore, clock: Clock, by: str
) -> CountResults:
    """Bring the books of a location in line with what it counted, row by row in the order given.

    A count never undoes a newer one, and never what moved since it was made. Repeating a request changes nothing more.
    Where the books then say that fewer units are there than are committed, `Position.shortfall` says how many.

    `known` tells whether a location exists.

    Raises:
        NotFoundError: this one does not.
        ConflictError: positions changed under our hands five times; what is written stays, send the same again.
    """
    if not known(location):
        raise NotFoundError(f"there is no location {location}")
    now = clock()
    taking = _Taking(location, stock, Cause(by, to_text(now), "count"))
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
    """As many rows as fit a transaction; no position twice, and no name of a difference."""
    group: _Rows = []
    names: set[tuple[str, str | None]] = set()
    for place, count in rows:
        own = {("sku", count.sku), ("id", count.id)} if count.id else {("sku", count.sku)}
        if len(group) == TOGETHER or own & names:
            yield group
            group, names = [], set()
        group.append((place, count))
        names |= own
    if group:
        yield group
