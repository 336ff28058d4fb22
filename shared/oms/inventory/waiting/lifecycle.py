"""What becomes of an order's units that have no stock: only while they wait do they have a place in a line."""

from oms.orders.lifecycle import Transition

WAITING: tuple[Transition, ...] = (
    Transition("open", "join", "waiting"),
    Transition("waiting", "promise_anew", "waiting"),
    Transition("waiting", "serve_a_part", "waiting"),
    Transition("waiting", "serve", "allocated"),
    Transition("waiting", "cancel", "cancelled"),
    Transition("allocated", "give_back", "open"),
)
