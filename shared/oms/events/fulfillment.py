"""What a location is asked to do, and what it answers."""

from typing import ClassVar

from oms.events.fact import ON_ACCOUNT, FactData


class _FulfillmentFact(FactData):
    SOURCE: ClassVar[str] = "baton.fulfillment"
    order_id: str
    fulfillment_order_id: str
    location: str

    def route(self) -> str | None:
        return self.location


class FulfillmentOrderBooked(_FulfillmentFact):
    """Parcels are planned and labels bought."""

    parcel_ids: list[str]
    carrier: str
    service: str
    cost_minor: int
    currency: str


class FulfillmentOrderReleased(_FulfillmentFact):
    """The location may start: the message that lands on its queue. The packing list is fetched by parcel id."""

    parcel_ids: list[str]
    lines: list[dict[str, str | int | dict[str, int]]]
    ship_by: str


class FulfillmentOrderWithdrawn(_FulfillmentFact):
    """The location must stop (workflow undone, order cancelled)."""

    reason: str


class FulfillmentOrderReminded(_FulfillmentFact):
    """The location has been silent for too long and is asked again."""

    round: int


class FulfillmentOrderAccepted(_FulfillmentFact):
    """The location took the work."""


class FulfillmentOrderRejected(_FulfillmentFact):
    """The location refused; its units go back and are sourced again elsewhere."""

    reason: str
    attempt: int


class FulfillmentOrderPicked(_FulfillmentFact):
    """Units left the shelf."""

    units: int


class FulfillmentOrderShorted(_FulfillmentFact):
    """Fewer units were found than the books say; the rest is sourced again elsewhere."""

    missing: dict[str, int]
    attempt: int


class FulfillmentOrderPacked(_FulfillmentFact):
    """Parcels are closed."""

    units: int


class FulfillmentOrderShipped(_FulfillmentFact):
    """The carrier has the parcels; stock has left the books. With `account_id` it is to be billed."""

    units: int
    parcel_ids: list[str]
    account_id: str | None = None

    def route(self) -> str | None:
        return ON_ACCOUNT if self.account_id else super().route()


class FulfillmentOrderParked(_FulfillmentFact):
    """The workflow could not go on; a person must look."""

    reason: str
