"""Source one order: the rule that speaks for it, who may ship, the cheapest plan, and why. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations, islice
from typing import NamedTuple

from oms.allocation.sourcing.exact import ENOUGH_STEPS, solve
from oms.allocation.sourcing.filters import Candidates, candidates, traits_of
from oms.allocation.sourcing.large import solved
from oms.allocation.sourcing.model import Case, Outcome, Part, Place, Refusal, Rival, Score
from oms.allocation.sourcing.network import Answer, Takes, cost_of
from oms.allocation.sourcing.objective import Bundle, Priced, price, score
from oms.allocation.sourcing.strategy import Rule, Split, Strategy, rule_for

EXACT_PIECES, EXACT_SOURCES = 20, 50
FEWER_STEPS = 10_000  # beyond what is always proven: a tenth of a second
MOST_COMBINED = 32  # sets of further locations that are tried for an order that may have few more
MANY = 1_000  # pieces x sources beyond which the short way to a proof is not tried


class _Try(NamedTuple):
    """One pass: without some soft constraints, the plan and what still waits."""

    dropped: tuple[str, ...]
    found: Candidates
    priced: Priced
    answer: Answer
    waiting: dict[int, int]

    @property
    def units(self) -> int:
        return sum(self.waiting.values())


def source(case: Case, strategy: Strategy) -> Outcome:
    """The cheapest plan under the most specific rule; what becomes of what it leaves over is for its fallbacks to say.

    All constraints hold in the first pass. While units would wait that somebody has, soft ones are dropped one by one
    in the order of the rule, those that stand in the way; the pass with the fewest waiting units counts, the earliest
    of equals.
    """
    return source_by(case, strategy, rule_for(strategy, traits_of(case)))


def source_by(case: Case, strategy: Strategy, rule: Rule) -> Outcome:
    """The same under a rule that is known."""
    best = last = _pass(case, rule, ())
    left = list(rule.soft)
    while best.units > _nowhere(case):
        constraint = next((one for one in left if _stands_in_the_way(one, case, last.found)), None)
        if constraint is None:
            break
        left.remove(constraint)
        last = _pass(case, rule, (*last.dropped, constraint))
        if last.units < best.units:
            best = last
    return _outcome(case, strategy, rule, best)


def solve_any(priced: Priced) -> Answer:
    """Exactly up to the sizes that are always proven; beyond them a good plan, with the bound that is proven."""
    network = priced.network
    if len(network.pieces) <= EXACT_PIECES and len(network.sources) <= EXACT_SOURCES:
        return solve(network, max_steps=ENOUGH_STEPS)
    if len(network.pieces) * len(network.sources) > MANY:
        return solved(network)
    answer = solve(network, max_steps=FEWER_STEPS)
    return answer if answer.proven else solved(network, answer)


def _stands_in_the_way(constraint: str, case: Case, found: Candidates) -> bool:
    """Whether dropping it could change anything."""
    if constraint == "capacity" and any(any(place.capacity) for place in case.places):
        return True
    return any(refusal.constraint == constraint for refusal in found.refusals)


def _pass(case: Case, rule: Rule, dropped: tuple[str, ...]) -> _Try:
    found = candidates(case, rule, dropped)
    capacity = "capacity" in (*rule.hard, *rule.soft) and "capacity" not in dropped
    priced = price(case, rule, found, capacity=capacity)
    answer = solve_any(priced)
    joining = _joining(case, rule, priced, answer)
    if joining is not None:
        found, priced, answer = _fewer(case, rule, found, joining, answer.bound, capacity=capacity)
    waiting = _waiting(priced, answer.takes)
    if waiting and rule.split.ship_complete:
        nothing: Takes = ((),) * len(priced.bundles)
        answer = Answer(nothing, cost_of(priced.network, nothing), answer.bound, answer.steps)
        waiting = {line.number: line.units for line in case.lines}
    return _Try(dropped, found, priced, answer, waiting)


def _joining(case: Case, rule: Rule, priced: Priced, answer: Answer) -> tuple[str, ...] | None:
    """Locations that a plan adds to those that ship some of the order already, if too many; those of most first."""
    if not case.ships or rule.split.most_locations is None:
        return None
    units: Counter[str] = Counter()
    for part in parts_of(priced, answer.takes):
        units[part.location] += part.units
    joining = sorted(units.keys() - case.ships.keys(), key=lambda name: (-units[name], name))
    too_many = len(joining) > max(rule.split.most_locations - len(case.ships), 0)
    return tuple(joining) if too_many else None


def _fewer(
    case: Case, rule: Rule, found: Candidates, joining: Sequence[str], bound: int, *, capacity: bool
) -> tuple[Candidates, Priced, Answer]:
    """The cheapest plan with as many of the joining locations as may be; `bound` is proven for any of them."""
    room = (rule.split.most_locations or 0) - len(case.ships)
    best: tuple[Candidates, Priced, Answer] | None = None
    for some in islice(combinations(joining, room), MOST_COMBINED):
        allowed = {*case.ships, *some}
        fewer = _only(found, allowed, room)
        priced = price(case, rule, fewer, capacity=capacity)
        answer = solve_any(priced)
        answer = answer._replace(bound=min(bound, answer.cost))
        if best is None or answer.cost < best[2].cost:
            best = (fewer, priced, answer)
    if best is None:
        raise AssertionError("unreachable: there is room for one, and more want to join")
    return best


def _only(found: Candidates, allowed: Collection[str], room: int) -> Candidates:
    """The candidates without those for which the split has no room."""
    places = tuple(place for place in found.places if place.name in allowed)
    why = f"would be one more than the {room} location(s) that may still join"
    out = tuple(Refusal(place.name, "split", why) for place in found.places if place.name not in allowed)
    return found._replace(places=places, refusals=(*found.refusals, *out))


def _nowhere(case: Case) -> int:
    """Units that nobody has, whoever may ship."""
    wanted: dict[str, int] = {}
    for line in case.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.units
    return sum(
        max(0, units - sum(max(0, n) for n in case.stock.get(sku, {}).values())) for sku, units in wanted.items()
    )


def _waiting(priced: Priced, takes: Takes) -> dict[int, int]:
    taken: dict[int, int] = {}
    for part in parts_of(priced, takes):
        taken[part.number] = taken.get(part.number, 0) + part.units
    lines = [line for bundle in priced.bundles for line in bundle.lines]
    left = {line.number: line.units - taken.get(line.number, 0) for line in lines}
    return {number: units for number, units in sorted(left.items()) if units}


def parts_of(priced: Priced, takes: Takes) -> tuple[Part, ...]:
    """What each line gets from where: in line order, from the nearest place on."""
    parts: list[Part] = []
    for bundle, given in zip(priced.bundles, takes, strict=True):
        parts += _handed_out(bundle, given, priced.places)
    return tuple(sorted(parts))


def _handed_out(bundle: Bundle, given: Sequence[tuple[int, int]], places: Sequence[Place]) -> list[Part]:
    if bundle.whole:
        return [Part(line.number, line.sku, places[j].name, line.units) for j, _ in given for line in bundle.lines]
    parts: list[Part] = []
    shares = [(places[j].name, units) for j, units in sorted(given)]
    for line in bundle.lines:
        left = line.units
        while left and shares:
            name, there = shares.pop(0)
            part = min(left, there)
            parts.append(Part(line.number, line.sku, name, part))
            left -= part
            if there > part:
                shares.insert(0, (name, there - part))
    return parts


def _outcome(case: Case, strategy: Strategy, rule: Rule, tried: _Try) -> Outcome:
    parts = parts_of(tried.priced, tried.answer.takes)
    scores = _scores(case, rule, tried)
    named = any(rule is one for one in strategy.rules)
    return Outcome(
        parts=parts,
        waiting=tried.waiting,
        strategy=strategy.name if named else "built_in",
        version=strategy.version if named else 0,
        rule=rule.name,
        relaxed=tried.dropped,
        refusals=tried.found.refusals,
        scores=scores,
        rivals=_rivals(case, rule, tried, scores),
        cost=tried.answer.cost,
        bound=tried.answer.bound,
        steps=tried.answer.steps,
        nowhere=_nowhere(case) if tried.waiting else 0,
        split_units=_split_units(case, rule, tried),
        split=rule.split.told,
        most_locations=rule.split.most_locations,
        speaks_for=rule.scope.told if named else "",
    )


def _split_units(case: Case, rule: Rule, tried: _Try) -> int:
    """How many units fewer would wait if the order might be split as one likes."""
    if tried.units <= _nowhere(case) or not rule.split.told:
        return 0
    freely = rule.model_copy(update={"split": Split()})
    return max(0, tried.units - _pass(replace(case, ships={}), freely, tried.dropped).units)


def _scores(case: Case, rule: Rule, tried: _Try) -> tuple[Score, ...]:
    scores = []
    for place in tried.priced.places:
        taken = _taken(tried, place.name)
        if taken:
            scores.append(score(place, taken, _grams(case, taken), case, rule))
    return tuple(scores)


def _taken(tried: _Try, location: str) -> dict[str, int]:
    taken: dict[str, int] = {}
    for part in parts_of(tried.priced, tried.answer.takes):
        if part.location == location:
            taken[part.sku] = taken.get(part.sku, 0) + part.units
    return taken


def _grams(case: Case, taken: dict[str, int]) -> int:
    weights = {line.sku: line.weight_g for line in case.lines}
    return sum(units * weights[sku] for sku, units in taken.items())


def _rivals(case: Case, rule: Rule, tried: _Try, scores: Sequence[Score]) -> tuple[Rival, ...]:
    """Candidates that ship nothing, each with the chosen location that it could have replaced at the least."""
    chosen = {one.location for one in scores}
    rivals = []
    for place in tried.priced.places:
        if place.name in chosen or not scores:
            continue
        options: list[tuple[int, str]] = []
        lacking: list[int] = []
        for one in scores:
            taken = _taken(tried, one.location)
            lacks = sum(max(0, units - case.stock.get(sku, {}).get(place.name, 0)) for sku, units in taken.items())
            barred = tried.found.barred[place.name]
            if lacks or any(line.number in barred and line.sku in taken for line in case.lines):
                lacking.append(lacks)
            else:
                options.append((score(place, taken, one.weight_g, case, rule).total - one.total, one.location))
        more, instead = min(options, default=(0, None))
        rivals.append(Rival(place.name, place.km, instead, more, 0 if options else min(lacking)))
    return tuple(rivals)
