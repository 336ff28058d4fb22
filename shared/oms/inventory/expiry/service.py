"""Say which lots are over. What may be taken is not decided here: they count for nothing from their instant on.

Whoever writes a position marks the lots of it that are over by then, and says if committed units have become too few.
This is for positions that nobody writes.
"""

from typing import NamedTuple

from pydantic import BaseModel

from oms.aws.tables import commit
from oms.inventory.expiry.store import SHARDS, ExpiryStore
from oms.inventory.model import Cause
from oms.inventory.store import StockStore
from oms.kernel.errors import ConflictError
from oms.kernel.time import Clock, to_text

BY = "system:expire_lots"
_AT_ONCE = 500  # positions of a shard, a run; what is left is over all the same


class ExpiryDesk(NamedTuple):
    """The collaborators."""

    expiring: ExpiryStore
    stock: StockStore
    clock: Clock


class ExpiryReport(BaseModel):
    """Positions of which a lot was marked as over, those that fell short by it, and races that were lost."""

    over: int = 0
    short: int = 0
    lost: int = 0


def expire_lots(desk: ExpiryDesk) -> ExpiryReport:
    """Mark the lots that are over by now, a transaction for each position.

    Safe to repeat, and beside itself: a lot is marked once, by whoever writes first. A lost race needs nothing more.
    """
    report = ExpiryReport()
    now = to_text(desk.clock())
    for shard in range(SHARDS):
        due = list(desk.expiring.due(shard, now, limit=_AT_ONCE))
        for key, position in desk.stock.positions_at(due).items():
            if not position.ending:
                continue  # the index is a moment old
            moved = desk.stock.noticed(position, Cause(BY, now))
            try:
                commit(*moved.writes)
            except ConflictError:
                report.lost += 1
            else:
                report.over += 1
                report.short += moved.after[key].shortfall > position.told_shortfall
    return report
