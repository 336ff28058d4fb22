"""An order that passes every check, and the facts that go with one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from oms.intake.model import NewOrder
from oms.reference.model import Channel, Item
from oms.validation.check import Facts
from tests.intake import canonical

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CHANNEL = Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR"}))


def new(**changes: Any) -> NewOrder:
    return NewOrder.model_validate(canonical(**changes))


def item(sku: str, **fields: Any) -> Item:
    return Item(sku=sku, name=sku, weight_g=1, length_mm=1, width_mm=1, height_mm=1, **fields)


def facts(items: Mapping[str, Mapping[str, Any]] | None = None, **fields: Any) -> Facts:
    known = {"LAMP": {}, "MUG": {}, **(items or {})}
    return Facts(
        **{
            "channel": CHANNEL,
            "at": NOW,
            "items": {sku: item(sku, **more) for sku, more in known.items()},
            "served": {"DE", "GB", "US"},
            "buyer": "b",
            **fields,
        }
    )
