"""What the orders of both of Amazon's APIs have in common."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from oms.intake.amounts import AmountReader
from oms.intake.notices import Cancellation, Ignored, Notice, Shipped, Snapshot
from oms.reference.model import Channel

# What is behind the fetched order, whichever of its APIs told us: Amazon ships it, is not paid, or it has gone.
WAITING = "Amazon says it is not to be shipped yet"
GONE = "Amazon says it was shipped already"
THEIRS = "Amazon fulfils it"
OWN_IDS = re.compile(r"\d{14}")  # of an item; an order's are known by their form


class Charges(NamedTuple):
    """The sums of an order that are not its lines'."""

    shipping_minor: int
    tax_minor: int
    total_minor: int


class Wanted(NamedTuple):
    """A buyer's wish to cancel: units by line, and the buyer's reason as Amazon words it."""

    units: Mapping[str, int]
    reason: str


def tax_inside(lines: Sequence[Mapping[str, int]], charges: Charges) -> bool:
    """Whether the prices hold the tax, which depends on the marketplace and which the sums tell."""
    goods = charges.shipping_minor + sum(
        line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines
    )
    return charges.tax_minor > 0 and charges.total_minor == goods


def notices(
    reader: AmountReader,
    channel: Channel,
    ours: Mapping[str, Any],
    version: str | None,
    wanted: Wanted | None,
    *,
    begun: bool,
) -> Sequence[Notice]:
    """The order, and the buyer's wish to cancel it if there is one."""
    order = reader.order({"channel": channel.name, **ours})
    found: list[Notice] = [Snapshot(order, version, begun=begun)]
    if wanted is not None and wanted.units:
        whole = all(
            line.external_line_id is not None and wanted.units.get(line.external_line_id, 0) >= line.quantity
            for line in order.lines
        )
        units = None if whole else wanted.units
        found.append(Cancellation(order.external_order_id, wanted.reason, units, asked=True, version=version))
    return found


def settled(
    order_id: str, state: str, states: Mapping[str, str], *, theirs: bool, version: str | None
) -> Sequence[Notice] | None:
    """What to do with an order that is not to be read any further; None: read on.

    A cancelled order has lost its lines and amounts, so it is a `Cancellation`; one that we never had stays unknown.
    """
    if theirs:
        return [Ignored(THEIRS)]
    meaning = states.get(state)
    if meaning == "cancelled":
        return [Cancellation(order_id, "Amazon cancelled it", version=version)]
    if meaning == GONE:
        return [Shipped(order_id, GONE, version)]
    return [Ignored(meaning)] if meaning is not None else None
