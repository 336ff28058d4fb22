"""What is there for an order that waits, and ends before it would arrive: said in its decisions."""

from collections.abc import Mapping, Sequence

from oms.allocation.decision import Decision
from oms.allocation.decisions.model import DecisionRecord
from oms.allocation.lasting import Lasting
from oms.inventory.model import Position, PositionKey
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Order

_MOST = 20  # rows of a record


def ending_told(
    steps: Sequence[Decision], order: Order, picture: Mapping[PositionKey, Position], lasting: Lasting
) -> list[Decision]:
    """The steps of an order; the records of what waits name the lots that end too early for it."""
    return [
        step._replace(records=tuple(_told(record, order, picture, lasting) for record in step.records))
        for step in steps
    ]


def _told(
    record: DecisionRecord, order: Order, picture: Mapping[PositionKey, Position], lasting: Lasting
) -> DecisionRecord:
    lines = [line for line in order.lines if line.number in record.waiting]
    skus = {sku for line in lines for sku in on_the_shelf(line, 1) if lasting.ends(sku)}
    ending = lasting.too_short(order, picture, skus) if skus else []
    return record.model_copy(update={"ending": tuple(ending[:_MOST])}) if ending else record
