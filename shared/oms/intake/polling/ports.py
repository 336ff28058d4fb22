"""What polling asks of others."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from oms.intake.fetching import Page, Rate
from oms.orders.model import Order
from oms.reference.model import Channel


class Asks(Protocol):
    """The way out to the channels; `Partners` is one."""

    def lists(self, channel: Channel) -> bool: ...
    def rate(self, channel: Channel, operation: str) -> Rate | None: ...
    def list_orders(self, channel: Channel, since: datetime, until: datetime, cursor: str | None = None) -> Page: ...
    def fetch(self, channel: Channel, external_order_id: str) -> bytes | None: ...


class Inbox(Protocol):
    """Where messages go in: archived, then worked off like all others. The same message again changes nothing."""

    def put(self, channel: Channel, headers: Mapping[str, str], raw: bytes, sender_id: str) -> None: ...


class Heard(Protocol):
    """When a channel last sent something by itself; None if not within the days that are looked at."""

    def last_heard(self, channel: str, now: datetime) -> datetime | None: ...


class KnownOrders(Protocol):
    """Orders by id."""

    def get_many(self, order_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, Order]: ...
