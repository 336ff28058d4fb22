"""Put a hold on an order: the same for everybody who does, and once per cause."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from oms.events.orders import OrderHeld
from oms.kernel.cards import redact
from oms.kernel.ids import derive_id
from oms.kernel.text import Instant, Remark
from oms.kernel.time import from_text, to_text
from oms.orders.model import Hold, Order


class HoldSpec(NamedTuple):
    """A hold to be put. `reason` is a code of REASONS, which says what is not said here."""

    reason: str
    note: str | None = None
    expires_at: datetime | None = None


class Reason(NamedTuple):
    """What a coded reason means: which events wait, who acts, who may release, and what happens when time is up."""

    blocks: tuple[str, ...]
    owner: str = "operator"
    release_by: tuple[str, ...] = ("operator",)
    lasts: timedelta | None = None
    on_expiry: str = "escalate"


class HoldDecision(BaseModel):
    """What a person says about a hold. The reason is kept in the order's log with the person's id."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    reason: Remark


class NewHold(BaseModel):
    """A hold that a person puts. `note` is shown in the order's timeline: no personal data.

    Without `expires_at` it lasts as long as holds of its reason do.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    reason: Literal[
        "awaiting_payment",
        "cancellation_asked",
        "channel_changed",
        "credit_limit",
        "high_risk_of_fraud",
        "incorrect_address",
        "order_size",
        "other",
        "overdue_invoices",
        "possible_duplicate",
        "restricted_goods",
        "validation",
    ]
    note: Remark | None = None
    expires_at: Instant | None = None


class HoldOutcome(BaseModel):
    """What became of a hold: `held`, `released` or `rejected`. The same for every repeat."""

    order_id: str
    hold_id: str
    outcome: str


# `confirm` keeps an order from being accepted, `allocate` from taking stock, `release` from reaching a location.
REASONS: dict[str, Reason] = {
    "credit_limit": Reason(("confirm",), "finance", ("finance",), timedelta(days=3), "cancel"),
    "overdue_invoices": Reason(("confirm",), "finance", ("finance",), timedelta(days=3), "cancel"),
    "awaiting_payment": Reason(("allocate",), "finance", ("finance", "operator"), timedelta(days=7), "cancel"),
    "high_risk_of_fraud": Reason(("confirm",), "operator", ("operator",), timedelta(days=2)),
    "possible_duplicate": Reason(("confirm",), "operator", ("operator", "sales"), timedelta(days=2)),
    "incorrect_address": Reason(("release",), "operator", ("operator", "sales"), timedelta(days=2)),
    "order_size": Reason(("confirm",), "sales", ("operator",), timedelta(days=3), "cancel"),
    "restricted_goods": Reason(("confirm",), "operator", ("operator",), timedelta(days=3), "cancel"),
    "validation": Reason(("confirm",), "operator", ("operator",), timedelta(days=2)),
    "remorse": Reason(("allocate",), "operator", ("operator", "sales"), timedelta(minutes=30), "release"),
    "channel_changed": Reason(("release",), "operator", ("operator", "sales"), timedelta(days=1)),
    "cancellation_asked": Reason(("allocate", "release"), "operator", ("operator", "sales"), timedelta(days=1)),
    "out_of_stock": Reason(("allocate",), "sales", ("operator", "sales"), timedelta(days=3)),
    "promise_too_late": Reason(("allocate",), "sales", ("operator", "sales"), timedelta(days=3), "cancel"),
    "unsourced": Reason(("allocate",), "operator", ("operator", "sales"), timedelta(days=2)),
    "shipped_elsewhere": Reason(("allocate", "release"), "operator", ("operator", "sales"), timedelta(days=1)),
}
_OTHER = Reason(("release",))


def hold_id_of(order_id: str, reason: str) -> str:
    """One hold per order and reason at a time, so that a repeat opens no second one."""
    return derive_id("hld", order_id, reason)


def remorse(minutes: int, at: datetime, placed_at: str | None = None) -> tuple[HoldSpec, ...]:
    """The hold of a channel whose buyers may change their mind for so long after they ordered; nothing when it is over.

    An instant of the sender's that is not one, or is to come, counts from now.
    """
    try:
        since = min(from_text(placed_at), at) if placed_at else at
    except ValueError:
        since = at
    until = since + timedelta(minutes=minutes)
    return (HoldSpec("remorse", expires_at=until),) if until > at else ()


def opened(order_id: str, specs: Iterable[HoldSpec], at: datetime) -> tuple[Hold, ...]:
    """The holds that the specs ask for, each reason once."""
    holds: dict[str, Hold] = {}
    for spec in specs:
        rule = REASONS.get(spec.reason, _OTHER)
        expires = spec.expires_at or (at + rule.lasts if rule.lasts else None)
        holds.setdefault(
            spec.reason,
            Hold(
                id=hold_id_of(order_id, spec.reason),
                reason=spec.reason,
                blocks=rule.blocks,
                opened_at=to_text(at),
                note=redact(spec.note) if spec.note else None,
                owner=rule.owner,
                release_by=rule.release_by,
                expires_at=to_text(expires) if expires else None,
                on_expiry=rule.on_expiry,
            ),
        )
    return tuple(holds.values())


def was_held(order: Order, reason: str) -> bool:
    """Whether the order is held for this reason, or was until somebody let it go."""
    hold_id = hold_id_of(order.id, reason)
    return any(hold.id == hold_id for hold in order.holds) or any(
        (row.why or "").startswith(f"{hold_id} ") for row in order.log
    )


def blocking_now(order: Order, blocks: tuple[str, ...]) -> tuple[str, ...]:
    """What a hold must block so that the order does not go on: what has happened already blocks nothing."""
    if "allocate" in blocks and "release" not in blocks and order.units_allocated:
        return (*blocks, "release")
    if "confirm" not in blocks or order.status == "validating":
        return blocks
    return tuple(dict.fromkeys((*(event for event in blocks if event != "confirm"), "allocate", "release")))


def with_holds(order: Order, specs: Iterable[HoldSpec], *, at: datetime) -> tuple[tuple[Hold, ...], list[OrderHeld]]:
    """The order's holds with those that the specs ask for, each reason once, and the facts about the new ones."""
    known = {hold.id for hold in order.holds}
    new = [
        hold.model_copy(update={"blocks": blocking_now(order, hold.blocks)})
        for hold in opened(order.id, specs, at)
        if hold.id not in known
    ]
    facts = [OrderHeld(order_id=order.id, hold_id=h.id, reason=h.reason, blocks=list(h.blocks)) for h in new]
    return (*order.holds, *new), facts


def holds_on_the_rest(
    order: Order, specs: Iterable[HoldSpec], *, at: datetime
) -> tuple[tuple[Hold, ...], list[OrderHeld]]:
    """New holds over units that have nothing, with their facts: what has its stock goes on to its location."""
    known = {hold.id for hold in order.holds}
    new = tuple(hold for hold in opened(order.id, specs, at) if hold.id not in known)
    return new, [OrderHeld(order_id=order.id, hold_id=h.id, reason=h.reason, blocks=list(h.blocks)) for h in new]


def put_on_hold(
    order: Order,
    hold_id: str,
    *,
    reason: str,
    blocks: tuple[str, ...],
    at: datetime,
    by: str,
    note: str | None = None,
) -> Order:
    """The order with the hold; the same order when a hold of this id is open already."""
    if any(hold.id == hold_id for hold in order.holds):
        return order
    hold = Hold(id=hold_id, reason=reason, blocks=blocks, opened_at=to_text(at), note=redact(note) if note else None)
    fact = OrderHeld(order_id=order.id, hold_id=hold_id, reason=reason, blocks=list(blocks))
    return order.changed(fact, at=at, by=by, why=reason, holds=(*order.holds, hold))
