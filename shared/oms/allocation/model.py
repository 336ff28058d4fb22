"""Requests for stock, and what a cancellation answers."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from oms.events.fact import Fact
from oms.kernel.errors import MalformedError
from oms.kernel.text import Remark
from oms.orders.goods import MAX_LINES
from oms.orders.model import Value

FIRST = "OrderConfirmed"
AGAIN = ("OrderReallocationRequested", "FulfillmentOrderRejected", "FulfillmentOrderShorted")


@dataclass(frozen=True)
class AllocationRequest:
    """Units of one order wait for stock. `messages` are the ids of the queue messages that said so.

    `excluded` locations are not asked again; `again` says that the order was allocated before, so that its
    fulfillment orders must be looked at. `tries` counts lost races, `own` those that its own items lost. `in_line`:
    nobody asked, it stands in line and there is stock.
    """

    order_id: str
    messages: frozenset[str]
    excluded: frozenset[str] = frozenset()
    again: bool = False
    refused: bool = False
    tries: int = 0
    own: int = 0
    in_line: bool = False

    def merged(self, other: "AllocationRequest") -> "AllocationRequest":
        """Two requests for one order are one."""
        return AllocationRequest(
            self.order_id,
            self.messages | other.messages,
            self.excluded | other.excluded,
            self.again or other.again,
            self.refused or other.refused,
        )


def request_from(fact: Fact, message_id: str) -> AllocationRequest:
    """The request that a fact makes.

    Raises:
        MalformedError: a fact that asks for no stock.
    """
    if fact.order_id is None or fact.type not in (FIRST, *AGAIN):
        raise MalformedError(f"{fact.type} asks for no stock", code="malformed")
    excluded = set(fact.data.get("excluded_locations", []))
    refused = fact.type in ("FulfillmentOrderRejected", "FulfillmentOrderShorted")
    if refused:
        excluded.add(fact.data["location"])
    return AllocationRequest(
        fact.order_id, frozenset({message_id}), frozenset(excluded), again=fact.type in AGAIN, refused=refused
    )


class CancelledLine(BaseModel):
    """Units of one line that are not wanted any more."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    number: Annotated[int, Field(ge=1, le=MAX_LINES)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


class CancelOrder(BaseModel):
    """Why, and how much: all that can be, or units of `lines`. `note` is shown in the timeline: no personal data."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reason: Literal["customer_request", "payment_failed", "fraud", "out_of_stock", "duplicate", "other"]
    note: Remark | None = None
    lines: Annotated[list[CancelledLine], Field(min_length=1, max_length=MAX_LINES)] | None = None

    @field_validator("lines")
    @classmethod
    def _each_line_once(cls, lines: list[CancelledLine] | None) -> list[CancelledLine] | None:
        if lines and len({line.number for line in lines}) < len(lines):
            raise ValueError("a line is named twice")
        return lines

    @property
    def units(self) -> dict[int, int]:
        return {line.number: line.quantity for line in self.lines or ()}


class Cancellation(Value):
    """What became of the order; a function of its state, so asking twice answers the same."""

    order_id: str
    status: str
    cancelled_units: int
    remaining_units: int
