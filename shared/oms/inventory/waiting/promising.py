"""What those who wait are promised: the day on which supply covers everybody up to them, and the delivery after it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from oms.inventory.model import Position, PositionKey
from oms.inventory.supply.availability import (
    AvailabilityDesk,
    by_position,
    confirmed,
    outlook,
    when_usable,
    window_on,
)
from oms.inventory.supply.drawing import Ahead, Drawing
from oms.inventory.supply.model import Due, Supply
from oms.inventory.transfers.store import TransferStore
from oms.inventory.waiting.door.store import DoorStore
from oms.inventory.waiting.model import UNKNOWN
from oms.inventory.waiting.store import WaitingStore
from oms.kernel.time import from_text
from oms.orders.bundles import on_the_shelf
from oms.orders.mayship import MayShip
from oms.orders.model import Destination, Line, Order, Promise
from oms.reference.model import MayWait

NO_PROMISE = Promise()


@dataclass(frozen=True)
class WaitingDesk:
    """The lines, what can be promised to those who stand in them, the transfers that were asked for, and the doors."""

    lines: WaitingStore
    supply: AvailabilityDesk
    transfers: TransferStore
    doors: DoorStore


class Wait(NamedTuple):
    """Units of an order line that wait, and the day from which stock is promised to them."""

    number: int
    units: int
    supply_on: str


class Promising:
    """One picture of what comes, asked once per SKU."""

    def __init__(self, desk: WaitingDesk) -> None:
        self._desk = desk.supply
        self._coming: dict[PositionKey, Sequence[Due]] = {}
        self._known: set[str] = set()
        self._usable: dict[str, date] = {}  # by reference, such as the id of a transfer
        self.foresees = False

    def foresee(self, supplies: Iterable[Supply]) -> None:
        """Reckon with supplies that are written with the decision; whoever drops that decision asks a new picture."""
        new = list(supplies)
        self.learn(one.sku for one in new)
        self._count(new)
        self.foresees = self.foresees or bool(new)

    def forget(self, supplies: Iterable[Supply]) -> None:
        """Reckon no more with supplies that were foreseen and are not written."""
        gone = when_usable(supplies, self._desk)
        for key, dues in by_position(gone).items():
            left = list(self._coming[key])
            for due in dues:
                left.remove(due)
            self._coming[key] = left
        for one, _ in gone:
            del self._usable[one.reference]

    def not_before(self, line: Line, also: Iterable[str] = ()) -> str:
        """The day before which a line is not served: when the last of its transfers (`also`: new ones) can be used.

        Empty: any day. What stock there is besides may not ship to the buyer, or no transfer had been asked for.
        """
        ids = (*line.transfers, *also)
        if ids:
            self.learn([line.sku])
        days = [self._usable[name] for name in ids if name in self._usable]
        return max(days).isoformat() if days else ""

    def supply_on(self, sku: str, before: Iterable[Ahead], own: Ahead, picture: Mapping[PositionKey, Position]) -> str:
        """The first day on which there is enough for some units; `unknown` when no known supply covers them.

        Looks ahead: `before` are the units of everybody who was promised before. So a new promise robs no older one.
        """
        return day_of(self.drawing(sku, picture).let_before(before).draw(own.units, own.places))

    def drawing(self, sku: str, picture: Mapping[PositionKey, Position]) -> Drawing:
        """What the locations have of a SKU by date, for whoever draws on it in turn."""
        self.learn([sku])
        own = {key: position for key, position in picture.items() if key[0] == sku}
        return Drawing(outlook([sku], own, self._desk, coming=self._coming)[sku])

    def window(
        self, order: Order, waits: Iterable[Wait], picture: Mapping[PositionKey, Position], may: MayShip
    ) -> Promise:
        """The delivery window of the last of the lines that wait; empty when one of them has no date."""
        waiting = {wait.number: wait for wait in waits}
        days = {wait.supply_on for wait in waiting.values()}
        if not days or UNKNOWN in days:
            return NO_PROMISE
        wanted: Counter[str] = Counter()
        lines = [line for line in order.lines if line.number in waiting]
        for line in lines:
            wanted.update(on_the_shelf(line, waiting[line.number].units))
        self.learn(wanted)
        own = {key: position for key, position in picture.items() if key[0] in wanted}
        found = outlook(wanted, own, self._desk, coming=self._coming)
        day = date.fromisoformat(max(days))
        return window_on(day, order.destination, wanted, found, self._desk, may.on_the_shelf(lines))

    def delivery(
        self, destination: Destination, lines: Mapping[str, int], stock: Mapping[str, Mapping[str, int]], at: datetime
    ) -> Promise:
        """The delivery window of goods that lie where `stock` says and are worked on from an instant on."""
        return self._desk.promise(destination, lines, stock, at)

    def learn(self, skus: Iterable[str]) -> None:
        """Read what comes of these SKUs, those that are not known yet."""
        new = [sku for sku in dict.fromkeys(skus) if sku not in self._known]
        if new:
            self._count(confirmed(new, self._desk))
            self._known.update(new)

    def _count(self, supplies: Iterable[Supply]) -> None:
        coming = when_usable(supplies, self._desk)
        for key, dues in by_position(coming).items():
            self._coming[key] = [*self._coming.get(key, ()), *dues]
        self._usable.update({one.reference: day for one, day in coming})


def day_of(day: date | None) -> str:
    """The day from which stock is promised, as it is written; `unknown`: none is known."""
    return day.isoformat() if day else UNKNOWN


def latest_acceptable(order: Order, policies: Iterable[MayWait]) -> date | None:
    """The last day on which the buyer wants it: what the channel promised, or the items allow; none: any day."""
    days: list[date] = []
    if order.delivery is not None and order.delivery.deliver_by:
        days.append(from_text(order.delivery.deliver_by).date())
    came = from_text(order.submitted_at).date()
    days += [date.fromordinal(came.toordinal() + one.latest_days) for one in policies if one.latest_days is not None]
    return min(days, default=None)


def too_late(promise: Promise, latest: date | None) -> bool:
    """Whether the buyer would get it after the last day on which it is wanted, for all that is known."""
    if latest is None:
        return False
    return promise.latest_on is None or promise.latest_on > latest.isoformat()
