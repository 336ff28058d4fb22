"""Read one order of a market, and change it, for the tests of the plug-ins."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from oms.intake.model import NewOrder
from oms.intake.notices import FETCHED, ChannelPlugin, Notice, Snapshot
from oms.kernel.errors import RejectedError
from oms.kernel.plugins import find_plugin
from oms.reference.model import Channel
from tests.amounts import total_faults
from tests.unit.intake import amazon_orders, market_orders

AMAZON = {
    "order": amazon_orders.AMAZON_ORDER,
    "orderItems": amazon_orders.AMAZON_ITEMS,
    "address": amazon_orders.AMAZON_ADDRESS,
}
SQUARE = {"order": market_orders.SQUARE_SHIPMENT, "skus": market_orders.SQUARE_SKUS, "location": {}}
WHOLE: Mapping[str, Any] = {
    "amazon": AMAZON,
    "ebay": market_orders.EBAY_ORDER,
    "bigcommerce": market_orders.BIGCOMMERCE,
    "square": SQUARE,
}


def read(kind: str, document: Any, headers: Mapping[str, str] = FETCHED, **options: str) -> Sequence[Notice]:
    plugin: ChannelPlugin | None = find_plugin("oms.intake.channels", kind)
    assert plugin is not None
    channel = Channel(name=f"{kind}_1", kind=kind, currencies=frozenset({"USD"}), options=options)
    return plugin.parse(channel, headers, json.dumps(document).encode())


def order_of(kind: str, document: Any, **options: str) -> NewOrder:
    first = read(kind, document, FETCHED, **options)[0]
    assert isinstance(first, Snapshot)
    assert total_faults(first.order) == []
    return first.order


def refused(kind: str, document: Any) -> list[str]:
    with pytest.raises(RejectedError) as error:
        read(kind, document)
    return [fault.field for fault in error.value.faults]


def changed(document: Any, path: str, value: Any) -> Any:
    """A copy with another value at a dotted path."""
    copied = copy.deepcopy(document)
    *way, last = path.split(".")
    owner = copied
    for part in way:
        owner = owner[int(part)] if part.isdigit() else owner[part]
    owner[last] = value
    return copied


def amounts(order: NewOrder) -> tuple[int, int, int, bool, int]:
    return order.shipping_minor, order.discount_minor, order.tax_minor, order.taxes_included, order.total_minor


def lines(order: NewOrder) -> list[tuple[str, str | None, int, int, int, int]]:
    return [
        (each.sku, each.external_line_id, each.quantity, each.unit_price_minor, each.discount_minor, each.tax_minor)
        for each in order.lines
    ]
