"""What becomes of an order's units: which ship from where, and what is done about those that nobody may ship. Pure.

The decision of an allocation, and of a what-if that asks what would have been: there is no second one.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from oms.allocation.bundled import plan_lines
from oms.allocation.fallbacks.chain import Look, fall_back
from oms.allocation.fallbacks.model import FellBack
from oms.allocation.rules import Demand, SourcingPlan
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.model import Case, Outcome
from oms.inventory.model import Position, PositionKey
from oms.inventory.transfers.model import Transfer
from oms.orders.model import Order


class Planned(NamedTuple):
    """The plan with what fallbacks ship, the outcomes that it is of, group by group of lines, and the fallbacks."""

    plan: SourcingPlan
    outcomes: tuple[tuple[Case, Outcome], ...]
    fell: FellBack

    def kept_to(self, ships: Iterable[str]) -> tuple[str, ...]:
        """The locations that ship the order, with those that do already, if its rule lets no other one join them."""
        limits = [one.most_locations for _, one in self.outcomes if one.most_locations is not None]
        names = {*ships, *(take.location for take in self.plan.takes)}
        return tuple(sorted(names)) if limits and len(names) >= min(limits) else ()


def planned(
    order: Order,
    demands: Sequence[Demand],
    view: Mapping[PositionKey, Position],
    sourcing: Sourcing,
    now: datetime,
    *,
    look: Look,
    excluded: AbstractSet[str] = frozenset(),
    ships: Mapping[str, int] = {},
    under_way: Mapping[str, Transfer] = {},
) -> Planned:
    """Plan the demands on the stock of the view; what nobody may ship goes down the rule's list of fallbacks.

    The `order` has the demanded units open. `look` reads what is there of other SKUs, `ships` are the locations that
    ship other units of it, `under_way` the transfers that were asked for for it, by id.
    """
    plan, outcomes = plan_lines(order, demands, view, sourcing, excluded, now, ships)
    fell = fall_back(order, outcomes, view, sourcing, under_way, now, look)
    return Planned(fell.mended(plan), outcomes, fell)
