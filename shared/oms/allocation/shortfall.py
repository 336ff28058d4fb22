"""Corrections below what is committed: orders that no location works on yet give their units back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from oms.allocation.recall import request_reallocation
from oms.allocation.takeback import TakingBack
from oms.events.fact import Fact
from oms.events.inventory import StockFellShort
from oms.inventory.exceptions.service import open_exception, resolve_exception
from oms.inventory.exceptions.store import ExceptionStore
from oms.inventory.holders import Holders
from oms.inventory.model import Position, PositionKey
from oms.kernel.errors import MalformedError, NotFoundError, TransientError
from oms.kernel.time import Clock
from oms.orders.bundles import on_the_shelf
from oms.orders.model import FulfillmentOrder, Order
from oms.orders.reach import UNRELEASED

BY = "system:mend_shortfalls"
HOPS = 1_000  # movements of the position that are looked through for orders that hold its units
CANDIDATES = 200  # orders that are read in one run


@dataclass(frozen=True)
class ShortfallDesk:
    """What mending a shortfall touches."""

    taking_back: TakingBack
    exceptions: ExceptionStore
    clock: Clock


def mend_shortfalls(messages: Iterable[tuple[str, Any]], *, desk: ShortfallDesk) -> dict[str, Exception]:
    """Mend every position that a message names; the errors by message id. Decided from the books as they are now."""
    errors: dict[str, Exception] = {}
    for message_id, document in messages:
        try:
            keys = {_key_of(Fact.model_validate(row)) for row in document["facts"]}
            for key in sorted(keys):
                mend_shortfall(key, desk=desk)
        except (KeyError, TypeError, ValidationError) as error:
            errors[message_id] = MalformedError(f"not a packed entry of facts: {type(error).__name__}")
        except (MalformedError, TransientError) as error:
            errors[message_id] = error
    return errors


def mend_shortfall(key: PositionKey, *, desk: ShortfallDesk) -> int:
    """Have the newest unreleased fulfillment orders sourced elsewhere until the shortfall is gone; what is left of it.

    What is left stays as an open exception for a person. Repeating goes on from the books as they are.

    Raises:
        ConflictError: an order changed under our hands five times.
    """
    position = _position(key, desk)
    if position is None or not position.shortfall:
        _settle(key, desk)
        return 0
    _tell(position, desk)
    for order, work in _candidates(position, desk):
        request_reallocation(
            order.id, excluded=[position.location], withdraw=[work.id], by=BY, desk=desk.taking_back, now=desk.clock()
        )
        position = _position(key, desk) or position
        if not position.shortfall:
            _settle(key, desk)
            return 0
    _tell(position, desk)
    return position.shortfall


def _key_of(fact: Fact) -> PositionKey:
    if fact.type != StockFellShort.__name__:
        raise MalformedError(f"{fact.type} tells of no shortfall")
    said = StockFellShort.model_validate(fact.data)
    return said.sku, said.location


def _position(key: PositionKey, desk: ShortfallDesk) -> Position | None:
    return desk.taking_back.stock.positions_at([key]).get(key)


def _settle(key: PositionKey, desk: ShortfallDesk) -> None:
    resolve_exception("shortfall", *key, by=BY, store=desk.exceptions, now=desk.clock())


def _tell(position: Position, desk: ShortfallDesk) -> None:
    """Make it visible, with those who hold the units."""
    back = desk.taking_back
    finding = Holders(back.stock, back.orders, back.transfers).shortfall_of(position)
    open_exception(finding, by=BY, store=desk.exceptions, now=desk.clock())


def _candidates(position: Position, desk: ShortfallDesk) -> list[tuple[Order, FulfillmentOrder]]:
    """Unreleased work that holds units of the position, that of the newest order first."""
    found: list[tuple[Order, FulfillmentOrder]] = []
    for order_id in _holders(position, desk):
        try:
            order, works = desk.taking_back.orders.tree(order_id)
        except NotFoundError:
            continue  # a movement that was for something else than an order
        found += [(order, work) for work in works if _gives_back(work, position)]
    return sorted(found, key=lambda pair: (pair[0].submitted_at, pair[0].id, pair[1].id), reverse=True)


def _holders(position: Position, desk: ShortfallDesk) -> Iterator[str]:
    """The orders that took units, from the newest movement of the position back, once each."""
    seen: Mapping[str, None] = dict.fromkeys(
        posting.ref
        for _, posting in desk.taking_back.stock.history(position, limit=HOPS)
        if posting.ref and posting.change.committed > 0
    )
    yield from list(seen)[:CANDIDATES]


def _gives_back(work: FulfillmentOrder, position: Position) -> bool:
    own = any(
        position.sku in on_the_shelf(line, 1) and line.quantity > line.short + line.shipped for line in work.lines
    )
    return work.location == position.location and work.status in UNRELEASED and own
