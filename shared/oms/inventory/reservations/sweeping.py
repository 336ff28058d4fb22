"""Write down which reservations have ended by themselves. Nothing is decided here: they count for nothing already."""

from oms.aws.tables import commit
from oms.inventory.model import Cause
from oms.inventory.reservations import rules
from oms.inventory.reservations.model import Reservation, SweepReport
from oms.inventory.reservations.store import SHARDS, ReservationStore
from oms.inventory.store import StockStore
from oms.kernel.errors import ConflictError
from oms.kernel.time import Clock, to_text

BY = "system:expire_reservations"
_AT_ONCE = 1_000  # of a shard, a run; what is left is over all the same


def expire_reservations(*, store: ReservationStore, stock: StockStore, clock: Clock) -> SweepReport:
    """Bring the books up to the clock: state `expired`, and a movement for units that no writer has written off yet.

    The first to end in a minute writes the positions, the others only themselves. One that was extended is put into
    the index under its present end. A lost race is looked at again in the next run.
    """
    report = SweepReport()
    for shard in range(SHARDS):
        for reservation in store.rows(list(store.due(shard, limit=_AT_ONCE))):
            if not reservation.live:
                continue
            try:
                over = _settle(reservation, store, stock, clock)
            except ConflictError:
                report.lost += 1
            else:
                report.expired += over
                report.later += not over
    return report


def _settle(written: Reservation, store: ReservationStore, stock: StockStore, clock: Clock) -> bool:
    """Whether it has ended."""
    now = to_text(clock())
    found = rules.as_of(written, now)
    if found.live:
        commit(store.write(found.model_copy(update={"look_at": found.until, "version": found.version + 1})))
        return False
    over = found.model_copy(update={"changed_at": now, "reason": "time_is_up", "version": found.version + 1})
    seen = stock.positions_at(kept.key for kept in over.kept)
    commit(store.write(over), *stock.writes(rules.lapsed_at(over, seen), seen, Cause(BY, now)))
    return True
