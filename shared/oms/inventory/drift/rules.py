"""The proof: movements up to version n add up to the balance of version n. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from oms.inventory.drift.model import Proof, Terms
from oms.inventory.exceptions.model import Finding
from oms.inventory.model import Change, Entry, Movement, Position, PositionKey, Posting


class Step(NamedTuple):
    """One entry of a position's history: its name, and its postings at this position."""

    entry: str
    postings: tuple[Posting, ...]

    @property
    def version(self) -> int:
        return self.postings[0].version


class Trail(NamedTuple):
    """A position's history from its last entry back, the newest first; `broken` says why it ends too early."""

    steps: tuple[Step, ...]
    broken: str | None = None


def step_of(entry: Entry, key: PositionKey) -> Step | None:
    """An entry's part at a position; None: it has none."""
    own = tuple(one for one in entry.postings if (one.sku, one.location) == key)
    return Step(entry.id, own) if own else None


def broken_link(step: Step | None, wanted: int) -> str | None:
    """Why an entry is not the one that made version `wanted`."""
    if step is None:
        return "movement_missing"
    return None if step.version == wanted else "version_unexplained"


def terms_of(position: Position) -> dict[str, int]:
    """All reserved units by term, also those whose time is up: as they are stored."""
    return {term: units for term, units in (*position.terms, *position.lapsed) if units}


def units_of(position: Position) -> Change:
    """The buckets as they are stored."""
    named = {name: getattr(position, name) for name in Change._fields if name != "reserved"}
    return Change(**named, reserved=sum(terms_of(position).values()))


def summed(proof: Proof, steps: Iterable[Step]) -> Proof:
    """The proof carried on over newer steps, in any order: their sum."""
    units, terms, version = proof.units, dict(proof.terms), proof.version
    for step in steps:
        version = max(version, step.version)
        for posting in step.postings:
            units = units.plus(posting.change)
            if posting.change.reserved:
                term = posting.term or ""
                terms[term] = terms.get(term, 0) + posting.change.reserved
    kept = tuple(sorted((term, count) for term, count in terms.items() if count))
    return proof._replace(version=version, units=units, terms=kept)


def judged(position: Position, proof: Proof, trail: Trail, seen: Mapping[str, int]) -> Proof | Finding:
    """The new proof, or what is wrong. `seen`: entries of the journal that speak of it, with the version."""
    newer = [step for step in trail.steps if step.version > proof.version]
    total = summed(proof, newer)
    if trail.broken:
        return _finding(position, total, trail.broken, "its history does not reach back to what was proved")
    if position.version < proof.version:
        return _finding(position, proof, "version_unexplained", "its version is older than what was proved")
    known = {step.entry for step in trail.steps} | set(proof.ignored)
    alien = sorted(set(seen) - known)
    if alien:
        name = alien[0]
        found = _finding(position, total, "unknown_movement", f"the journal has {name}, which its history has not")
        return found.model_copy(update={"entry": name, "entry_version": seen[name]})
    if (units_of(position), tuple(sorted(terms_of(position).items()))) != (total.units, total.terms):
        return _finding(position, total, "balance_differs", "the movements do not add up to the balance")
    return total


def alien_entries(trail: Trail, seen: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(seen) - {step.entry for step in trail.steps}))


def differing(position: Position, proof: Proof) -> list[str]:
    """The buckets whose two sides differ."""
    stored = units_of(position)
    names = [name for name in Change._fields if getattr(stored, name) != getattr(proof.units, name)]
    if tuple(sorted(terms_of(position).items())) != proof.terms and "reserved" not in names:
        names.append("reserved")
    return names


def commitment_finding(position: Position, held: int) -> Finding:
    return Finding(
        kind="drift",
        sku=position.sku,
        location=position.location,
        reason="commitment_differs",
        what=f"{position.committed} units are committed, live fulfillment orders hold {held}",
        version=position.version,
        stored=(("committed", position.committed),),
        proved=(("committed", held),),
    )


def reservation_finding(position: Position, stored: Terms, kept: Terms) -> Finding:
    """Reserved units whose time is not up, by the instant until which they are kept."""
    differing = sorted({term for term, _ in set(stored) ^ set(kept)})
    return Finding(
        kind="drift",
        sku=position.sku,
        location=position.location,
        reason="reservation_differs",
        what=f"units kept until {', '.join(differing)} are not those of the live reservations",
        version=position.version,
        stored=(("reserved", sum(units for _, units in stored)),),
        proved=(("reserved", sum(units for _, units in kept)),),
    )


def reserved_movements(position: Position, stored: Terms, kept: Terms, *, ref: str) -> list[Movement]:
    """What makes the books those of the live reservations."""
    before, after = dict(stored), dict(kept)
    by_term = {term: after.get(term, 0) - before.get(term, 0) for term in sorted(before.keys() | after.keys())}
    return [
        Movement("adjusted", position.key, Change(reserved=by), ref=ref, term=term)
        for term, by in by_term.items()
        if by
    ]


def put_right(before: Position, after: Position) -> str:
    """By how many units of which bucket a correction moved the balance, in words: `on_hand -84`."""
    moved = units_of(after).minus(units_of(before))._replace(reserved=0)
    said = [f"{name} {by:+d}" for name, by in zip(Change._fields, moved, strict=True) if by]
    old, new = terms_of(before), terms_of(after)
    by_term = {term: new.get(term, 0) - old.get(term, 0) for term in sorted(old.keys() | new.keys())}
    return ", ".join([*said, *(f"reserved until {term} {by:+d}" for term, by in by_term.items() if by)]) or "nothing"


def lowest(proof: Proof, versions: Sequence[int]) -> int:
    """How far back the history must be walked."""
    return min([proof.version, *(version - 1 for version in versions)])


def _finding(position: Position, proof: Proof, reason: str, what: str) -> Finding:
    names = differing(position, proof)
    stored = units_of(position)
    return Finding(
        kind="drift",
        sku=position.sku,
        location=position.location,
        reason=reason,
        what=what,
        version=position.version,
        stored=tuple((name, getattr(stored, name)) for name in names),
        proved=tuple((name, getattr(proof.units, name)) for name in names),
    )
