"""What a decision record says in plain words."""

from collections.abc import Iterable, Iterator
from itertools import chain

from oms.allocation.decisions.model import Considered, DecisionRecord, TriedFallback
from oms.allocation.sourcing.network import above_pct

_MICRO_PER_MINOR = 1_000_000


def words_of(record: DecisionRecord) -> tuple[str, ...]:
    """Why this place, why split, why not a nearer one, why something waits: one sentence each."""
    again = [f"Decided again for {record.again_by}, among other places."] if record.again_by else []
    return (*again, *_sentences(record))


def _sentences(record: DecisionRecord) -> Iterator[str]:
    proof = _proof(record)
    places = [one.location for one in record.scores]
    for one in record.scores:
        total = sum(one.parts.values())
        parts = ", ".join(f"{name} {_money(cost)}" for name, cost in sorted(one.parts.items(), key=lambda row: -row[1]))
        yield f"{one.location} ships {_units(record, one.location)}, for {_money(total)}: {parts}."
    yield from (
        f"{name} has no room for it before {day}, and works on it then." for name, day in record.planned.items()
    )
    if len(places) == 1:
        yield f"One location is enough, and {proof}."
    elif places:
        yield f"The order is split over {len(places)} locations, because {_why_split(record, proof)}."
    yield from (_why_not(row) for row in record.considered)
    for row in record.excluded:
        scope = f" for line {row.line}" if row.line is not None else ""
        yield f"{row.location} was out{scope} ({row.constraint}): it {row.why}."
    if record.relaxed:
        yield f"So that less waits, these constraints were dropped: {', '.join(record.relaxed)}."
    if record.waiting:
        units = sum(record.waiting.values())
        yield f"{units} unit(s) of line(s) {_numbers(record.waiting)} nobody may ship now."
    yield from chain.from_iterable(map(_took, record.tried))
    if " " in record.prices:  # no name of a list
        yield f"Stock was free, not priced by what it is worth to later orders: {record.prices}."
    if record.left_out:
        yield f"{record.left_out} more row(s) were not kept."


def _proof(record: DecisionRecord) -> str:
    if record.cost <= record.bound:
        return "no allowed plan costs less"
    above = above_pct(record.cost, record.bound)
    most = f"it is at most {above} % above the cheapest" if above else "how far it is from the cheapest is not known"
    return f"no cheaper plan was found within the steps of a decision (not proven: {most})"


def _took(row: TriedFallback) -> Iterator[str]:
    if row.units:
        yield f"{row.fallback} takes {row.in_all} unit(s) of line(s) {_numbers(row.units)}: {row.how}."
    if row.why_not:
        yield f"{row.fallback} takes {'no more' if row.units else 'nothing'}: {row.why_not}."


def _numbers(lines: Iterable[int]) -> str:
    return ", ".join(map(str, lines))


def _units(record: DecisionRecord, location: str) -> str:
    units = sum(row.units for row in record.shipped if row.location == location)
    lines = sorted({row.line for row in record.shipped if row.location == location})
    return f"{units} unit(s) of line(s) {', '.join(map(str, lines))}"


def _why_split(record: DecisionRecord, proof: str) -> str:
    able = [row for row in record.considered if row.instead_of is None]
    if not able and not record.considered:
        return f"no other location could take part, and {proof}"
    return f"what one location lacks another has, and {proof}"


def _why_not(row: Considered) -> str:
    if row.instead_of is None:
        return f"{row.location} ({row.km} km) ships nothing: it lacks {row.lacks} unit(s) of what any of them ships."
    if row.more <= 0:
        return f"{row.location} ({row.km} km) instead of {row.instead_of} would cost the same."
    return f"{row.location} ({row.km} km) instead of {row.instead_of} would cost {_money(row.more)} more."


def _money(micro: int) -> str:
    """In the major unit, as far as it matters: a hundredth of the minor unit."""
    minor = micro / _MICRO_PER_MINOR
    return f"{minor / 100:.4f}".rstrip("0").rstrip(".") or "0"
