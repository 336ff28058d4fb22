"""What was kept for an order that will never be: given back as soon as it is cancelled or rejected."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from oms.events.fact import Fact
from oms.inventory.reservations.service import ReservationDesk, release
from oms.kernel.errors import MalformedError, NotFoundError, StateError, TransientError
from oms.orders.model import Order
from oms.orders.store import OrderStore

BY = "system:release_reservations"
_REASONS = {"cancelled": "order_cancelled", "rejected": "order_rejected"}
Messages = Iterable[tuple[str, Any]]  # (id, packed bus entry)


def release_for_orders(messages: Messages, *, orders: OrderStore, desk: ReservationDesk) -> dict[str, Exception]:
    """Release the reservation of every order that a message names and that has ended; the errors by message id.

    Decided from the order as it is: of one of which only units were cancelled nothing is given back, and one that was
    allocated has no reservation left.
    """
    errors: dict[str, Exception] = {}
    named: dict[str, list[str]] = defaultdict(list)
    for message_id, document in messages:
        try:
            facts = [Fact.model_validate(row) for row in document["facts"]]
        except (ValidationError, KeyError, TypeError):
            errors[message_id] = MalformedError("not a packed bus entry")
            continue
        for fact in facts:
            if fact.order_id is not None:
                named[fact.order_id].append(message_id)
    found = orders.get_many(named) if named else {}
    for order_id, message_ids in named.items():
        if order_id not in found:
            errors.update(dict.fromkeys(message_ids, NotFoundError(f"there is no order {order_id}")))
            continue
        try:
            _release_for(found[order_id], desk)
        except TransientError as error:
            errors.update(dict.fromkeys(message_ids, error))
    return errors


def _release_for(order: Order, desk: ReservationDesk) -> None:
    reason = _REASONS.get(order.status)
    if reason is None or order.reservation_id is None:
        return
    found = desk.store.find(order.reservation_id)
    # The cart may have come back since, for another order: then the units are not this one's any more.
    if found is None or not found.live or found.channel != order.channel or found.since > order.submitted_at:
        return
    try:
        release(order.reservation_id, reason=reason, by=BY, desk=desk)
    except StateError:  # committed to another order meanwhile: nothing is left to give back
        return
