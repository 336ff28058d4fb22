"""An order's first decision, as its records keep it. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from oms.allocation.decisions.model import DecisionRecord
from oms.allocation.rules import Demand, Take
from oms.inventory.transfers.model import ref_of
from oms.orders.model import Order


class First(NamedTuple):
    """An order and its first decision: one record, or more of the same instant where bundles are planned apart.

    `again` are the decisions that its fallbacks made for units that it left over.
    """

    order: Order
    records: tuple[DecisionRecord, ...]
    again: tuple[DecisionRecord, ...] = ()

    @property
    def at(self) -> str:
        return self.records[0].at

    @property
    def is_whole(self) -> bool:
        """Whether the records say of every unit what became of it."""
        return not any(record.left_out for record in (*self.records, *self.again))

    @property
    def demands(self) -> list[Demand]:
        """The units that were to be had."""
        units: Counter[int] = Counter()
        for record in self.records:
            for row in record.shipped:
                units[row.line] += row.units
            units.update(record.waiting)
        skus = {line.number: line.sku for line in self.order.lines}
        return [Demand(number, skus[number], wanted) for number, wanted in sorted(units.items()) if number in skus]

    @property
    def asked(self) -> Order:
        """The order as it was then: with these units open, and no transfer asked for."""
        units = {demand.number: demand.quantity for demand in self.demands}
        now = {"allocated": 0, "backordered": 0, "transfers": ()}
        lines = tuple(line.model_copy(update={**now, "open": units.get(line.number, 0)}) for line in self.order.lines)
        return self.order.model_copy(update={"lines": lines})

    @property
    def excluded(self) -> frozenset[str]:
        return frozenset(row.location for one in self.records for row in one.excluded if row.constraint == "excluded")

    @property
    def refs(self) -> frozenset[str]:
        """What movements of transfers are for that were asked for for the order."""
        return frozenset(ref_of(name) for line in self.order.lines for name in line.transfers)

    @property
    def fell(self) -> dict[str, int]:
        """Units by the fallback that took them."""
        units: Counter[str] = Counter()
        for record in self.records:
            for row in record.tried:
                units[row.fallback] += row.in_all or sum(row.units.values())
            if record.waiting and not record.tried:  # of a time that kept no list
                units[record.fallback or "backorder"] += sum(record.waiting.values())
        return dict(+units)


def first_of(order: Order, records: Iterable[DecisionRecord]) -> First | None:
    """The first decision about an order; None when none is kept."""
    kept = sorted(records, key=lambda record: (record.attempt, record.at))
    if not kept:
        return None
    first = [one for one in kept if (one.attempt, one.at) == (kept[0].attempt, kept[0].at)]
    own = tuple(one for one in first if one.again_by is None)
    return First(order, own, tuple(one for one in first if one.again_by is not None)) if own else None


def takes_of(record: DecisionRecord) -> list[Take]:
    """What a record says was taken where."""
    return [Take(row.line, row.sku, row.location, row.units) for row in record.shipped]
