"""The states of a transfer, and what takes it from one to another: they follow from its units (`rules.status_of`)."""

from oms.orders.lifecycle import Transition

TRANSFER: tuple[Transition, ...] = (
    Transition("draft", "edit", "draft"),
    Transition("draft", "ready", "ready_to_ship"),
    Transition("draft", "cancel", "cancelled"),
    Transition("ready_to_ship", "redate", "ready_to_ship"),
    Transition("ready_to_ship", "ship", "in_transit"),
    Transition("ready_to_ship", "cancel", "cancelled"),
    Transition("in_transit", "redate", "in_transit"),
    Transition("in_transit", "ship", "in_transit"),
    Transition("in_transit", "cancel_rest", "in_transit"),
    Transition("in_transit", "receive", "partially_received"),
    Transition("in_transit", "receive_all", "received"),
    Transition("partially_received", "redate", "partially_received"),
    Transition("partially_received", "ship", "partially_received"),
    Transition("partially_received", "receive", "partially_received"),
    Transition("partially_received", "receive_all", "received"),
    Transition("partially_received", "cancel_rest", "partially_received"),
    Transition("partially_received", "cancel_rest", "received"),
    Transition("received", "receive_over", "received"),
)
