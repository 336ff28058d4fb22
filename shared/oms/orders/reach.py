"""How far an order's work has come, and what of it can still be taken back. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES, LIVE_ORDER_STATES
from oms.orders.model import FulfillmentOrder, Line, Order, Parcel
from oms.orders.store import OrderTree

UNRELEASED = ("open", "booked")  # the location does not know of it yet
RECALLABLE = (*UNRELEASED, "requested", "accepted")  # least far first
_UNSEEN = "pre_transit"


def recallable(
    tree: OrderTree, parcels: Mapping[str, Parcel], states: tuple[str, ...] = RECALLABLE
) -> list[FulfillmentOrder]:
    """Work that nobody has begun, least far first.

    A parcel that its carrier has scanned is on its way, whatever its location has said so far: its units do not go back
    on the shelf.
    """
    works = [work for work in tree.fulfillment_orders if work.status in states and not _scanned(work, parcels)]
    return sorted(works, key=lambda work: RECALLABLE.index(work.status))


def _scanned(work: FulfillmentOrder, parcels: Mapping[str, Parcel]) -> bool:
    own = [parcels[key] for key in work.parcel_ids if key in parcels]
    return any(parcel.status != "voided" and parcel.tracking_status != _UNSEEN for parcel in own)


def free_units(tree: OrderTree, parcels: Mapping[str, Parcel], states: tuple[str, ...] = RECALLABLE) -> dict[int, int]:
    """Units by line number that are not being picked and have not shipped: those that can still be taken off."""
    units = Counter({line.number: line.open + line.backordered for line in tree.order.lines})
    for work in recallable(tree, parcels, states):
        units.update(units_of(work))
    return {number: count for number, count in units.items() if count}


def units_of(work: FulfillmentOrder) -> dict[int, int]:
    """Units by line number that a fulfillment order still holds."""
    units: Counter[int] = Counter()
    for line in work.lines:
        units[line.number] += line.quantity - line.short - line.shipped
    return dict(units)


class Sources(NamedTuple):
    """Where units come from that are taken off: works to take back whole, and so many units of lines that wait."""

    works: tuple[FulfillmentOrder, ...]
    queued: tuple[tuple[Line, int], ...]


def sources_of(
    tree: OrderTree,
    parcels: Mapping[str, Parcel],
    units: Mapping[int, int],
    states: tuple[str, ...] = RECALLABLE,
) -> Sources:
    """Where these units by line number come from, those first that cost least.

    Open ones cost nothing; then those that wait for stock; then works, least far first.
    """
    queued: list[tuple[Line, int]] = []
    left: dict[int, int] = {}
    for line in tree.order.lines:
        rest = max(units.get(line.number, 0) - line.open, 0)
        waiting = min(rest, line.backordered)
        if waiting:
            queued.append((line, waiting))
        if rest - waiting:
            left[line.number] = rest - waiting
    works: list[FulfillmentOrder] = []
    for work in recallable(tree, parcels, states):
        held = units_of(work)
        if any(held.get(number, 0) for number, missing in left.items() if missing > 0):
            left = {number: missing - held.get(number, 0) for number, missing in left.items()}
            works.append(work)
    return Sources(tuple(works), tuple(queued))


def busy_at(tree: OrderTree, parcels: Mapping[str, Parcel], states: tuple[str, ...] = RECALLABLE) -> list[str]:
    """Locations with live work that cannot be taken back."""
    free = {work.id for work in recallable(tree, parcels, states)}
    works = [work for work in tree.fulfillment_orders if work.status in LIVE_FULFILLMENT_STATES]
    return sorted({work.location for work in works if work.id not in free})


def is_live(order: Order) -> bool:
    """Not ended."""
    return order.status in LIVE_ORDER_STATES
