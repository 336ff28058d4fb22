"""Prove positions: read their history as far back as the last proof, and compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oms.inventory.drift import rules
from oms.inventory.drift.model import Proof
from oms.inventory.drift.rules import Step, Trail
from oms.inventory.drift.store import ProofStore
from oms.inventory.exceptions.model import Finding
from oms.inventory.model import Entry, Position, PositionKey
from oms.inventory.store import StockStore
from oms.inventory.transfers.model import transfer_id_of
from oms.inventory.transfers.store import TransferStore
from oms.kernel.errors import NotFoundError
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES
from oms.orders.store import OrderStore

HOPS = 300  # movements that are looked through for the orders that hold a position's units

Seen = Mapping[PositionKey, Mapping[str, int]]  # by position: entries of the journal that speak of it, with the version


@dataclass
class Prover:
    """Proves positions against the journal. `entries` are those that were read anyway; the others are read by name."""

    stock: StockStore
    proofs: ProofStore
    orders: OrderStore
    transfers: TransferStore
    entries: dict[str, Entry] = field(default_factory=dict)

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
        for step, (_, posting) in enumerate(self.stock.history(position, limit=HOPS), 1):  # noqa: B007  counted
            if posting.ref and posting.change.committed > 0 and posting.ref not in seen:
                seen.add(posting.ref)
                units += self._held_by(posting.ref, position.key)
            complete = posting.before is None or (units == position.committed > 0)
            if complete:
                break
        if not complete and (step == 0 or units < position.committed):
            return None
        now = self.stock.positions_at([position.key]).get(position.key)
        return units if now is not None and now.version == position.version else None

    def _held_by(self, ref: str, key: PositionKey) -> int:
        transfer_id = transfer_id_of(ref)
        if transfer_id is not None:
            transfer = self.transfers.find(transfer_id)
            lines = transfer.lines if transfer is not None and transfer.source == key[1] else ()
            return sum(line.committed for line in lines if line.sku == key[0])
        return self._held_by_order(ref, key)

    def _held_by_order(self, order_id: str, key: PositionKey) -> int:
        try:
            works = self.orders.tree(order_id).fulfillment_orders
        except NotFoundError:
            return 0
        live = [work for work in works if work.status in LIVE_FULFILLMENT_STATES and work.location == key[1]]
        lines = [line for work in live for line in work.lines if line.sku == key[0]]
        return sum(line.quantity - line.short - line.shipped for line in lines)

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
