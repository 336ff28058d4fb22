"""The reference table: items by SKU; and one small partition of settings, read whole and kept for a minute.

| access pattern | how |
|---|---|
| items by SKU | batch get `ITEM#<sku>` / `ITEM`, kept 5 minutes per process |
| locations, channels, rate cards | query pk `CONFIG`; sk `LOCATION#..`, `CHANNEL#..`, `CARRIER#..`; kept 60 s |
| limits of locations | the same query; sk `LIMITS#<location>`: editions (`oms.reference.editions`) |
| machine clients, limits of roles | the same query; sk `CLIENT#<client id>`, `LIMIT#<role>` |
| who is served first of a scarce SKU | the same query; sk `FAIRNESS#<sku>`, or `FAIRNESS#*` for all others: editions |
"""

import time
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key
from oms.reference.model import (
    LIMITS,
    Channel,
    Client,
    Fairness,
    FairnessPolicy,
    Item,
    Limit,
    Location,
    LocationLimits,
    WaitingPolicy,
)

_Model = TypeVar("_Model", bound=BaseModel)
_SETTINGS_S = 60.0
_ITEMS_S = 300.0
_ITEMS_KEPT = 20_000  # about 10 MB
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"


class Along:
    """Reads rows, and some items with them; `items` are those that there are, once it has read."""

    def __init__(self, reference: "ReferenceStore", skus: Iterable[str]) -> None:
        self.reference = reference
        self.skus = list(dict.fromkeys(skus))
        self.items: dict[str, Item] = {}

    def __call__(self, keys: Iterable[Key]) -> dict[Key, tables.Item]:
        return self.reference.read_along(keys, self.skus, self.items)


class ReferenceStore:
    """Reads with a small cache: what changes seldom costs no call on the hot path."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._settings: dict[str, bytes] = {}
        self._parsed: dict[tuple[str, type[BaseModel]], dict[str, BaseModel]] = {}
        self._settings_until = 0.0
        self._items: dict[str, tuple[float, Item]] = {}

    def items(self, skus: Iterable[str]) -> dict[str, Item]:
        """The items that exist, by SKU."""
        now = time.monotonic()
        wanted = dict.fromkeys(skus)
        found = {sku: item for sku in wanted if (item := self.kept(sku)) is not None}
        missing = [self._item_key(sku) for sku in wanted if sku not in found]
        for row in tables.get_many(missing, consistent=False).values():
            item = _item(row)
            found[item.sku] = item
            self._keep(item, now)
        return {sku: found[sku] for sku in wanted if sku in found}

    def along(self, skus: Iterable[str]) -> "Along":
        """A read of other rows, for sure, that brings these items in the same call."""
        return Along(self, skus)

    def read_along(self, keys: Iterable[Key], skus: Iterable[str], found: dict[str, Item]) -> dict[Key, tables.Item]:
        """The rows of these keys, consistent; items that nobody has read lately come with them, into `found`."""
        now = time.monotonic()
        found |= {sku: item for sku in skus if (item := self.kept(sku)) is not None}
        own = {self._item_key(sku) for sku in skus if sku not in found}
        rows = tables.get_many([*keys, *own])
        for key in own & rows.keys():
            item = _item(rows.pop(key))
            found[item.sku] = item
            self._keep(item, now)
        return rows

    def kept(self, sku: str) -> Item | None:
        """An item that was read in the last minutes; None: it was not, or there is none."""
        until, item = self._items.get(sku, (0.0, None))
        return item if until >= time.monotonic() else None

    def locations(self) -> dict[str, Location]:
        """By name, with the limits in force (`LIMITS#<location>`)."""
        known, limits = self.settings("LOCATION", Location), self.settings("LIMITS", LocationLimits)
        if not limits:
            return known
        return {name: _limited(location, limits.get(name)) for name, location in known.items()}

    def channels(self) -> dict[str, Channel]:
        return self.settings("CHANNEL", Channel)

    def clients(self) -> dict[str, Client]:
        """Machines by client id."""
        return self.settings("CLIENT", Client)

    def fairness(self) -> dict[str, Fairness]:
        """Who is served first of a scarce SKU, by SKU; `*` is all others."""
        return {name: policy.terms for name, policy in self.settings("FAIRNESS", FairnessPolicy).items()}

    def limits(self) -> dict[str, Limit]:
        """How often a role may call, where that differs from the default."""
        return self.settings("LIMIT", Limit)

    def settings(self, kind: str, model: type[_Model]) -> dict[str, _Model]:
        """All settings of a kind, by name."""
        self._refresh()
        known = self._parsed.get((kind, model))
        if known is None:
            prefix = f"{kind}#"
            known = {
                sk.removeprefix(prefix): unpack(model, doc)
                for sk, doc in self._settings.items()
                if sk.startswith(prefix)
            }
            self._parsed[(kind, model)] = known
        return known  # type: ignore[return-value]

    def put_item(self, item: Item) -> None:
        """Write an item, whatever was there; a policy for its waiting orders that was set apart stays."""
        key = self._item_key(item.sku)
        packed = {":doc": pack(item)}
        tables.commit(tables.update(key, expression="SET doc = :doc", condition=_ALWAYS, values=packed, label=key.pk))

    def forget_item(self, sku: str) -> None:
        """Read the item anew when it is asked for next."""
        self._items.pop(sku, None)

    def put_setting(self, kind: str, name: str, value: BaseModel) -> None:
        """Write a setting, whatever was there; seen by all within a minute."""
        self._put(Key(self.table, "CONFIG", f"{kind}#{name}"), value)
        self.look_again()

    def look_again(self) -> None:
        """Read the settings anew when they are asked for next: somebody in this process changed one."""
        self._settings_until = 0.0

    def _keep(self, item: Item, now: float) -> None:
        if len(self._items) > _ITEMS_KEPT:
            self._items.clear()
        self._items[item.sku] = (now + _ITEMS_S, item)

    def _refresh(self) -> None:
        if time.monotonic() < self._settings_until:
            return
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": "CONFIG"})
        self._settings = {row["sk"]: row["doc"] for row in rows}
        self._parsed.clear()
        self._settings_until = time.monotonic() + _SETTINGS_S

    def _item_key(self, sku: str) -> Key:
        return Key(self.table, f"ITEM#{sku}", "ITEM")

    def _put(self, key: Key, value: BaseModel) -> None:
        item = {"pk": key.pk, "sk": key.sk, "doc": pack(value)}
        tables.commit(tables.put(key.table, item, condition=_ALWAYS, label=key.sk))


def _item(row: tables.Item) -> Item:
    """The item, with the policy for its waiting orders that is in force (`oms.inventory.waiting.policies`)."""
    item = unpack(Item, row["doc"])
    if "waiting" not in row:
        return item
    return item.model_copy(update={"waiting": unpack(WaitingPolicy, row["waiting"]).terms})


def _limited(location: Location, limits: LocationLimits | None) -> Location:
    return location.model_copy(update={name: getattr(limits, name) for name in LIMITS}) if limits else location
