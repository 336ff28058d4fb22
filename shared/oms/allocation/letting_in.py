"""Orders that are held because a cap is reached are let in when it is not any more, in their sequence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from oms.allocation.admitting import REASON
from oms.inventory.store import StockStore
from oms.inventory.waiting.door.model import AtDoor, Door, LetInReport
from oms.inventory.waiting.door.store import DoorStore
from oms.inventory.waiting.joining import caps_on, why_not_join
from oms.inventory.waiting.model import Head
from oms.inventory.waiting.policies.store import WaitingPolicyStore
from oms.inventory.waiting.store import WaitingStore
from oms.kernel.errors import ConflictError
from oms.kernel.time import Clock, from_text
from oms.orders.holding import hold_id_of
from oms.orders.holds import Exposure, let_go
from oms.orders.model import Hold, Order
from oms.orders.reach import is_live
from oms.orders.store import OrderStore
from oms.reference.model import MayWait

BY = "system:let_in"
WHY = "room to wait"
AT_ONCE = 100  # orders at a door that are read together
MOST = 2_000  # orders at a door that are looked at in one run
IN_FORCE = timedelta(minutes=5)  # until every process goes by a new policy (`oms.reference.store`)


@dataclass(frozen=True)
class LettingInDesk:
    """What letting in touches."""

    doors: DoorStore
    lines: WaitingStore
    policies: WaitingPolicyStore
    orders: OrderStore
    stock: StockStore
    credit: Exposure
    clock: Clock


class _Looked(NamedTuple):
    let_in: int
    gone: int


def let_in(*, desk: LettingInDesk) -> LetInReport:
    """Look at every door and let in as many units as there is room for: first who is urgent, then who came first.

    Whoever is let in is allocated as if somebody had released the hold; allocation alone decides, exactly, who joins
    the line. Who is on the way there counts as if he had joined: so a run, or two at once, lets in no crowd. Whoever
    does not fit is not passed by others who meet the same cap.
    """
    doors = list(desk.doors.doors())
    first = (
        desk.clock().minute % len(doors) if doors else 0
    )  # whom a run that ends early left out is first another time
    looked = [_look(door, desk) for door in (*doors[first:], *doors[:first])]
    return LetInReport(
        doors=len(looked), let_in=sum(one.let_in for one in looked), gone=sum(one.gone for one in looked)
    )


def _look(door: Door, desk: LettingInDesk) -> _Looked:
    """Look along a door until the line behind it is full, or nobody stands there any more."""
    standing = desk.doors.line(door.sku, limit=MOST)
    some = list(islice(standing, AT_ONCE))
    if not some:
        desk.doors.close(door)
        return _Looked(0, 0)
    now = desk.clock()
    policy = _policy(door.sku, now, desk)
    if policy is None:
        return _Looked(0, 0)
    room = _Room(door.sku, policy, desk.lines.heads([door.sku])[door.sku], _waiting_at(door.sku, desk), now)
    let_in = gone = 0
    while some and not room.full:
        orders = desk.orders.get_many(one.order_id for one in some)
        for one in some:
            looked = _ask_in(one, orders.get(one.order_id), room, now, desk)
            let_in, gone = let_in + looked.let_in, gone + looked.gone
        some = list(islice(standing, AT_ONCE))
    return _Looked(let_in, gone)


def _ask_in(one: AtDoor, order: Order | None, room: "_Room", now: datetime, desk: LettingInDesk) -> _Looked:
    """Let one order in if it fits; who does not wait to be let in any more leaves the door."""
    units, hold = _units(order, one.sku), _hold(order)
    if order is None or not units or (hold is None and order.blocked_by("allocate")):
        desk.doors.leave(one)
        return _Looked(0, 1)
    if hold is None:
        room.taken(order, one, units)  # let in, and not allocated yet
        return _Looked(0, 0)
    held_otherwise = any("allocate" in other.blocks for other in order.holds if other.id != hold.id)
    if held_otherwise or not room.fits(order, one, units):
        return _Looked(0, 0)
    room.taken(order, one, units)
    try:
        let_go(order, hold, why=WHY, by=BY, at=now, orders=desk.orders, credit=desk.credit)
    except ConflictError:  # somebody else is at work on it, maybe lets it in: the next run sees what became of it
        return _Looked(0, 0)
    return _Looked(1, 0)


def _policy(sku: str, now: datetime, desk: LettingInDesk) -> MayWait | None:
    """What every process goes by; None: a new policy is not in force everywhere yet, or there is no such item."""
    item, policy = desk.policies.find(sku)
    if policy is not None:
        return policy.terms if from_text(policy.at) + IN_FORCE <= now else None
    return item.waiting if item else None


def _waiting_at(sku: str, desk: LettingInDesk) -> Callable[[], Mapping[str, int]]:
    return lambda: {place: found.backordered for (_, place), found in desk.stock.positions([sku]).items()}


def _units(order: Order | None, sku: str) -> int:
    """What it wants of the item and does not have; nothing if it has ended."""
    if order is None or not is_live(order) or order.cancelling:
        return 0
    return sum(line.open for line in order.lines if line.sku == sku)


def _hold(order: Order | None) -> Hold | None:
    """The hold over the cap."""
    if order is None:
        return None
    return next((hold for hold in order.holds if hold.id == hold_id_of(order.id, REASON)), None)


class _Room:
    """What may join a line, as those before have left it."""

    def __init__(
        self, sku: str, policy: MayWait, head: Head, waiting_at: Callable[[], Mapping[str, int]], now: datetime
    ) -> None:
        self._sku = sku
        self._policy = policy
        self._head = head
        self._today = now.date()
        self._read = waiting_at
        self._at: dict[str, int] | None = None
        self._full: set[str] = set()

    def fits(self, order: Order, one: AtDoor, units: int) -> bool:
        """Whether so many units of an order may join; if not, nobody else may who meets the same cap.

        Who wants more than a cap ever takes keeps nobody out.
        """
        caps = caps_on(self._policy, order.channel, self._head, there=self._there(one))
        if any(cap.whose in self._full for cap in caps):
            return False
        if why_not_join(self._policy, order.channel, units, caps, self._today) is None:
            return True
        self._full.update(cap.whose for cap in caps if cap.waiting + units > cap.most >= units)
        return False

    @property
    def full(self) -> bool:
        """Whether nobody else may join, whoever comes: the cap of all is reached."""
        return "" in self._full

    def taken(self, order: Order, one: AtDoor, units: int) -> None:
        """An order is let in."""
        self._head = self._head.moved(units, units, order.channel)
        if one.location is not None and self._at is not None:
            self._at[one.location] = self._at.get(one.location, 0) + units

    def _there(self, one: AtDoor) -> tuple[str, int] | None:
        if one.location is None:
            return None
        if self._at is None:
            self._at = dict(self._read())
        return one.location, self._at.get(one.location, 0)
