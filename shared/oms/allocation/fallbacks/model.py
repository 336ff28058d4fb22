"""Units that nobody may ship now, and what becomes of them. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from oms.allocation.rules import SourcingPlan, Take
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.model import Case, Outcome
from oms.allocation.sourcing.strategy import Rule
from oms.inventory.model import Position, PositionKey
from oms.inventory.transfers.asking import Wish
from oms.inventory.transfers.model import Transfer
from oms.orders.model import Line, Order

Units = Mapping[int, int]  # by line number


class Stranded(NamedTuple):
    """An order with the units that nobody may ship, and all that was known when that was found.

    `free` are the units that are left, by SKU on the shelf and location; who takes some, takes them off. A location
    that keeps a SKU and has none of it is there with 0. `under_way` are transfers that were asked for before, by id.
    `look` reads what is there of other SKUs for whoever comes now. `ships` are the locations that ship other units of
    the order, with their parcels as far as known; who takes some at another one adds it.
    """

    order: Order
    case: Case
    outcome: Outcome
    rule: Rule
    free: dict[str, dict[str, int]]
    sourcing: Sourcing
    under_way: Mapping[str, Transfer]
    now: datetime
    look: Callable[[Collection[str]], Mapping[PositionKey, Position]]
    ships: dict[str, int]

    def line(self, number: int) -> Line:
        return next(line for line in self.order.lines if line.number == number)

    def take(self, takes: Iterable[Take]) -> None:
        """What is taken is not free any more."""
        for take in takes:
            self.ships.setdefault(take.location, 0)
            for sku, units in take.of_shelf(self.line(take.number)).items():
                self.free[sku][take.location] -= units

    def others(self, skus: Iterable[str]) -> dict[str, dict[str, int]]:
        """What is free of SKUs that the order has not asked for, by location; looked up once."""
        names = set(skus)
        for (sku, location), position in self.look(names - self.free.keys()).items():
            self.free.setdefault(sku, {})[location] = max(position.available, 0)
        return {sku: dict(self.free.get(sku, {})) for sku in names}


class Tried(NamedTuple):
    """A fallback in its turn: the units that it took, how, and why it did not take the others."""

    fallback: str
    units: Units
    how: str = ""
    why_not: str = ""


class Did(NamedTuple):
    """What one fallback did.

    `waits_at`: where units wait in the books, and `give_up_at` until when, by line. `takes`: units that are shipped
    after all, as `again` decided and `reasons` say.
    """

    units: Units
    how: str = ""
    why_not: str = ""
    wishes: tuple[Wish, ...] = ()
    waits_at: Mapping[int, str] = {}
    give_up_at: Mapping[int, str] = {}
    takes: tuple[Take, ...] = ()
    again: "tuple[Again, ...]" = ()
    reasons: tuple[str, ...] = ()


class Again(NamedTuple):
    """A decision that a fallback made again, among other places."""

    fallback: str
    case: Case
    outcome: Outcome


class FellBack(NamedTuple):
    """What became of everything that nobody may ship: by group of lines the fallbacks tried, and what they ask for.

    `seen` are positions of other SKUs that were looked at.
    """

    tried: tuple[tuple[Tried, ...], ...] = ()
    wishes: tuple[Wish, ...] = ()
    waits_at: Mapping[int, str] = {}
    give_up_at: Mapping[int, str] = {}
    takes: tuple[Take, ...] = ()
    again: tuple[Again, ...] = ()
    reasons: tuple[str, ...] = ()
    seen: Mapping[PositionKey, Position] = {}

    def mended(self, plan: SourcingPlan) -> SourcingPlan:
        """The plan with the units that are shipped after all; they wait no more."""
        if not self.takes:
            return plan
        waiting = dict(plan.backordered)
        for take in self.takes:
            waiting[take.number] -= take.quantity
        left = {number: units for number, units in waiting.items() if units}
        return SourcingPlan((*plan.takes, *self.takes), left, "; ".join((plan.reason, *self.reasons)))
