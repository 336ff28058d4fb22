"""The scheduled proof of the books, and the recorded correction of what it finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from oms.inventory.drift import rules
from oms.inventory.drift.model import DriftReport, Progress
from oms.inventory.drift.prover import Prover, Seen
from oms.inventory.drift.store import SHARDS, ProofStore
from oms.inventory.exceptions.model import Finding, StockException
from oms.inventory.exceptions.service import open_exception, resolve_exception
from oms.inventory.exceptions.store import ExceptionStore
from oms.inventory.model import Position, PositionKey
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.inventory.transfers.store import TransferStore
from oms.kernel.ids import derive_id
from oms.kernel.time import Clock, from_text, to_text
from oms.orders.store import OrderStore

BY = "system:prove_stock"
HELD = ("commitment_differs", "reservation_differs")  # reasons that the holders of units give, not the journal
FIRST = timedelta(days=2)  # how far back the first run begins; a position at rest since then is proved when it moves
OVERLAP = timedelta(minutes=2)  # read again: an entry carries the time of its decision and is written a little later
WINDOW = timedelta(hours=1)
MAX_ENTRIES = 20_000  # of a run: some 20 MB of memory, and a minute
MAX_TIME = timedelta(minutes=3)
SWEPT = 200  # positions of a run that have not moved: 10,000 are proved twice a day
SAMPLED = 20  # positions of a run whose units are compared with the orders and reservations that hold them


@dataclass(frozen=True)
class DriftDesk:
    """What the proof reads and writes."""

    stock: StockStore
    proofs: ProofStore
    exceptions: ExceptionStore
    orders: OrderStore
    transfers: TransferStore
    reservations: ReservationStore
    clock: Clock

    def prover(self) -> Prover:
        return Prover(self.stock, self.proofs, self.orders, self.transfers, self.reservations, self.clock)


@dataclass
class _Tally:
    entries: int = 0
    positions: int = 0
    commitments: int = 0
    reserved: int = 0
    undecided: int = 0
    drifted: int = 0
    resolved: int = 0


def prove_stock(desk: DriftDesk) -> DriftReport:
    """Prove what has moved since the last run, then some of what has not; open an exception for what does not add up.

    Movements up to version n add up to the balance of version n, so the proof is exact while others work. It ends
    after so many entries or so much time and goes on in the next run; runs beside each other, and repeats, do no harm.
    """
    begin = desk.clock()
    progress = desk.proofs.progress() or Progress(to_text(begin - FIRST))
    tally = _Tally()
    _look_again(desk, tally)
    until = from_text(progress.until)
    while until < begin and tally.entries < MAX_ENTRIES and desk.clock() - begin < MAX_TIME:
        since, until = until, min(until + WINDOW, begin)
        _prove_window(since - OVERLAP, until, desk, tally)
    progress = _sweep(progress._replace(until=to_text(until)), desk, tally)
    desk.proofs.save_progress(progress)
    return DriftReport(until=progress.until, behind=until < begin, **vars(tally))


def _prove_window(since: datetime, until: datetime, desk: DriftDesk, tally: _Tally) -> None:
    prover = desk.prover()
    seen: dict[PositionKey, dict[str, int]] = {}
    for entry in desk.stock.journal(since, until):
        prover.entries[entry.id] = entry
        for posting in entry.postings:
            seen.setdefault((posting.sku, posting.location), {})[entry.id] = posting.version
    tally.entries += len(prover.entries)
    _prove(sorted(seen), seen, prover, desk, tally)


def _sweep(progress: Progress, desk: DriftDesk, tally: _Tally) -> Progress:
    """Positions that have not moved, a page at a time, round and round; with those of their SKUs not yet proved."""
    page = desk.proofs.page(progress.shard, after=progress.after, limit=SWEPT)
    keys = {key for _, key in page}
    keys |= {position.key for sku in {key[0] for key in keys} for position in desk.stock.positions_of(sku)}
    prover = desk.prover()
    drifted = _prove(sorted(keys), {}, prover, desk, tally)
    _compare_holders(sorted(keys - drifted), prover, desk, tally)
    if len(page) < SWEPT:
        return progress._replace(shard=(progress.shard + 1) % SHARDS, after=None)
    return progress._replace(after=page[-1][0])


def _prove(keys: Iterable[PositionKey], seen: Seen, prover: Prover, desk: DriftDesk, tally: _Tally) -> set[PositionKey]:
    """Those that do not add up."""
    drifted: set[PositionKey] = set()
    known = desk.proofs.proofs(keys)
    for key, result in sorted(prover.prove(keys, seen).items()):
        tally.positions += 1
        if isinstance(result, Finding):
            drifted.add(key)
            tally.drifted += open_exception(result, by=BY, store=desk.exceptions, now=desk.clock())
        elif result != known[key]:
            desk.proofs.save(key, result)
    return drifted


def _compare_holders(keys: Iterable[PositionKey], prover: Prover, desk: DriftDesk, tally: _Tally) -> None:
    """Sampled, because it reads everybody who holds a position's units: the sweep brings each one's turn round."""
    positions = [one for one in desk.stock.positions_at(keys).values() if one.committed or one.reserved]
    hour = to_text(desk.clock())[:13]  # every hour another order, the same on every machine
    for position in sorted(positions, key=lambda one: derive_id("turn", hour, *one.key))[:SAMPLED]:
        tally.commitments += bool(position.committed)
        tally.reserved += bool(position.reserved)
        finding, undecided = _held_otherwise(position, prover)
        tally.undecided += undecided
        if finding:
            tally.drifted += open_exception(finding, by=BY, store=desk.exceptions, now=desk.clock())


def _held_otherwise(position: Position, prover: Prover) -> tuple[Finding | None, bool]:
    """What the holders of a position's units say otherwise; and whether one of them could not be judged."""
    held = prover.held(position) if position.committed else 0
    if held is not None and held != position.committed:
        return rules.commitment_finding(position, held), False
    kept = prover.kept(position)
    if kept is not None and kept[0] != kept[1]:
        return rules.reservation_finding(position, *kept), False
    return None, held is None or kept is None


def _look_again(desk: DriftDesk, tally: _Tally) -> None:
    """What is open and not so any more is resolved: mended by a count, a receipt, or a correction elsewhere."""
    for _, exception in list(desk.exceptions.listed("shortfall", "open")):
        key = (exception.finding.sku, exception.finding.location)
        position = desk.stock.positions_at([key]).get(key)
        if position is None or not position.shortfall:
            tally.resolved += resolve_exception("shortfall", *key, by=BY, store=desk.exceptions, now=desk.clock())
        else:  # who holds the units may be others by now
            finding = desk.prover().holders.shortfall_of(position)
            now = desk.stock.positions_at([key]).get(key)
            if now is None or now.version != position.version:
                continue  # somebody settles it just now: the next run looks again
            open_exception(finding, by=BY, store=desk.exceptions, now=desk.clock())
    for _, exception in list(desk.exceptions.listed("drift", "open")):
        if finding_now(exception, desk) is None:
            key = (exception.finding.sku, exception.finding.location)
            tally.resolved += resolve_exception("drift", *key, by=BY, store=desk.exceptions, now=desk.clock())


def finding_now(exception: StockException, desk: DriftDesk) -> Finding | None:
    """What is wrong with the position of an exception at this moment; None: it adds up."""
    old = exception.finding
    key = (old.sku, old.location)
    prover = desk.prover()
    seen: Seen = {key: {old.entry: old.entry_version}} if old.entry else {}
    result = prover.prove([key], seen)[key]
    if isinstance(result, Finding):
        return result
    if old.reason in HELD:
        finding, undecided = _held_otherwise(desk.stock.positions_at([key])[key], prover)
        return old if undecided and finding is None else finding
    return None
