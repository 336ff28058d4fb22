"""What a decision record says in plain words."""

from collections.abc import Iterable, Iterator
from itertools import chain

from oms.allocation.decisions.model import Considered, DecisionRecord, TriedFallback
from oms.allocation.sourcing.network import above_pct
from oms.kernel.money import to_decimal_text

_MICRO_PER_MINOR = 1_000_000


def words_of(record: DecisionRecord) -> tuple[str, ...]:
    """Why this place, why split, why not a nearer one, why something waits: one sentence each."""
    again = [f"Decided again for {record.again_by}, among other places."] if record.again_by else []
    if record.speaks_for:
        again.append(f"Rule {record.rule} speaks for all lines, because the order has one of {record.speaks_for}.")
    return (*again, *_sentences(record))


def _sentences(record: DecisionRecord) -> Iterator[str]:
    proof = _proof(record)
    places = [one.location for one in record.scores]
    for one in record.scores:
        total = sum(one.parts.values())
        costs = sorted(one.parts.items(), key=lambda row: -row[1])
        parts = ", ".join(f"{name} {_money(cost, record.currency)}" for name, cost in costs)
        yield f"{one.location} ships {_units(record, one.location)}, for {_money(total, record.currency)}: {parts}."
    yield from (
        f"{name} has no room for it before {day}, and works on it then." for name, day in record.planned.items()
    )
    yield from _from_where(record, len(places), proof)
    yield from (_why_not(row, record.currency) for row in record.considered)
    for row in record.excluded:
        scope = f" for line {row.line}" if row.line is not None else ""
        yield f"{row.location} was out{scope} ({row.constraint}): it {row.why}."
    if record.relaxed:
        yield f"So that less waits, these constraints were dropped: {', '.join(record.relaxed)}."
    yield from _waits(record)
    yield from chain.from_iterable(_took(row, record) for row in record.tried)
    if " " in record.prices:  # no name of a list
        yield f"Stock was free, not priced by what it is worth to later orders: {record.prices}."
    if record.left_out:
        yield f"{record.left_out} more row(s) were not kept."


def _from_where(record: DecisionRecord, places: int, proof: str) -> Iterator[str]:
    if record.ships_from:
        yield f"Other units of the order ship from {', '.join(record.ships_from)}."
    if places == 1 and not (record.waiting or record.ships_from or record.again_by):
        yield f"One location is enough, and {proof}."
    elif places == 1:
        yield f"What ships now comes from one location, and {proof}."
    elif places:
        what = "What ships now" if record.waiting or record.ships_from or record.again_by else "The order"
        yield f"{what} is split over {places} locations, because {_why_split(record, proof)}."


def _waits(record: DecisionRecord) -> Iterator[str]:
    if not record.waiting:
        return
    units = sum(record.waiting.values())
    if record.nowhere:
        lasts = ", in lots that last" if record.ending else ""
        yield f"No location has {record.nowhere} of the {units} unit(s) that are missing{lasts}."
    for row in record.ending:
        yield (
            f"{row.location} has {row.units} unit(s) of {row.sku} in lots that end before the delivery: "
            f"they may be delivered until {row.until}."
        )
    if record.split_units:
        yield f"{record.split_units} unit(s) wait only because of the rule's split: {record.split}."
    if record.split_units < units:
        lines = _numbers(record.waiting)
        yield f"{units - record.split_units} unit(s) of line(s) {lines} nobody may ship now."


def _proof(record: DecisionRecord) -> str:
    if record.cost <= record.bound:
        return "no allowed plan costs less"
    above = above_pct(record.cost, record.bound)
    most = f"it is at most {above} % above the cheapest" if above else "how far it is from the cheapest is not known"
    return f"no cheaper plan was found within the steps of a decision (not proven: {most})"


def _took(row: TriedFallback, record: DecisionRecord) -> Iterator[str]:
    if row.units and row.units.keys() <= set(record.refused):
        yield (
            f"{row.fallback} would take {row.in_all} unit(s) of line(s) {_numbers(row.units)}, which may not wait: "
            f"{record.why_refused}."
        )
    elif row.units:
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


def _why_not(row: Considered, currency: str) -> str:
    if row.instead_of is None:
        return f"{row.location} ({row.km} km) ships nothing: it lacks {row.lacks} unit(s) of what any of them ships."
    if row.more <= 0:
        return f"{row.location} ({row.km} km) instead of {row.instead_of} would cost the same."
    return f"{row.location} ({row.km} km) instead of {row.instead_of} would cost {_money(row.more, currency)} more."


def _money(micro: int, currency: str) -> str:
    """In the major unit with the decimals of its currency, rounded half up; of less than that, that it is so."""
    minor = (abs(micro) + _MICRO_PER_MINOR // 2) // _MICRO_PER_MINOR
    text = f"{to_decimal_text(max(minor, 1) if micro else 0, currency)} {currency}".strip()
    if not minor and micro:
        return f"less than {text}"
    return f"-{text}" if micro < 0 else text
