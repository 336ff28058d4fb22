"""An order's reservation becomes its commitment: own units are free to it, and leave the reservation with the decision.

The plan need not take them where they are kept: what it takes elsewhere is given back here, in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from oms.inventory.model import Movement, Position, PositionKey
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.rules import freed, moved
from oms.kernel.time import to_text
from oms.orders.bundles import shelf_skus
from oms.orders.model import Order

Picture = Mapping[PositionKey, Position]


class Spent(NamedTuple):
    """What an order's decision makes of its reservation: the next version of it, and the units that leave it."""

    reservation: Reservation
    movements: tuple[Movement, ...]

    @property
    def keys(self) -> set[PositionKey]:
        return {movement.key for movement in self.movements}


def own(order: Order, reservations: Mapping[str, Reservation]) -> Reservation | None:
    """The live reservation that the order names and may take: nobody takes another channel's."""
    found = reservations.get(order.reservation_id or "")
    return found if found is not None and found.live and found.channel == order.channel else None


def as_its_owner_sees(reservation: Reservation | None, picture: Picture) -> Picture:
    """The picture of the stock in which own units are free."""
    return freed(reservation, picture) if reservation is not None else picture


def spent(reservation: Reservation, before: Order, after: Order, picture: Picture, now: datetime) -> Spent:
    """What is left of a reservation when an order is decided: nothing, or the units of lines that come in a later step.

    Whatever a decided line had reserved is given up: its units are committed now, here or elsewhere, or wait for stock.
    """
    waiting = {line.number for line in after.lines if line.open}
    decided = shelf_skus(line for line in before.lines if line.open and line.number not in waiting)
    rest = tuple(kept for kept in reservation.kept if waiting and kept.sku not in decided)
    left = reservation.model_copy(
        update={
            "kept": rest,
            "changed_at": to_text(now),
            "version": reservation.version + 1,
            **({} if rest else {"status": "committed", "frozen": False, "order_id": after.id, "reason": None}),
        }
    )
    movements = moved(reservation, left, picture, ref=reservation.id)
    return Spent(left, tuple(movements))
