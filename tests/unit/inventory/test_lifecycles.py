"""What is drawn in docs/lifecycles.md of stock is what the units and the code do."""

from typing import get_args

import pytest

from oms.inventory.reservations.lifecycle import RESERVATION
from oms.inventory.reservations.model import LIVE
from oms.inventory.reservations.model import Status as ReservationStatus
from oms.inventory.transfers.lifecycle import TRANSFER
from oms.inventory.transfers.model import ENDED, Status, TransferLine
from oms.inventory.transfers.rules import status_of
from oms.inventory.waiting.lifecycle import WAITING
from oms.inventory.waiting.rules import places_of
from oms.orders.lifecycle import Transition, check_listed
from oms.orders.model import Line
from tests.allocation_scene import confirmed_order

Units = tuple[int, int, int, int]  # committed, cancelled, shipped, received, of four units
STEPS: dict[tuple[str, str], tuple[Units, Units]] = {
    ("ready_to_ship", "redate"): ((4, 0, 0, 0), (4, 0, 0, 0)),
    ("ready_to_ship", "ship"): ((4, 0, 0, 0), (1, 0, 3, 0)),
    ("ready_to_ship", "cancel"): ((4, 0, 0, 0), (0, 4, 0, 0)),
    ("in_transit", "redate"): ((1, 0, 3, 0), (1, 0, 3, 0)),
    ("in_transit", "ship"): ((1, 0, 3, 0), (0, 0, 4, 0)),
    ("in_transit", "cancel_rest"): ((1, 0, 3, 0), (0, 1, 3, 0)),
    ("in_transit", "receive"): ((1, 0, 3, 0), (1, 0, 3, 3)),
    ("in_transit", "receive_all"): ((0, 0, 4, 0), (0, 0, 4, 4)),
    ("partially_received", "redate"): ((0, 0, 4, 2), (0, 0, 4, 2)),
    ("partially_received", "ship"): ((1, 0, 3, 3), (0, 0, 4, 3)),
    ("partially_received", "receive"): ((1, 0, 3, 1), (1, 0, 3, 3)),
    ("partially_received", "receive_all"): ((0, 0, 4, 2), (0, 0, 4, 4)),
    ("partially_received", "cancel_rest"): ((1, 0, 3, 3), (0, 1, 3, 3)),
    ("received", "receive_over"): ((0, 0, 4, 4), (0, 0, 4, 4)),
}


def state(units: Units) -> str:
    committed, cancelled, shipped, received = units
    line = TransferLine(
        sku="CUP", units=4, committed=committed, cancelled=cancelled, shipped=shipped, received=received
    )
    return status_of([line])


@pytest.mark.parametrize(("before", "event"), STEPS)
def test_the_state_of_a_transfer_follows_from_its_units(before: str, event: str) -> None:
    units, left = STEPS[before, event]
    assert state(units) == before
    assert Transition(before, event, state(left)) in TRANSFER


def test_no_step_of_a_transfer_is_missing_and_none_leaves_an_end() -> None:
    drawn = {(row.before, row.event) for row in TRANSFER if row.before != "draft"}
    assert drawn == set(STEPS)
    assert {name for row in TRANSFER for name in (row.before, row.after)} == set(get_args(Status))
    assert {row.after for row in TRANSFER if row.before in ENDED} <= set(ENDED)
    with pytest.raises(ValueError, match="nothing takes it from 'received' to 'draft'"):
        check_listed(TRANSFER, "received", "draft")


def test_a_reservation_lives_until_it_ends_and_only_who_asks_again_begins_anew() -> None:
    assert {name for row in RESERVATION for name in (row.before, row.after)} == set(get_args(ReservationStatus))
    ended = set(get_args(ReservationStatus)) - set(LIVE)
    assert {(row.event, row.after) for row in RESERVATION if row.before in ended} == {("ask_again", "created")}
    assert {row.after for row in RESERVATION if row.before in LIVE} == {*LIVE, *ended}


def test_units_have_a_place_in_line_exactly_while_they_wait() -> None:
    whole = {"open": {}, "waiting": {"backordered": 2, "waits_at": "ber-1", "supply_on": "2026-12-01"}}
    whole |= {"allocated": {"allocated": 2}, "cancelled": {"cancelled": 2}}
    assert whole.keys() == {name for row in WAITING for name in (row.before, row.after)}
    for name, changes in whole.items():
        order = confirmed_order("ord_1", {"CUP": 2})
        (line,) = order.lines
        if changes:
            line = Line.model_validate({**line.model_dump(), "open": 0, **changes})
        places = places_of(order.model_copy(update={"lines": (line,)}))
        assert bool(places) == (name == "waiting"), name
