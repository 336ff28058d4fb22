"""Correct books that do not add up: once, and on the record."""

from typing import NamedTuple

from oms.aws.tables import Write, commit
from oms.inventory.drift import rules
from oms.inventory.drift.model import Correction, Proof
from oms.inventory.drift.service import HELD, DriftDesk, finding_now
from oms.inventory.exceptions.model import ExceptionView, Finding, StockException, view_of
from oms.inventory.exceptions.service import resolved
from oms.inventory.model import NOTHING, Cause, Change, Movement, Position
from oms.inventory.rules import as_read, refuse_negative
from oms.kernel.errors import ConflictError, NotFoundError, StateError, Why
from oms.kernel.time import to_text

TRIES = 5


class _Sides(NamedTuple):
    """The books and the proof of a position, as they are now."""

    position: Position
    proof: Proof


def correct_drift(exception_id: str, correction: Correction, *, by: str, desk: DriftDesk) -> ExceptionView:
    """Put the position right by one journalled movement with the exception as its ref, and resolve the exception.

    Decided from the books as they are now: the difference may be another one, or gone. Repeating answers the same.

    Raises:
        NotFoundError: no such exception, or its position is gone.
        StateError: it is not about drift; the side to trust makes no sense (fewer units than none, or a balance that
            nobody's units explain); or it was resolved by trusting the other side.
        ConflictError: the position changed under our hands five times.
    """
    for lost in range(1, TRIES + 1):
        exception = desk.exceptions.get(exception_id)
        if exception is None:
            raise NotFoundError(f"there is no exception {exception_id}")
        if exception.finding.kind != "drift":
            why = Why("not_drift", "the books add up", "receive, count, or cancel orders")
            raise StateError.because(why)
        if exception.status == "resolved":
            _refuse_other(exception, correction)
            return view_of(exception)
        now = desk.clock()
        cause = Cause(by, to_text(now), f"{correction.trust} trusted: {correction.note}")
        done = resolved(exception, by=by, now=now, why=cause.why, trusted=correction.trust)
        finding = finding_now(exception, desk)
        writes = _writes(finding, exception, correction, cause, desk) if finding else []
        try:
            commit(*writes, desk.exceptions.write(done))
        except ConflictError:
            if lost == TRIES:
                raise
        else:
            return view_of(done)
    raise AssertionError("unreachable: the last try returns or raises")


def _refuse_other(exception: StockException, correction: Correction) -> None:
    if exception.trusted not in (None, correction.trust):
        text = f"it is resolved already: {exception.trusted} trusted"
        raise StateError.because(Why("resolved_otherwise", text, "count the position"))


def _writes(
    finding: Finding, exception: StockException, correction: Correction, cause: Cause, desk: DriftDesk
) -> list[Write]:
    key = (finding.sku, finding.location)
    position = desk.stock.positions_at([key]).get(key)
    if position is None:
        why = Why("position_missing", "the position is gone from the books", "open it again, then count")
        raise StateError.because(why)
    if finding.reason in HELD and correction.trust == "balance":
        text = f"{finding.what}: no movement explains the balance"
        raise StateError.because(Why("balance_unexplained", text, "trust the movements, or find out who has them"))
    if finding.reason == "commitment_differs":
        change = Change(committed=dict(finding.proved)["committed"] - position.committed)
        movement = Movement("adjusted", key, change, ref=exception.id)
        return desk.stock.writes([movement], {key: position}, cause)
    prover = desk.prover()
    if finding.reason == "reservation_differs":
        kept = prover.kept(position)
        if kept is None:
            raise ConflictError("the position is moving")
        return desk.stock.writes(rules.reserved_movements(position, *kept, ref=exception.id), {key: position}, cause)
    sides = _Sides(position, prover.summed(position))
    aliens = prover.aliens(position, sides.proof, {finding.entry: finding.entry_version}) if finding.entry else ()
    movements, after = _recorded(sides, correction, exception.id)
    refuse_negative(after)
    if correction.trust == "movements":  # its movement moves nothing, or the movements would not add up any more
        cause = cause._replace(why=f"{cause.why}; balance put right: {rules.put_right(position, after)}")
    moved = desk.stock.mended(movements, position, after, cause)
    proved = Proof(
        version=moved.after[key].version,
        units=rules.units_of(after),
        terms=tuple(sorted(rules.terms_of(after).items())),
        ignored=(*sides.proof.ignored, *aliens),
    )
    return [*moved.writes, desk.proofs.write(key, proved)]


def _recorded(sides: _Sides, correction: Correction, ref: str) -> tuple[list[Movement], Position]:
    """The movements that record the correction, and the position as it is to be."""
    position, proof = sides
    stored, terms = rules.units_of(position), rules.terms_of(position)
    if correction.trust == "movements":
        units = {name: by for name, by in zip(Change._fields, proof.units, strict=True) if name != "reserved"}
        right = position._replace(terms=proof.terms, lapsed=())
        right = right.after(Change(**units).minus(stored._replace(reserved=0)))
        return [Movement("adjusted", position.key, NOTHING, ref=ref)], right
    difference = stored.minus(proof.units)._replace(reserved=0)
    movements = [Movement("counted", position.key, difference, ref=ref)]
    proved = dict(proof.terms)
    for term in sorted(terms.keys() | proved.keys()):
        by = terms.get(term, 0) - proved.get(term, 0)
        if by:
            movements.append(Movement("counted", position.key, Change(reserved=by), ref=ref, term=term))
    return movements, as_read(position, terms, "")
