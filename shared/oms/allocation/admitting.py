"""Whether an order that is short may wait, as its items' policies say; what it is promised then, and why not if not."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from oms.allocation.lineup import Lineup, Picture, without
from oms.allocation.shipped import promise_as_shipped
from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.model import Position, PositionKey
from oms.inventory.shelf import standing
from oms.inventory.supply.drawing import Ahead
from oms.inventory.transfers.asking import Wish
from oms.inventory.transfers.model import Transfer
from oms.inventory.transfers.rules import supplies_of
from oms.inventory.waiting.door.model import AtDoor, at_door
from oms.inventory.waiting.joining import CAP_REACHED, MayNot, caps_on, why_not_join
from oms.inventory.waiting.model import UNKNOWN, Head
from oms.inventory.waiting.promising import NO_PROMISE, Promising, Wait, latest_acceptable, too_late
from oms.orders.bundles import on_the_shelf
from oms.orders.holding import HoldSpec, was_held
from oms.orders.mayship import MayShip, Places, to_ship
from oms.orders.model import FulfillmentOrder, Line, Order, Promise
from oms.reference.model import MayWait

REASON, TOO_LATE = "out_of_stock", "promise_too_late"
ANY = MayWait()
_ONE_BY_ONE = 20  # lines of an order
_TOLD = 10  # lines whose reason a hold names


class Admitted(NamedTuple):
    """Lines that may wait with the day from which stock is promised, the order's promise, and a hold for the rest.

    `door`: where it stands until a cap has room.
    """

    supply_on: Mapping[int, str]
    refused: frozenset[int]
    promise: Promise
    holds: tuple[HoldSpec, ...] = ()
    door: AtDoor | None = None


class LastingPort(Protocol):
    """The picture without lots that end too early for an order: see `oms.allocation.lasting`."""

    def __call__(
        self, order: Order, picture: Picture, skus: Collection[str] | None = None, until: str | None = None
    ) -> Picture: ...


class Admission:
    """Decides in the sequence of the batch: each order sees those who joined before it."""

    def __init__(
        self, lineup: Lineup, promising: Promising, sourcing: Sourcing, lasting: LastingPort, now: datetime
    ) -> None:
        self._lineup = lineup
        self._promising = promising
        self._sourcing = sourcing
        self._lasting = lasting
        self._may_ship = sourcing.who_may_ship(now)
        self._today = now.date()

    def may_ship(self, order: Order, numbers: Collection[int]) -> MayShip:
        """Who may ship some lines of an order, whatever lies where."""
        return self._may_ship(to_ship(order, numbers))

    def policy(self, sku: str) -> MayWait:
        item = self._sourcing.item(sku)
        return item.waiting if item else ANY

    def given_out(self, order: Order, picture: Picture) -> Picture:
        """The picture without preorders that are not to be given out yet."""
        shut = [
            line
            for line in order.lines
            if (line.open or line.backordered) and self.policy(line.sku).embargoed(order.channel, self._today)
        ]
        skus = {sku for line in shut for sku in on_the_shelf(line, 1)}
        units = {sku: sum(max(one.available, 0) for key, one in picture.items() if key[0] == sku) for sku in skus}
        return without(picture, units)

    def admit(
        self,
        order: Order,
        short: Mapping[int, int],
        queues: Mapping[int, str],
        picture: Picture,
        asking: Mapping[Wish, Transfer],
        given_up: Collection[int],
    ) -> Admitted:
        """What becomes of the units by line that nobody has.

        Args:
            order: before the decision; a line that had a place keeps it.
            short: units by line.
            queues: the location in whose books a line's units would wait.
            picture: the stock after what the order takes.
            asking: transfers that are asked for if the units may wait.
            given_up: lines whose units are cancelled by themselves when it gets too late.
        """
        if not asking:
            return self._lasts(order, short, queues, picture, asking, given_up)
        coming = [supply for one in asking.values() for supply in supplies_of(one, one.lines)]
        self._promising.foresee(coming)
        admitted = self._lasts(order, short, queues, picture, asking, given_up)
        vain = {asking[wish].id for wish in asking if wish.number in admitted.refused}
        self._promising.forget([one for one in coming if one.reference in vain])
        return admitted

    def _lasts(
        self,
        order: Order,
        short: Mapping[int, int],
        queues: Mapping[int, str],
        picture: Picture,
        asking: Mapping[Wish, Transfer],
        given_up: Collection[int],
    ) -> Admitted:
        """What becomes of them, promised from lots alone that last until the last day of that promise."""
        if not short:
            return self._admitted(order, short, queues, picture, asking, given_up)
        return standing(
            lambda day: self._lasting(order, picture, None, day),
            lambda seen: self._admitted(order, short, queues, seen, asking, given_up),
            lambda admitted: admitted.promise.latest_on,
        )[1]

    def _admitted(
        self,
        order: Order,
        short: Mapping[int, int],
        queues: Mapping[int, str],
        picture: Picture,
        asking: Mapping[Wish, Transfer],
        given_up: Collection[int],
    ) -> Admitted:
        supply_on: dict[int, str] = {}
        why: dict[int, str] = {}
        doors: list[AtDoor | None] = []
        joining, sold = Counter[str](), Counter[str]()
        shelf = by_sku(picture)
        self._learn(line for line in order.lines if line.number in short and not (line.supply_on and line.backordered))
        may = self.may_ship(order, short)
        for line in order.lines:
            if line.number not in short:
                continue
            units = short[line.number]
            if line.supply_on is not None and line.backordered:
                supply_on[line.number] = line.supply_on  # it stands in line
                continue
            refused = self._refused(order, line, units, queues.get(line.number), picture, sold[line.sku])
            if refused:
                why[line.number] = f"{line.sku}: {refused.words}"
                doors.append(at_door(order, line.sku, refused.location) if refused.code == CAP_REACHED else None)
                continue
            day = line.supply_on or self._promised(order, line, Ahead(units, may.of(line.sku)), shelf, joining)
            own = [one.id for wish, one in asking.items() if wish.number == line.number]
            supply_on[line.number] = max(day, self._promising.not_before(line, own))
            joining.update(on_the_shelf(line, units))
            sold[line.sku] += units
        return self._judged(order, short, supply_on, why, picture, given_up)._replace(
            door=doors[0] if doors and None not in doors else None
        )

    def as_shipped(self, stored: Order, after: Order, works: Iterable[FulfillmentOrder]) -> Promise:
        """The promise of an order once it is known where its units ship from."""
        return promise_as_shipped(stored, after, works, self._sourcing, self._promising)

    def _learn(self, joining: Iterable[Line]) -> None:
        """Of many lines that may join, read at once what is asked of each: its head, who stands last, what comes."""
        lines = list(joining)
        if len(lines) <= _ONE_BY_ONE:
            return
        skus = {sku for line in lines for sku in on_the_shelf(line, 1)}
        self._lineup.learn(skus | {line.sku for line in lines})
        self._promising.learn(sorted(skus))

    def _judged(
        self,
        order: Order,
        short: Mapping[int, int],
        supply_on: Mapping[int, str],
        why: dict[int, str],
        picture: Picture,
        given_up: Collection[int],
    ) -> Admitted:
        """With the promise, of which there is none for units that may not wait; who would get it too late is asked."""
        promise = self._promise(order, short, supply_on, picture)
        lines = {line.number: line for line in order.lines}
        new = {number for number in supply_on if not lines[number].backordered} - set(given_up)
        asked = was_held(order, TOO_LATE)  # whoever let the order go has said that it will do
        latest = latest_acceptable(order, [self.policy(lines[number].sku) for number in new])
        if new and not asked and too_late(promise, latest):
            say = f"{promise.latest_on or 'no date known'}, wanted by {latest}"
            kept = {number: day for number, day in supply_on.items() if number not in new}
            held = (HoldSpec(TOO_LATE, say), *_holds(why))
            return Admitted(kept, frozenset(why) | new, self._promise(order, short, kept, picture), held)
        return Admitted(supply_on, frozenset(why), NO_PROMISE if why else promise, _holds(why))

    def _promise(
        self, order: Order, short: Mapping[int, int], supply_on: Mapping[int, str], picture: Picture
    ) -> Promise:
        if not supply_on:
            return order.promise
        waits = [Wait(number, short[number], day) for number, day in supply_on.items()]
        others = [
            Wait(line.number, line.backordered, line.supply_on)
            for line in order.lines
            if line.backordered and line.supply_on and line.number not in short
        ]
        all_waits = [*waits, *others]
        may = self.may_ship(order, {one.number for one in all_waits})
        return self._promising.window(order, all_waits, picture, may)

    def _refused(
        self,
        order: Order,
        line: Line,
        units: int,
        location: str | None,
        picture: Picture,
        same: int,
    ) -> MayNot | None:
        """Why these units may not wait; `same`: units of the SKU in other lines of the order that will."""
        policy = self.policy(line.sku)
        there = None
        if location is not None and (line.sku, location) in picture:
            there = (location, picture[line.sku, location].backordered)
        capped = policy.cap is not None or order.channel in policy.channel_caps
        head = self._lineup.head(line.sku) if capped else Head(line.sku)
        caps = caps_on(policy, order.channel, head, same=same, there=there)
        return why_not_join(policy, order.channel, units, caps, self._today)

    def _promised(
        self, order: Order, line: Line, own: Ahead, shelf: Mapping[str, Picture], joining: Mapping[str, int]
    ) -> str:
        """The day when everybody in line and this one are covered by what may ship to them.

        Never before others in line who may get all that it may.
        """
        days: list[str] = []
        for sku, each in on_the_shelf(line, own.units).items():
            before = [*self._ahead(sku), *([Ahead(joining[sku], own.places)] if joining.get(sku) else [])]
            wanted = Ahead(each, own.places)
            days.append(self._promising.supply_on(sku, before, wanted, shelf.get(sku, {})))
            days.append(self._last_on(sku, own.places))
        return not_before(max(days), self.policy(line.sku), order.channel)

    def _ahead(self, sku: str) -> list[Ahead]:
        """Who stands in line: where nobody is kept from any location, as many units as its head says."""
        units = self._lineup.head(sku).units
        if not units or not self._may_ship.restricts:
            return [Ahead(units)]
        return self._lineup.inline.ahead(sku, units)

    def _last_on(self, sku: str, places: Places) -> str:
        if not self._may_ship.restricts or not self._lineup.head(sku).units:
            return self._lineup.last_on(sku)
        return self._lineup.inline.last_on(sku, places)


def not_before(supply_on: str, policy: MayWait, channel: str) -> str:
    """The day, or that of the release of a preorder if it is later."""
    if supply_on == UNKNOWN or policy.release_on is None or policy.of(channel) != "preorder":
        return supply_on
    return max(supply_on, policy.release_on.isoformat())


def _holds(why: Mapping[int, str]) -> tuple[HoldSpec, ...]:
    if not why:
        return ()
    some = list(why.values())[:_TOLD]
    more = [f"and {len(why) - _TOLD} more lines"] if len(why) > _TOLD else []
    return (HoldSpec(REASON, "; ".join([*some, *more])),)


def by_sku(picture: Picture) -> dict[str, dict[PositionKey, Position]]:
    """The picture, SKU by SKU."""
    shelf: dict[str, dict[PositionKey, Position]] = {}
    for key, position in picture.items():
        shelf.setdefault(key[0], {})[key] = position
    return shelf


def policies_of(order: Order, numbers: Iterable[int], sourcing: Sourcing) -> list[MayWait]:
    """What the items of some lines say."""
    wanted = set(numbers)
    items = [sourcing.item(line.sku) for line in order.lines if line.number in wanted]
    return [item.waiting if item else ANY for item in items]
