"""Who is served first when a batch wants more of a SKU than there is: rules as data, applied over the batch. Pure.

Orders are then planned one after the other in that sequence, each seeing what the ones before it took. So a rule can
never give out more than there is, nor leave anything behind: it only says who stands where in the line.
"""

from collections.abc import Iterable, Mapping, Sequence

from oms.inventory.model import Position, PositionKey
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Order
from oms.reference.model import Fairness

FIRST_COME = Fairness()
EVERY_OTHER = "*"
_UNRANKED = 1_000_000


def in_sequence(orders: Iterable[Order], available: Mapping[str, int], rules: Mapping[str, Fairness]) -> list[Order]:
    """The orders in the sequence in which they are served.

    Only scarce SKUs have a rule that matters. An order with several of them has the best rank of any, and is within
    its channel's share only if it is for each: the rest of the line comes after, by the same sequence.
    """
    wanted = list(orders)
    scarce = _scarce(wanted, available, rules)
    lined_up = sorted(wanted, key=lambda order: (_rank(order, scarce), order.submitted_at, order.id))
    left = {
        sku: {channel: max(available.get(sku, 0), 0) * pct // 100 for channel, pct in rule.shares_pct.items()}
        for sku, rule in scarce.items()
        if rule.rule == "share"
    }
    first: list[Order] = []
    rest: list[Order] = []
    for order in lined_up:
        (first if _within_share(order, left) else rest).append(order)
    return [order for group in joined([*first, *rest]) for order in group]


def _scarce(
    orders: Sequence[Order], available: Mapping[str, int], rules: Mapping[str, Fairness]
) -> dict[str, Fairness]:
    demand: dict[str, int] = {}
    for order in orders:
        for sku, units in _open_units(order).items():
            demand[sku] = demand.get(sku, 0) + units
    rest = rules.get(EVERY_OTHER, FIRST_COME)
    return {sku: rules.get(sku, rest) for sku, units in demand.items() if units > available.get(sku, 0)}


def _open_units(order: Order) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in order.lines:
        for sku, count in on_the_shelf(line, line.open).items() if line.open else ():
            units[sku] = units.get(sku, 0) + count
    return units


def _rank(order: Order, scarce: Mapping[str, Fairness]) -> tuple[int, int]:
    """How urgent it is, then the best rank that a scarce SKU gives its channel or account; without a rule all alike."""
    found = [scarce[sku] for sku in _open_units(order) if sku in scarce]
    rules = [rule for rule in found if rule.rule == "priority"]
    return (-order.priority, min(_rank_under(rule, order) for rule in rules)) if rules else (0, 0)


def _rank_under(rule: Fairness, order: Order) -> int:
    own = rule.account_ranks.get(order.account_id, _UNRANKED) if order.account_id else _UNRANKED
    return min(rule.ranks.get(order.channel, _UNRANKED), own)


def _within_share(order: Order, left: Mapping[str, dict[str, int]]) -> bool:
    """Whether the order's channel has this much left of its share of each; if so, it is used."""
    wanted = {sku: units for sku, units in _open_units(order).items() if sku in left}
    if any(left[sku].get(order.channel, 0) < units for sku, units in wanted.items()):
        return False
    for sku, units in wanted.items():
        left[sku][order.channel] -= units
    return True


def joined(lined_up: Sequence[Order]) -> list[list[Order]]:
    """Orders that are joined by a SKU, however indirectly, in sequence.

    So that orders of one hot SKU fill a transaction, instead of each of them being between strangers.
    """
    parent: dict[str, str] = {}

    def root(sku: str) -> str:
        while parent.setdefault(sku, sku) != sku:
            parent[sku] = parent[parent[sku]]
            sku = parent[sku]
        return sku

    for order in lined_up:
        skus = sorted(_open_units(order))
        for sku in skus[1:]:
            parent[root(sku)] = root(skus[0])
    groups: dict[str, list[Order]] = {}
    for order in lined_up:
        skus = sorted(_open_units(order))
        groups.setdefault(root(skus[0]) if skus else "", []).append(order)
    return list(groups.values())


def units_available(positions: Mapping[PositionKey, Position]) -> dict[str, int]:
    """Units that can be taken, by SKU, at all locations together."""
    units: dict[str, int] = {}
    for (sku, _), position in positions.items():
        units[sku] = units.get(sku, 0) + max(position.available, 0)
    return units
