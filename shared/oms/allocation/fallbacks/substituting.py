"""Units that nobody may ship are replaced by those of another article, one for one. Pure.

The line stays as it was ordered: its price, its tax and its number. Only its fulfillment orders are of the other
article, and say what it is sent instead of. So nothing becomes dearer, and units that come back are sourced as ordered
again.
"""

from collections.abc import Collection

from oms.allocation.fallbacks.model import Again, Did, Stranded, Units
from oms.allocation.rules import Demand, Take
from oms.allocation.sourcing.desk import Sourcing
from oms.orders.model import Line
from oms.reference.model import Item

MOST = 5  # substitutes of an article that are tried


def stand_ins(skus: Collection[str], sourcing: Sourcing) -> dict[str, tuple[str, ...]]:
    """What may be sent instead of each of some SKUs, as far as any rule in force sends anything instead."""
    if not skus or not sourcing.substitutes:
        return {}
    sourcing.learn(skus)
    found = {sku: sourcing.item(sku) for sku in skus}
    return {sku: item.substitutes[:MOST] for sku, item in found.items() if item and item.substitutes}


def substitute(stranded: Stranded, left: Units) -> Did:
    """Decide again on the first substitutes of all lines, then with what is still left on the second ones, and so on.

    What the buyer has refused to have replaced is not. A substitute must be allowed where the article is.
    """
    if stranded.order.accepts_substitutes is False:
        return Did({}, why_not="the buyer takes no substitutes")
    options = {number: _options(stranded, stranded.line(number)) for number in left}
    wanted = dict(left)
    takes: list[Take] = []
    again: list[Again] = []
    reasons: list[str] = []
    for place in range(max((len(skus) for skus in options.values()), default=0)):
        asked = [
            Demand(number, options[number][place], units)
            for number, units in wanted.items()
            if units and place < len(options[number])
        ]
        free = stranded.others(demand.sku for demand in asked)
        if not any(units > 0 for demand in asked for units in free.get(demand.sku, {}).values()):
            continue
        ships = dict(stranded.ships)
        case = stranded.sourcing.case(stranded.order, asked, free, stranded.case.excluded, stranded.now, ships=ships)
        plan, outcome = stranded.sourcing.decided(case, stranded.rule)
        if plan.takes:
            stranded.take(plan.takes)
            takes += plan.takes
            again.append(Again("substitute", case, outcome))
            reasons.append(plan.reason)
            for take in plan.takes:
                wanted[take.number] -= take.quantity
    units = {number: got for number, asked_for in left.items() if (got := asked_for - wanted[number])}
    sent = [f"{take.quantity} {take.sku} for line {take.number}" for take in takes]
    how = f"they are replaced: {', '.join(sent)}" if sent else ""
    return Did(units, how, _why_not(options, wanted), takes=tuple(takes), again=tuple(again), reasons=tuple(reasons))


def _options(stranded: Stranded, line: Line) -> list[str]:
    """What the line may be replaced by, the best first."""
    item = stranded.sourcing.item(line.sku)
    if item is None or line.components:
        return []
    stranded.sourcing.learn(item.substitutes)
    found = [(sku, stranded.sourcing.item(sku)) for sku in item.substitutes[:MOST] if sku != line.sku]
    return [sku for sku, other in found if other is not None and _may_replace(item, other, stranded)]


def _may_replace(item: Item, other: Item, stranded: Stranded) -> bool:
    """Not by a bundle, by what is not given out yet, nor by what needs checks that the order has not been through."""
    country = stranded.order.destination.country
    goes_there = country not in other.not_to and (not other.only_to or country in other.only_to)
    checked = other.min_age <= item.min_age and (not other.hazmat or bool(item.hazmat))
    embargoed = other.waiting.embargoed(stranded.order.channel, stranded.now.date())
    return goes_there and checked and not embargoed and not other.components


def _why_not(options: dict[int, list[str]], left: dict[int, int]) -> str:
    rest = [number for number, units in left.items() if units]
    none = [str(number) for number in rest if not options[number]]
    short = sorted({sku for number in rest for sku in options[number]})
    said = [f"line(s) {', '.join(none)} have no substitute that may be sent"] if none else []
    said += [f"no more of {', '.join(short)} may be shipped"] if short else []
    return "; ".join(said)
