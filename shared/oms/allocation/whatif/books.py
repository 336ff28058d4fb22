"""The stock of both courses of events: what the journal moves in each, and what the tried one takes instead. Pure.

In the tried course the units that an order was given are not taken where they were; they are taken where the strategy
takes them, and come back from there when the order gives them back. The same goes for transfers that were asked for
for an order. What waits is served when it was served as it went, as far as the tried course has the units there.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from oms.allocation.planned import Planned
from oms.allocation.whatif.first import First
from oms.allocation.whatif.model import Spot, State
from oms.inventory.model import Change, Entry, Position, PositionKey, Posting
from oms.inventory.own import as_channel_sees
from oms.orders.bundles import on_the_shelf

Course = Literal["happened", "tried"]
_OF_ORDERS = ("committed", "released")


def picture(state: State, skus: Iterable[str], channel: str, course: Course) -> Mapping[PositionKey, Position]:
    """What is there in a course for whoever buys in the channel: own units of other channels are not."""
    there = {
        (sku, place): Position(sku, place, getattr(spot, course), 0, 0, channels=spot.channels)
        for sku in skus
        for place, spot in state.spots.get(sku, {}).items()
    }
    return as_channel_sees(channel, there)


def expect(state: State, first: First) -> None:
    """Say whose the movements are that belong to an order's first decision, or to transfers for it."""
    state.asked.update(dict.fromkeys(first.refs, first.order.id))
    instead = {
        row.sku: line.sku
        for record in first.again
        for row in record.shipped
        for line in first.order.lines
        if line.number == row.line and line.sku != row.sku
    }
    if instead:
        state.instead.setdefault(first.order.id, {}).update(instead)


def take(state: State, first: First, found: Planned) -> None:
    """Take what the tried strategy takes: what ships, and what it has sent elsewhere; the rest waits."""
    order_id, lines = first.order.id, {line.number: line for line in first.order.lines}
    state.taken.setdefault(order_id, {})
    sent: dict[int, int] = {}
    for one in found.plan.takes:
        for sku, units in one.of_shelf(lines[one.number]).items():
            _taken(state, order_id, sku, one.location, units)
        if one.sku != lines[one.number].sku:
            state.instead.setdefault(order_id, {})[one.sku] = lines[one.number].sku
    for wish in found.fell.wishes:
        _taken(state, order_id, wish.sku, wish.source, wish.units)
        sent[wish.number] = sent.get(wish.number, 0) + wish.units
    for number, units in found.plan.backordered.items():
        for sku, waiting in on_the_shelf(lines[number], units - sent.get(number, 0)).items():
            _wait(state, order_id, sku, waiting)


def by_order(state: State, entry: Entry) -> dict[str, list[Posting]]:
    """The movements of an entry by what they are for; those of transfers by the order that asked for them."""
    found: dict[str, list[Posting]] = {}
    for posting in entry.postings:
        ref = posting.ref or ""
        found.setdefault(state.asked.get(ref, ref), []).append(posting)
    return found


def apply(state: State, posting: Posting, *, replaced: Collection[str]) -> None:
    """Move both stocks by one movement. `replaced`: orders whose first decision it belongs to."""
    spot = _spot(state, posting.sku, posting.location)
    if spot is None or posting.version > spot.version:
        return
    units, ref = available_by(posting.change), posting.ref or ""
    spot.happened += units
    order_id = state.asked.get(ref, ref)
    if order_id not in state.taken or (ref not in state.asked and posting.kind not in _OF_ORDERS):
        spot.tried += units
    elif posting.kind == "released":
        _give_back(state, order_id, posting, units)
    elif ref not in state.asked and ref not in replaced:
        _serve(state, order_id, posting, -units)


def rewound(state: State, entry: Entry) -> None:
    """Undo an entry in the stock as it was read."""
    for posting in entry.postings:
        spot = _spot(state, posting.sku, posting.location)
        if spot is not None and posting.version <= spot.version:
            units = available_by(posting.change)
            spot.happened -= units
            spot.tried -= units


def available_by(change: Change) -> int:
    """By how much what may be taken moves (`oms.inventory.model.Position.available`)."""
    kept = change.committed + change.reserved + change.safety_stock + change.damaged + change.quality_control
    return change.on_hand - kept


def _serve(state: State, order_id: str, posting: Posting, units: int) -> None:
    """A later decision about the order: it gets what it still waits for, if that is there."""
    name = _as_ordered(state, order_id, posting.sku)
    there = state.spots[posting.sku][posting.location].tried
    got = max(min(units, state.waits.get(order_id, {}).get(name, 0), there), 0)
    if got:
        _taken(state, order_id, posting.sku, posting.location, got)
        _wait(state, order_id, name, -got)


def _give_back(state: State, order_id: str, posting: Posting, units: int) -> None:
    """What comes back lies where the tried course took it; should the order be sourced again, it waits for as much."""
    name, own = _as_ordered(state, order_id, posting.sku), state.taken[order_id]
    rows = [
        (sku != posting.sku, place != posting.location, sku, place)
        for sku, places in own.items()
        if _as_ordered(state, order_id, sku) == name
        for place in places
    ]
    for _, _, sku, place in sorted(rows):
        spot, back = _spot(state, sku, place), min(own[sku][place], units)
        if spot is not None and back > 0:
            spot.tried += back
            own[sku][place] -= back
            units -= back
            _wait(state, order_id, name, back)


def _as_ordered(state: State, order_id: str, sku: str) -> str:
    """What a substitute is sent instead of."""
    return state.instead.get(order_id, {}).get(sku, sku)


def _taken(state: State, order_id: str, sku: str, location: str, units: int) -> None:
    spot = _spot(state, sku, location)
    if spot is not None:
        spot.tried -= units
        places = state.taken[order_id].setdefault(sku, {})
        places[location] = places.get(location, 0) + units


def _wait(state: State, order_id: str, sku: str, units: int) -> None:
    if units:
        waits = state.waits.setdefault(order_id, {})
        waits[sku] = waits.get(sku, 0) + units


def _spot(state: State, sku: str, location: str) -> Spot | None:
    return state.spots.get(sku, {}).get(location)
