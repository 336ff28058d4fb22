"""The first promise, and the choice of a carrier service. Booking is in `booking.py`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.errors import RejectedError
from oms.orders.model import Content, Destination, Promise
from oms.orders.store import OrderStore
from oms.orders.workload.rules import begins_at
from oms.reference.model import Location
from oms.shipping import rules
from oms.shipping.model import Carrier, Choice, Lane, RateCard, Selection, Shipper, Size
from oms.shipping.store import ShippingStore

TYPICAL = Size(weight_g=1_000, length_mm=300, width_mm=200, height_mm=120)


class PlannedParcel(Size):
    """A parcel as planned: what is in it, and its size."""

    contents: tuple[Content, ...]


class SelectTask(BaseModel):
    """What the workflow's document says when a carrier is to be chosen."""

    model_config = ConfigDict(frozen=True)
    order_id: str
    fulfillment_order_id: str
    location: str
    destination: Destination
    residential: bool = True
    promised_on: date | None = None
    works_on: str | None = None  # the day of its location that it was counted on, where days are counted
    parcels: tuple[PlannedParcel, ...] = Field(min_length=1)

    @property
    def lane(self) -> Lane:
        return Lane(self.destination.country, self.destination.postal_area, self.residential)


class Selected(BaseModel):
    """What SelectCarrier adds to the document."""

    outcome: str = "selected"
    choices: tuple[Choice, ...]


class Desk(NamedTuple):
    """What booking works with, bound in the wiring."""

    orders: OrderStore
    store: ShippingStore
    cards: Mapping[str, RateCard]
    locations: Mapping[str, Location]
    shipper: Shipper
    carrier_of: Callable[[RateCard], Carrier]


def served_countries(cards: Iterable[RateCard]) -> frozenset[str]:
    """Every country that some service goes to."""
    return frozenset(place[:2] for card in cards for service in card.services for place in service.zones)


def first_promise(
    destination: Destination,
    lines: Mapping[str, int],
    stock: Mapping[str, Mapping[str, int]],
    at: datetime,
    *,
    cards: Iterable[RateCard],
    locations: Mapping[str, Location],
) -> Promise:
    """The delivery window to tell at intake; empty when there is no stock, or no service goes there.

    Args:
        destination: country and postal area.
        lines: units by SKU.
        stock: available units by SKU and location.
        at: when the order came in.
        cards: all rate cards.
        locations: all locations.
    """
    lane = Lane(destination.country, destination.postal_area)
    candidates = rules.candidates_for(lines, stock, locations, lane)
    window = rules.first_window(cards, candidates, lane, at, TYPICAL)
    if window is None:
        return Promise()
    return Promise(earliest_on=window.earliest_on.isoformat(), latest_on=window.latest_on.isoformat())


def select_carrier(task: SelectTask, desk: Desk, at: datetime) -> Selected:
    """One carrier service for all parcels of the fulfillment order.

    Raises:
        RejectedError: nobody carries it (code `no_carrier_service`); the message is the decision record.
    """
    return Selected(choices=select_for(task, desk, at, frozenset()).choices)


def select_for(task: SelectTask, desk: Desk, at: datetime, full: frozenset[tuple[str, str, str]]) -> Selection:
    """The choice, without services whose day is `full`; work that is planned for a later day leaves after it begins."""
    location = desk.locations[task.location]
    at = begins_at(location, task.works_on, at) if task.works_on is not None else at
    selection = rules.select_service(
        task.parcels,
        desk.cards.values(),
        location=location,
        lane=task.lane,
        promised_on=task.promised_on,
        at=at,
        full=full,
        quoter=lambda card: desk.carrier_of(card).quote,
    )
    if selection.outcome == "none":
        raise RejectedError(
            f"no carrier service from {task.location} to {task.lane.country}: {'; '.join(selection.decision)[:500]}",
            code="no_carrier_service",
        )
    return selection
