"""Cancel units that have waited until the instant that their rule has set; what was served is left alone."""

from datetime import datetime
from typing import Any

from oms.allocation.partial import Asked, fewer
from oms.allocation.recall import TRIES, settle
from oms.allocation.takeback import TakingBack, Wanted, take_as_much_as_fits
from oms.inventory.transfers.model import Transfer
from oms.kernel.errors import ConflictError
from oms.kernel.time import to_text
from oms.orders.lines import replace_line
from oms.orders.model import Line, Order
from oms.orders.ports import ExposurePort

REASON = "out_of_stock"


def cancel_overdue(order_id: str, *, by: str, desk: TakingBack, exposure: ExposurePort, now: datetime) -> int:
    """Cancel what waits beyond its instant; how many units. A line is looked at once: then it has no instant any more.

    Of an order with many lines as many as fit one transaction; the next look finds the others.

    Units that a transfer under way will bring still wait for it. Who is served at the same moment stays served: one of
    the two writes first, and the other reads again.

    Raises:
        NotFoundError: no such order.
        ConflictError: lost the race five times.
    """
    for lost in range(1, TRIES + 1):
        tree = desk.orders.tree(order_id)
        order = tree.order
        late = [line for line in order.lines if line.gives_up(to_text(now))]
        if not late:
            return 0
        ids = {name for line in late for name in line.transfers}
        known = desk.transfers.find_many(ids) if ids else {}
        rest = {line.number: units for line in late if (units := line.backordered - _coming(line, known)) > 0}
        queued = [(line, rest[line.number]) for line in late if line.number in rest]
        recall = take_as_much_as_fits(Wanted((), queued, {}, REASON, by, now))
        done = {line.number for line in late if line.number not in rest or line.number in recall.queued}
        rest = {number: units for number, units in rest.items() if number in recall.queued}
        header = _without(order, done)
        if rest:
            header = fewer(header, recall, Asked(rest, None, REASON, "waited until its day", by), now)
        else:
            header = header.changed(at=now, by=by, what="StillWaits", why="transfers are under way")
        try:
            desk.commit(order, header, recall, *exposure.moved_writes(order, header))
        except ConflictError:
            if lost == TRIES:
                raise
        else:
            after = desk.orders.tree(order_id)
            settle(after, desk.parcels_of(after.fulfillment_orders), desk, at=now, by=by)
            return sum(rest.values())
    raise AssertionError("unreachable: the last try returns or raises")


def _coming(line: Line, known: dict[str, Transfer]) -> int:
    found = [known[name] for name in line.transfers if name in known]
    return sum(transfer.to_come(part) for transfer in found for part in transfer.lines)


def _without(order: Order, numbers: set[int]) -> Order:
    gone: dict[int, dict[str, Any]] = {number: {"give_up_at": None} for number in numbers}
    return order.model_copy(update={"lines": replace_line(order.lines, gone)})
