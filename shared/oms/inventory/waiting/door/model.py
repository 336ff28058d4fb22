"""The door of a line: where orders stand that may not wait yet, because a cap is reached."""

from typing import NamedTuple

from oms.inventory.waiting.model import turn_word
from oms.orders.model import Order, Value


class AtDoor(NamedTuple):
    """An order at the door of the line for an item, as it is sold. `location`: whose cap it was, if that of a place."""

    sku: str
    order_id: str
    turn: str
    location: str | None = None

    @property
    def key(self) -> str:
        """Sorts by priority, then by submission, as those do who are promised no day."""
        return f"{self.turn}#{self.order_id}"


class Door(NamedTuple):
    """A door as a whole; `version` counts who came to it."""

    sku: str
    version: int


class LetInReport(Value):
    """What a run did: doors looked at, orders let in, and orders that do not stand there any more."""

    doors: int = 0
    let_in: int = 0
    gone: int = 0


def at_door(order: Order, sku: str, location: str | None) -> AtDoor:
    return AtDoor(sku, order.id, turn_word(order.priority, order.submitted_at), location)
