"""Prove positions: read their history as far back as the last proof, and compare."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from oms.inventory.drift import rules
from oms.inventory.drift.model import Proof, Terms
from oms.inventory.drift.rules import Step, Trail
from oms.inventory.drift.store import ProofStore
from oms.inventory.exceptions.model import Finding
from oms.inventory.holders import Holders
from oms.inventory.model import Entry, Position, PositionKey, Posting
from oms.inventory.reservations.model import MAX_MINUTES, PREFIX
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.inventory.transfers.store import TransferStore
from oms.kernel.time import Clock, to_text
from oms.orders.store import OrderStore

HOPS = 3_000  # movements of a position that are looked through for the orders and reservations that hold its units
ALL_HOPS = 6_000  # of all positions of a run: half a minute

LONGEST = timedelta(minutes=MAX_MINUTES + 1)  # before a reservation ends, at the most, was it made or moved

Seen = Mapping[PositionKey, Mapping[str, int]]  # by position: entries of the journal that speak of it, with the version


@dataclass
class Prover:
    """Proves positions against the journal. `entries` are those that were read anyway; the others are read by name."""

    stock: StockStore
    proofs: ProofStore
    orders: OrderStore
    transfers: TransferStore
    reservations: ReservationStore
    clock: Clock
    entries: dict[str, Entry] = field(default_factory=dict)
    hops: int = ALL_HOPS

    @property
    def holders(self) -> Holders:
        return Holders(self.stock, self.orders, self.transfers)

    def prove(self, keys: Iterable[PositionKey], seen: Seen) -> dict[PositionKey, Proof | Finding]:
        """The new proof of each position, or what is wrong with it: looked at twice before it is said."""
        wanted = set(keys)
        proofs = self.proofs.proofs(wanted)  # first: a position is never older than what is proved of it
        positions = self.stock.positions_at(wanted)
        found = {key: self._judged(key, positions.get(key), proofs[key], seen) for key in wanted}
        doubtful = {key for key, result in found.items() if isinstance(result, Finding)}
        if doubtful:
            proofs = self.proofs.proofs(doubtful)
            positions = self.stock.positions_at(doubtful)
            found |= {key: self._judged(key, positions.get(key), proofs[key], seen) for key in doubtful}
        return found

    def summed(self, position: Position) -> Proof:
        """What the movements add up to, as far as the history can be read."""
        proof = self.proofs.proofs([position.key])[position.key]
        trail = self._trail(position, proof.version)
        return rules.summed(proof, [step for step in trail.steps if step.version > proof.version])

    def aliens(self, position: Position, proof: Proof, seen: Mapping[str, int]) -> tuple[str, ...]:
        """Entries that speak of the position and are not in its history."""
        return rules.alien_entries(self._trail(position, rules.lowest(proof, list(seen.values()))), seen)

    def held(self, position: Position) -> int | None:
        """Units that live fulfillment orders and transfers hold; None: it moved meanwhile, or has too many of them.

        The history names them, from the newest back; reading ends as soon as the units are explained.
        """
        units, seen, step = 0, set[str](), 0
        complete = False
        for step, (_, posting) in enumerate(self._history(position), 1):  # noqa: B007  counted
            if posting.ref and posting.change.committed > 0 and posting.ref not in seen:
                seen.add(posting.ref)
                units += self.holders.held_by(posting.ref, position.key)
            complete = posting.before is None or (units == position.committed > 0)
            if complete:
                break
        if not complete and (step == 0 or units < position.committed):
            return None
        return units if self._rests(position) else None

    def kept(self, position: Position) -> tuple[Terms, Terms] | None:
        """Reserved units by term whose time is not up: as the books have them, and as live reservations keep them.

        None: it moved meanwhile, or the movements that name its reservations are too many. Whoever
        corrected the books in favour of the balance has said that they are right until those reservations are over.
        """
        read = self.clock()
        now, oldest = to_text(read), to_text(read - LONGEST)
        stored = {term: units for term, units in rules.terms_of(position).items() if term > now}
        kept, seen, complete = Counter[str](), set[str](), not position.version
        for entry, posting in self._history(position):
            ref, term = posting.ref or "", posting.term or ""
            if posting.kind == "counted" and posting.change.reserved:
                return (books := tuple(sorted(stored.items()))), books
            if not ref.startswith(PREFIX):
                kept[term] += 0 if posting.kind == "adjusted" else posting.change.reserved
            elif ref not in seen:
                seen.add(ref)
                kept.update(self._kept_by(ref, position.key))
            complete = posting.before is None or entry.at < oldest
            if complete:
                break
        if not complete or not self._rests(position):
            return None
        return tuple(sorted(stored.items())), tuple(sorted(_later(kept, now).items()))

    def _history(self, position: Position) -> Iterator[tuple[Entry, Posting]]:
        for line in self.stock.history(position, limit=min(HOPS, self.hops)):
            self.hops -= 1
            yield line

    def _rests(self, position: Position) -> bool:
        now = self.stock.positions_at([position.key]).get(position.key)
        return now is not None and now.version == position.version

    def _kept_by(self, reservation_id: str, key: PositionKey) -> dict[str, int]:
        live = [one for one in self.reservations.rows([reservation_id]) if one.live]
        return {one.until: sum(kept.units for kept in one.kept if kept.key == key) for one in live}

    def _judged(self, key: PositionKey, position: Position | None, proof: Proof, seen: Seen) -> Proof | Finding:
        own = seen.get(key, {})
        if position is None:
            gone = Position(*key, 0, 0, 0)
            return rules.judged(gone, proof, Trail((), "position_missing"), own)
        trail = self._trail(position, rules.lowest(proof, list(own.values())))
        return rules.judged(position, proof, trail, own)

    def _trail(self, position: Position, down_to: int) -> Trail:
        """The history from the last entry back to the one behind version `down_to`."""
        steps: list[Step] = []
        name = position.entry
        for version in range(position.version, down_to, -1):
            entry = self._entry(name) if name else None
            step = rules.step_of(entry, position.key) if entry else None
            broken = rules.broken_link(step, version)
            if step is None or broken:
                return Trail(tuple(steps), broken)
            steps.append(step)
            name = step.postings[0].before
        return Trail(tuple(steps))

    def _entry(self, name: str) -> Entry | None:
        if name not in self.entries:
            entry = self.stock.entry(name)
            if entry is None:
                return None
            self.entries[name] = entry
        return self.entries[name]


def _later(units: Mapping[str, int], now: str) -> dict[str, int]:
    return {term: count for term, count in units.items() if count and term > now}
