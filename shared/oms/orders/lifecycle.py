"""States and transitions as data. Nothing moves that is not listed here; the drawing in the docs is made from it.

`MAX_DWELL` is how long a state may last before the watchdog acts (domain I21). Defaults, not laws: u = our estimate.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from oms.kernel.errors import StateError, Why


class Transition(NamedTuple):
    """`event` takes a thing from `before` to `after`."""

    before: str
    event: str
    after: str


ORDER: tuple[Transition, ...] = (
    Transition("submitted", "hold", "validating"),
    Transition("submitted", "confirm", "confirmed"),
    Transition("submitted", "cancel", "cancelled"),
    Transition("validating", "confirm", "confirmed"),
    Transition("validating", "reject", "rejected"),
    Transition("validating", "cancel", "cancelled"),
    Transition("confirmed", "allocate", "in_fulfillment"),
    Transition("confirmed", "backorder", "confirmed"),
    Transition("confirmed", "cancel", "cancelled"),
    Transition("in_fulfillment", "allocate", "in_fulfillment"),
    Transition("in_fulfillment", "backorder", "in_fulfillment"),
    Transition("in_fulfillment", "unallocate", "confirmed"),
    Transition("in_fulfillment", "cancel", "cancelled"),
    Transition("in_fulfillment", "cancel_rest", "in_fulfillment"),
    Transition("in_fulfillment", "complete", "completed"),
)

FULFILLMENT_ORDER: tuple[Transition, ...] = (
    Transition("open", "book", "booked"),
    Transition("booked", "unbook", "open"),
    Transition("booked", "release", "requested"),
    Transition("requested", "withdraw", "booked"),
    Transition("requested", "accept", "accepted"),
    Transition("requested", "reject", "rejected"),
    Transition("accepted", "reject", "rejected"),
    Transition("requested", "pick", "in_progress"),
    Transition("accepted", "pick", "in_progress"),
    Transition("in_progress", "pick", "in_progress"),
    Transition("in_progress", "pack", "in_progress"),
    Transition("in_progress", "ship", "closed"),
    Transition("accepted", "short", "incomplete"),
    Transition("in_progress", "short", "incomplete"),
    Transition("incomplete", "short", "incomplete"),
    Transition("incomplete", "pick", "incomplete"),
    Transition("incomplete", "pack", "incomplete"),
    Transition("incomplete", "ship", "closed"),
    Transition("incomplete", "reject", "rejected"),
    Transition("open", "cancel", "cancelled"),
    Transition("booked", "cancel", "cancelled"),
    Transition("requested", "cancel", "cancelled"),
    Transition("accepted", "cancel", "cancelled"),
)

PARCEL: tuple[Transition, ...] = (
    Transition("label_purchased", "void", "voided"),
    Transition("label_purchased", "hand_over", "handed_over"),
    Transition("handed_over", "close", "closed"),
)

MAX_DWELL: Mapping[str, timedelta] = {
    "order.validating": timedelta(hours=24),
    "order.confirmed": timedelta(minutes=30),
    "order.backordered": timedelta(days=1),  # confirmed or in fulfillment; the units that wait have no stock
    "order.unsourced": timedelta(minutes=30),  # in fulfillment; units came back and have no location yet
    "order.in_fulfillment": timedelta(days=1),  # only when neither a location nor a carrier is at work
    "fulfillment_order.open": timedelta(minutes=15),
    "fulfillment_order.booked": timedelta(minutes=15),
    "fulfillment_order.requested": timedelta(hours=4),
    "fulfillment_order.accepted": timedelta(hours=24),
    "fulfillment_order.in_progress": timedelta(hours=24),
    "fulfillment_order.incomplete": timedelta(hours=24),
    "parcel.label_purchased": timedelta(days=2),
    "parcel.handed_over": timedelta(days=10),
}

LIVE_ORDER_STATES = ("validating", "confirmed", "in_fulfillment")
TERMINAL_ORDER_STATES = ("rejected", "cancelled", "completed")
LIVE_FULFILLMENT_STATES = ("open", "booked", "requested", "accepted", "in_progress", "incomplete")


# What must happen before anything else can be said of a fulfillment order in this state.
_AWAITED: Mapping[str, str] = {
    "open": "wait until its parcels are booked and it is released to the location: it is `requested` then",
    "booked": "wait until it is released to the location: it is `requested` then",
    "closed": "it has shipped: a return",
    "rejected": "the location gave it back: wait for the order to be sourced again",
    "cancelled": "nothing: the units are not wanted from this location any more",
}


def _not_moved(machine: tuple[Transition, ...], state: str, event: str) -> Why:
    now = sorted({row.event for row in machine if row.before == state})
    later = list(dict.fromkeys(row.before for row in machine if row.event == event))
    text = f"{event!r} is not possible while it is {state!r}, only while it is {' or '.join(later)}"
    if machine is FULFILLMENT_ORDER and state in _AWAITED:
        return Why(f"not_{event}", text, _AWAITED[state])
    return Why(f"not_{event}", text, f"now: {', '.join(now)}" if now else "nothing: it has ended")


def move(machine: tuple[Transition, ...], state: str, event: str) -> str:
    """The state after `event`.

    Raises:
        StateError: not listed; `why` says what would make it possible.
    """
    after = next((row.after for row in machine if row.before == state and row.event == event), None)
    if after is None:
        raise StateError.because(_not_moved(machine, state, event))
    return after


def check_listed(machine: tuple[Transition, ...], before: str, after: str) -> None:
    """Refuse a step that is not listed, of a thing whose state follows from what it holds.

    Raises:
        ValueError: nothing takes it from `before` to `after`: we have a bug.
    """
    if not any((row.before, row.after) == (before, after) for row in machine):
        raise ValueError(f"nothing takes it from {before!r} to {after!r}")
