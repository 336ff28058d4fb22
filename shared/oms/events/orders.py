"""What the order says of itself."""

from typing import ClassVar

from oms.events.fact import ON_ACCOUNT, FactData


class _OrderFact(FactData):
    SOURCE: ClassVar[str] = "baton.orders"
    order_id: str


class OrderSubmitted(_OrderFact):
    """An order came in and is stored; it may still be on hold."""

    channel: str
    external_order_id: str
    currency: str
    total_minor: int
    holds: list[str]


class OrderHeld(_OrderFact):
    """A hold was put on the order; `blocks` names the steps that wait."""

    hold_id: str
    reason: str
    blocks: list[str]


class OrderHoldReleased(_OrderFact):
    """A hold was taken away."""

    hold_id: str
    reason: str


class OrderHoldOverdue(_OrderFact):
    """Time is up for a hold, and it stays: its owner must act."""

    hold_id: str
    reason: str
    owner: str


class OrderConfirmed(_OrderFact):
    """All checks passed: stock may be allocated."""

    attempt: int


class OrderReallocationRequested(_OrderFact):
    """Units of the order need another place to ship from (rejected, short, or back in stock)."""

    attempt: int
    excluded_locations: list[str]


class OrderAllocated(_OrderFact):
    """Stock was taken; each fulfillment order is one location's share."""

    attempt: int
    fulfillment_order_ids: list[str]


class OrderBackordered(_OrderFact):
    """Some units wait for stock."""

    attempt: int
    units: dict[str, int]


class OrderSubstituted(_OrderFact):
    """Units are sent as another article, at the price of the line: (line, SKU ordered, SKU sent, units)."""

    attempt: int
    units: tuple[tuple[int, str, str, int], ...]


class OrderPromiseChanged(_OrderFact):
    """Another delivery window is promised than before; none: no known supply covers the order."""

    reason: str
    earliest_on: str | None
    latest_on: str | None
    was_earliest_on: str | None
    was_latest_on: str | None


class OrderRejected(_OrderFact):
    """The order was refused for good."""

    reason: str


class OrderCancelled(_OrderFact):
    """The units that had not shipped were cancelled."""

    reason: str
    units: int


class OrderChangeRequested(_OrderFact):
    """A change set waits for a decision."""

    change_id: str
    kinds: list[str]
    expires_at: str


class OrderChanged(_OrderFact):
    """The order was changed: units by line number, and what it is worth now. No change set: its channel said so."""

    change_id: str | None
    kinds: list[str]
    units: dict[str, int]
    difference_minor: int
    total_minor: int


class OrderChangeClosed(_OrderFact):
    """A change set was not made: `declined` or `expired`. The order is as it was."""

    change_id: str
    outcome: str


class OrderCompleted(_OrderFact):
    """Every unit was delivered or cancelled."""

    delivered_units: int
    on_time: bool | None
    account_id: str | None = None

    def route(self) -> str | None:
        return ON_ACCOUNT if self.account_id else super().route()


class OrderUpdated(_OrderFact):
    """The channel says something new of the order, and it was taken over: `changed` names the parts.

    Parts: `goods`, `person`, `payment`, `delivery`.
    """

    changed: list[str]
    payment_status: str


class RefundReported(_OrderFact):
    """The channel gave money back; `units` by its own line id, where it says for which."""

    refund_id: str
    amount_minor: int
    currency: str
    units: dict[str, int]
