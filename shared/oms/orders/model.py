"""The order aggregate: header with lines and holds, fulfillment orders (one per location and attempt), parcels.

Each of the three is one item with its own version and its own gapless sequence of facts. A change makes a new value by
`changed(...)`, which also writes the log row and the fact; the store writes state and fact in the same item.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from oms.events.fact import Fact, FactData, envelope
from oms.kernel.cards import redact
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.bundles import Components
from oms.orders.lifecycle import TERMINAL_ORDER_STATES
from oms.orders.workload.model import Counted
from oms.reference.model import MOST_URGENT

Count = Annotated[int, Field(ge=0)]
Priority = Annotated[int, Field(ge=0, le=MOST_URGENT)]


class Value(BaseModel):
    """Immutable, and nothing undeclared gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class LogRow(Value):
    """One row of the timeline: the I18 of the domain (actor, reason, cause, UTC time, version)."""

    v: int
    at: str
    what: str
    by: str
    why: str | None = None


class Aggregate(Value):
    """A thing that is written as a whole, under a version, together with the facts of that write."""

    version: int = 0
    log: tuple[LogRow, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def of_order(self) -> str | None:
        raise NotImplementedError

    def changed(
        self,
        *said: FactData,
        at: datetime,
        by: str,
        why: str | None = None,
        what: str | None = None,
        **changes: Any,
    ) -> Self:
        """The next version of this value, carrying the facts of this one change (and no older ones).

        Args:
            said: the facts; they share the new version as their sequence, in the order given.
            at: when (UTC).
            by: who: `system:<use case>`, `user:<id>`, `channel:<name>`, `location:<id>`, `carrier:<name>`.
            why: reason, coded or in somebody's words; a card number in it is cut down.
            what: the log word when there is no fact.
            changes: fields to replace.
        """
        version = self.version + 1
        now = to_text(at)
        facts = tuple(
            envelope(fact, self.subject, self.of_order, version, place, now) for place, fact in enumerate(said)
        )
        word = what or "+".join(fact.type for fact in facts)
        row = LogRow(v=version, at=now, what=word, by=by, why=redact(why) if why else None)
        return self.model_copy(update={**changes, "version": version, "log": (*self.log, row), "facts": facts})


class Line(Value):
    """Units of one SKU. Each unit is in exactly one bucket: quantity = open + backordered + allocated + cancelled.

    `allocated` units belong to fulfillment orders, whose own counters say how far they are. `waits_at` is the location
    whose books carry the backordered units, so that its reorder point sees them. `components` are those of a bundle.
    `supply_on` is the date from which stock is promised to the units that wait, or `unknown`: their place in line.
    `transfers` are those that were asked for so that units that wait can ship. They wait since `waits_since`; what
    still waits at `give_up_at` is cancelled.
    """

    number: int
    sku: str
    quantity: Annotated[int, Field(gt=0)]
    unit_price_minor: Count
    discount_minor: Count = 0
    tax_minor: Count = 0
    external_line_id: str | None = None
    open: Count = 0
    backordered: Count = 0
    allocated: Count = 0
    cancelled: Count = 0
    waits_at: str | None = None
    supply_on: str | None = None
    components: Components = ()
    transfers: tuple[str, ...] = ()
    give_up_at: str | None = None
    waits_since: str | None = None

    def gives_up(self, now: str) -> bool:
        """Whether what waits has waited long enough; `now` as `oms.kernel.time.to_text`."""
        return self.backordered > 0 and self.give_up_at is not None and self.give_up_at <= now


class Hold(Value):
    """Why something waits. `blocks` names lifecycle events; an open hold refuses them, and nothing else.

    `owner` is the role that must act, `release_by` the roles that may let it go. At `expires_at` happens `on_expiry`:
    `release`, `cancel`, or `escalate` (it stays, and is `overdue`).
    """

    id: str
    reason: str
    blocks: tuple[str, ...]
    opened_at: str
    note: str | None = None
    owner: str = "operator"
    release_by: tuple[str, ...] = ("operator",)
    expires_at: str | None = None
    on_expiry: str = "escalate"
    overdue: bool = False


class OpenChange(Value):
    """The change set that waits for a decision, until it expires: at most one at a time (domain I20)."""

    id: str
    expires_at: str


class CheckFinding(Value):
    """What a check found without refusing the order: no personal data.

    `effect` is what it did: `hold`, `inform`; or what a draft would do: `draft_reject`, `draft_hold`, `draft_inform`.
    """

    check: str
    effect: str
    message: str
    field: str | None = None


class Destination(Value):
    """Where to, without the person: country and postal code area (first characters only)."""

    country: str
    postal_area: str


class Promise(Value):
    """Delivery window in dates of the destination; None means no date can be promised yet."""

    earliest_on: str | None = None
    latest_on: str | None = None


class Reserving(Value):
    """How far a giant order has its stock: `done` steps `of` so many. Until the last one no location is told of it."""

    attempt: int
    done: Count
    of: Count


class FirstAnswer(Value):
    """What the sender was told when the order came in: the same for every repeat, however far the order has got."""

    status: str
    promise: Promise
    holds: tuple[tuple[str, str], ...] = ()
    backorder_expected: bool = False


class RequestedDelivery(Value):
    """What the channel promised the buyer: its name of the service, and the latest instants (UTC)."""

    service: str | None = None
    ship_by: str | None = None
    deliver_by: str | None = None
    pickup_location: str | None = None


class Order(Aggregate):
    """The header: what was ordered, for whom (a reference), where to, how far.

    `external_version` is the sender's version of the order that we know: an older message changes nothing.
    `person_hash` is a keyed hash of the personal data in the sender's last word, `goods_hash` and `delivery_hash` are
    hashes of its lines and sums and of its delivery: they tell what the sender changed from what we did.
    Prices are without tax unless `taxes_included`; `tax_minor` is all tax of the order, on lines and on shipping. The
    amounts are those of the units that are not cancelled (`oms.orders.amounts`).
    `reservation_id` is the reservation whose units are this order's, if they are still kept when it is allocated.
    `decided_in` names the records of the decisions about its locations. `kept_to`: locations that no other may join.
    `accepts_substitutes`: what the buyer said of them; None: nothing, the rule decides. `priority`: 9 is most urgent.
    `cancelling` is why the whole order was cancelled while locations were at work: what they give back is not wanted.
    """

    id: str
    channel: str
    external_order_id: str
    status: str
    currency: str
    lines: tuple[Line, ...]
    shipping_minor: Count
    discount_minor: Count = 0
    tax_minor: Count = 0
    total_minor: Count
    person_id: str
    account_id: str | None = None
    destination: Destination
    promise: Promise
    holds: tuple[Hold, ...] = ()
    submitted_at: str
    entered_at: str
    watch_at: str
    attempt: int = 1
    parcels_total: Count = 0
    parcels_delivered: Count = 0
    body_hash: str
    person_hash: str | None = None
    goods_hash: str | None = None
    delivery_hash: str | None = None
    taxes_included: bool = False
    first_answer: FirstAnswer | None = None
    external_number: str | None = None
    external_version: str | None = None
    placed_at: str | None = None
    payment_status: str = "none"
    payment_method: str | None = None
    delivery: RequestedDelivery | None = None
    accepts_substitutes: bool | None = None
    priority: Priority = 0
    change: OpenChange | None = None
    cancelling: str | None = None
    reserving: Reserving | None = None
    reservation_id: str | None = None
    decided_in: tuple[str, ...] = ()
    kept_to: tuple[str, ...] = ()
    findings: tuple[CheckFinding, ...] = ()

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> str:
        return self.id

    def rearmed(self, watch_at: datetime) -> Self:
        """The next version, to be looked at by `watch_at`: no fact and no log row, for nothing happened."""
        return self.model_copy(update={"watch_at": to_text(watch_at), "version": self.version + 1, "facts": ()})

    def blocked_by(self, event: str) -> Hold | None:
        """The first open hold that refuses `event`, if any."""
        return next((hold for hold in self.holds if event in hold.blocks), None)

    @property
    def ends_at(self) -> str | None:
        """When the time of a hold, of units that wait or of the open change set (at the order's end, too) is up."""
        if self.change is not None and self.status in TERMINAL_ORDER_STATES:
            return self.entered_at
        ends = [hold.expires_at for hold in self.holds if hold.expires_at and not hold.overdue]
        ends += [line.give_up_at for line in self.lines if line.backordered and line.give_up_at]
        return min([*ends, *([self.change.expires_at] if self.change else [])], default=None)

    @property
    def look_at(self) -> str:
        """When somebody must look: the watchdog's own deadline, or the end of something before it."""
        return min(self.watch_at, self.ends_at or self.watch_at)

    @property
    def units_allocated(self) -> int:
        return sum(line.allocated for line in self.lines)

    @property
    def units_waiting(self) -> int:
        return sum(line.open + line.backordered for line in self.lines)


class FulfillmentLine(Value):
    """One order line's share at one location. Units shipped were picked before; `short` units were not found.

    Of a bundle all counts are bundles; `components` say what is picked. `lots` and
    `serials` are those that the location says to have taken. `instead_of`: what was ordered, of a substitute.
    """

    number: int
    sku: str
    quantity: Annotated[int, Field(gt=0)]
    picked: Count = 0
    packed: Count = 0
    shipped: Count = 0
    short: Count = 0
    components: Components = ()
    lots: tuple[tuple[str, int], ...] = ()
    serials: tuple[str, ...] = ()
    instead_of: str | None = None


class FulfillmentOrder(Aggregate):
    """One location's work for one order. While it is live, its lines are the committed reservation of that stock."""

    id: str
    order_id: str
    location: str
    attempt: int
    status: str
    lines: tuple[FulfillmentLine, ...]
    parcel_ids: tuple[str, ...] = ()
    carrier: str | None = None
    service: str | None = None
    cost_minor: Count = 0
    currency: str
    entered_at: str
    account_id: str | None = None
    ship_by: str | None = None
    counted: Counted | None = None  # None: its location takes any number
    supplier: str | None = None  # who ships it for us
    reminders: Count = 0
    short_picks: tuple[str, ...] = ()  # ids of the confirmations that said so: each takes units away once

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> str:
        return self.order_id


def fulfillment_order_id(order_id: str, attempt: int, location: str, part: int = 0) -> str:
    """A location's work for an order has one id per attempt, known before it is there; further parts if it is large."""
    return derive_id("ful", order_id, str(attempt), location, *([str(part)] if part else []))


class Content(Value):
    """Units of one line in one parcel."""

    number: int
    sku: str
    quantity: Annotated[int, Field(gt=0)]


class Scan(Value):
    """One carrier status event, normalised; `code` is the carrier's own word when it was another."""

    id: str
    status: str
    at: str
    incident: str | None = None
    place: str | None = None
    code: str | None = None


class Parcel(Aggregate):
    """One box with one label. `tracking_status` is a function of the sorted set of scans, never of the last message."""

    id: str
    order_id: str
    fulfillment_order_id: str
    location: str
    carrier: str
    service: str
    tracking_number: str
    label_number: str
    sscc: str
    cost_minor: Count
    currency: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    contents: tuple[Content, ...]
    status: str
    tracking_status: str = "pre_transit"
    scans: tuple[Scan, ...] = ()
    promised_on: str | None = None
    decision: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> str:
        return self.order_id
