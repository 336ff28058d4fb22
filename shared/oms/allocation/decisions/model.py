"""Why an order ships from where it does: what was known, what was out, what the rest would have cost."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.allocation.fallbacks.model import FellBack, Tried
from oms.allocation.sourcing.model import Case, Outcome
from oms.orders.model import Value

_MOST_ROWS = 20  # of a kind; what is left out is counted
_MOST_TEXT = 500


class Shipped(Value):
    """Units of a line from a location."""

    line: int
    sku: str
    location: str
    units: int


class Excluded(Value):
    """A location that could not ship; one `line` only, or (None) nothing at all."""

    location: str
    constraint: str
    why: str
    line: int | None = None


class Scored(Value):
    """What a location costs, part by part, in millionths of the minor unit."""

    location: str
    parts: Mapping[str, int]


class Considered(Value):
    """A location that could have shipped; see `oms.allocation.sourcing.model.Rival`."""

    location: str
    km: int
    instead_of: str | None = None
    more: int = 0
    lacks: int = 0


class Ending(Value):
    """Units at a location in lots that end before the delivery: they may be delivered `until` a day at the most."""

    sku: str
    location: str
    units: int
    until: str


class TriedFallback(Value):
    """A fallback in its turn: the units that it took by line, how, and why it did not take the others.

    `in_all` are the units of all lines, also of those that did not find room.
    """

    fallback: str
    units: Mapping[int, int] = {}
    in_all: int = 0
    how: str = ""
    why_not: str = ""


class DecisionRecord(Value):
    """One decision about some of an order's lines. `inputs` is the hash of all that it was made from.

    `cost` and `bound` are in millionths of the minor unit: no plan costs less than the bound. `left_out` counts rows
    that did not find room. `tried` are the fallbacks of the rule in their turn, for units that nobody may ship;
    `fallback` is the first that took some, `passed_over` are those before it; `again_by` is the one that made this
    decision, for units that another one left over. `prices` is the list by which stock was priced, or why it was free.
    `planned`: locations that work on it on a later day than the one at hand, for want of room.
    `currency` is that of all amounts, if rate cards have but one. `ships_from` are locations that ship other units of
    the order already. Of the waiting units no location has `nowhere`, and `split_units` wait only because of `split`.
    `speaks_for`: the lines for which the rule speaks for the order, where not for orders as such. `refused` are lines
    that may not wait, and `why_refused`. `ending` is what there is in lots that do not last until the delivery.
    """

    order_id: str
    attempt: int
    at: str
    strategy: str
    version: int
    rule: str
    inputs: str
    shipped: tuple[Shipped, ...] = ()
    waiting: Mapping[int, int] = {}
    fallback: str | None = None
    passed_over: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    scores: tuple[Scored, ...] = ()
    considered: tuple[Considered, ...] = ()
    cost: int = 0
    bound: int = 0
    left_out: int = 0
    prices: str = ""
    planned: Mapping[str, str] = {}
    tried: tuple[TriedFallback, ...] = ()
    again_by: str | None = None
    currency: str = ""
    ships_from: tuple[str, ...] = ()
    nowhere: int = 0
    split_units: int = 0
    split: str = ""
    speaks_for: str = ""
    refused: tuple[int, ...] = ()
    why_refused: str = ""
    ending: tuple[Ending, ...] = ()


class Records(BaseModel):
    """The decisions of one transaction."""

    model_config = ConfigDict(frozen=True)
    records: tuple[DecisionRecord, ...]


class DecisionView(BaseModel):
    """A decision, and what it says in plain words."""

    record: DecisionRecord
    words: tuple[str, ...]


class DecisionPage(BaseModel):
    """All decisions about an order, the first one first."""

    order_id: str
    decisions: Annotated[list[DecisionView], Field(max_length=100)]


def inputs_of(case: Case) -> str:
    """A hash of everything a decision is made from, whatever order it came in."""
    wanted = {line.sku for line in case.lines}
    stock = sorted(
        (sku, place, units) for sku, row in case.stock.items() if sku in wanted for place, units in row.items()
    )
    worth = sorted((key, tuple(value)) for key, value in case.worth.items())
    places = sorted(
        (
            place.name, place.country, place.km, sorted(place.networks), sorted(place.capabilities), place.blocked,
            place.open, place.capacity, place.used, place.on_time_bp, place.handling_minor,
            [(offer.label, offer.tariff.breaks, offer.tariff.prices, str(offer.latest_on)) for offer in place.offers],
            *([place.on] if place.later else []),
        )
        for place in case.places
    )  # fmt: skip
    lines = sorted((line[:4], sorted(line.classes), line.group or "") for line in case.lines)
    facts = (
        case.country, case.area, case.channel, case.order_class, str(case.promised_on), sorted(case.excluded),
        *([sorted(case.ships.items())] if case.ships else []),
        *([[sorted(names) for names in case.others]] if case.others[0] else []),
    )  # fmt: skip
    return hashlib.sha256(repr((lines, facts, stock, places, worth)).encode()).hexdigest()[:32]


class Refused(NamedTuple):
    """Lines that may not wait, and why."""

    lines: frozenset[int] = frozenset()
    why: str = ""


NOBODY = Refused()


def records_of(
    about: tuple[str, int, str, str],
    outcomes: Sequence[tuple[Case, Outcome]],
    fell: FellBack,
    *,
    currency: str = "",
    refused: Refused = NOBODY,
) -> tuple[DecisionRecord, ...]:
    """The records of a decision: of each group of lines, and of what a fallback decided again.

    `about`: order id, attempt, instant, list of prices. `currency` of all amounts, empty where there are several.
    `refused`: what may not wait.
    """
    order_id, attempt, at, prices = about
    first = [
        record_of(order_id, attempt, at, inputs_of(case), outcome, prices, tried).model_copy(
            update=_circumstances(case, outcome, currency) | _refused(outcome, refused)
        )
        for (case, outcome), tried in zip(outcomes, fell.tried, strict=True)
    ]
    again = [
        record_of(order_id, attempt, at, inputs_of(one.case), replace(one.outcome, waiting={}), prices).model_copy(
            update={"again_by": one.fallback, **_circumstances(one.case, one.outcome, currency)}
        )
        for one in fell.again
    ]
    return (*first, *again)


def _circumstances(case: Case, outcome: Outcome, currency: str) -> dict[str, object]:
    ships_from = tuple(sorted(case.ships))[:_MOST_ROWS]
    return {"planned": _planned(case, outcome), "currency": currency, "ships_from": ships_from}


def _refused(outcome: Outcome, refused: Refused) -> dict[str, object]:
    lines = tuple(sorted(refused.lines & outcome.waiting.keys()))[:_MOST_ROWS]
    return {"refused": lines, "why_refused": _cut(refused.why)} if lines else {}


def _planned(case: Case, outcome: Outcome) -> dict[str, str]:
    """The days of locations that ship on a later one than that at hand."""
    ships = set(outcome.locations)
    return {place.name: place.on for place in case.places if place.later and place.on and place.name in ships}


def record_of(
    order_id: str,
    attempt: int,
    at: str,
    inputs: str,
    outcome: Outcome,
    prices: str = "",
    tried: Sequence[Tried] = (),
) -> DecisionRecord:
    """What is kept of an outcome: of every kind of row the first few, sorted by what they are about."""
    excluded = [Excluded(location=row[0], constraint=row[1], why=row[2], line=row[3]) for row in outcome.refusals]
    considered = [Considered.model_validate(row._asdict()) for row in outcome.rivals]
    shipped = [Shipped(line=p.number, sku=p.sku, location=p.location, units=p.units) for p in outcome.parts]
    left_out = sum(max(0, len(rows) - _MOST_ROWS) for rows in (excluded, considered, shipped))
    return DecisionRecord(
        order_id=order_id,
        attempt=attempt,
        at=at,
        strategy=outcome.strategy,
        version=outcome.version,
        rule=outcome.rule,
        inputs=inputs,
        shipped=tuple(shipped[:_MOST_ROWS]),
        waiting=dict(list(outcome.waiting.items())[:_MOST_ROWS]),
        fallback=next((row.fallback for row in tried if row.units), None),
        passed_over=tuple(row.fallback for row in takewhile(lambda row: not row.units, tried)),
        relaxed=outcome.relaxed,
        excluded=tuple(excluded[:_MOST_ROWS]),
        scores=tuple(Scored(location=one.location, parts=dict(one.parts)) for one in outcome.scores[:_MOST_ROWS]),
        considered=tuple(considered[:_MOST_ROWS]),
        cost=outcome.cost,
        bound=outcome.bound,
        left_out=left_out,
        prices=prices,
        nowhere=outcome.nowhere,
        split_units=outcome.split_units,
        split=outcome.split if outcome.split_units else "",
        speaks_for=outcome.speaks_for,
        tried=tuple(_kept(row) for row in tried),
    )


def _kept(row: Tried) -> TriedFallback:
    """With the units of the first lines, and no endless text."""
    units = dict(list(row.units.items())[:_MOST_ROWS])
    in_all = sum(row.units.values())
    return TriedFallback(
        fallback=row.fallback, units=units, in_all=in_all, how=_cut(row.how), why_not=_cut(row.why_not)
    )


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
