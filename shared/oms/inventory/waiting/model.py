"""The line for a SKU: who waits for it, for how many units, in the order in which they are served."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from oms.orders.model import Order, Value
from oms.reference.model import MOST_URGENT

_URGENT = "!"
UNKNOWN = "unknown"  # sorts behind every date: no supply that is known covers these units


class Place(NamedTuple):
    """An order line's place in the line for one SKU on the shelf.

    Served by the date from which stock is promised, then by the order's priority, then by the instant of submission: so
    who is urgent robs nobody of the day that was promised. `location` is where it waits in
    the books; none: nobody keeps it.
    """

    sku: str
    supply_on: str
    submitted_at: str
    order_id: str
    number: int
    units: int
    location: str | None = None
    priority: int = 0

    @property
    def key(self) -> str:
        """Sorts as the line stands."""
        return place_key(self.supply_on, self.submitted_at, self.order_id, self.number, self.priority)


def place_key(supply_on: str, submitted_at: str, order_id: str, number: int, priority: int = 0) -> str:
    return f"{supply_on}#{turn_word(priority, submitted_at)}#{order_id}#{number:04d}"


def turn_word(priority: int, submitted_at: str) -> str:
    """Priority and submission as one word of a key. Who is urgent stands before all years: `!` sorts before digits."""
    return f"{_URGENT}{MOST_URGENT - priority}{submitted_at}" if priority else submitted_at


def turn_of(word: str) -> tuple[int, str]:
    """The priority and the instant of submission that are one word of a key."""
    if not word.startswith(_URGENT):
        return 0, word
    return MOST_URGENT - int(word[1]), word[2:]


class Head(NamedTuple):
    """What is known of a whole line: `units` on the shelf that are waited for, `sold` those of lines of this very SKU.

    The two differ where bundles are; `by_channel` are those `sold` by the channel of their orders. `version` counts who
    joined and whose promise moved: it puts those who join one after the other.
    """

    sku: str
    version: int = 0
    units: int = 0
    sold: int = 0
    by_channel: Mapping[str, int] = MappingProxyType({})

    def moved(self, units: int, sold: int, channel: str) -> "Head":
        """The head with so many units more of a channel's orders; never less than none."""
        own = max(self.by_channel.get(channel, 0) + sold, 0)
        return self._replace(
            units=max(self.units + units, 0),
            sold=max(self.sold + sold, 0),
            by_channel={**self.by_channel, channel: own} if sold else self.by_channel,
        )


class WaitingOrder(Value):
    """One place in the line. `ahead` units are waited for by those before it."""

    order_id: str
    line: int
    units: int
    ahead: int
    location: str | None
    supply_on: str | None
    submitted_at: str
    priority: int = 0


class WaitingLine(Value):
    """Who waits for a SKU, first served first; `units` in all. `next_after` is where the next page begins."""

    sku: str
    units: int
    orders: tuple[WaitingOrder, ...]
    next_after: str | None = None


class ServingReport(Value):
    """What a run did: SKUs looked at, orders that got stock, promises that moved, orders held over theirs."""

    skus: int = 0
    served: int = 0
    promised: int = 0
    held: int = 0


Changed = tuple[Order | None, Order]  # an order before and after a write
