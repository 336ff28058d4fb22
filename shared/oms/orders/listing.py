"""Pages of orders, newest first, stable while orders come in.

A cursor is the index key of the last order shown (time and id), signed together with the filters: the next page is
whatever stands behind that key, so an order that comes in meanwhile is neither shown twice nor pushes one out.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from oms.kernel.errors import MalformedError
from oms.kernel.identifiers import Sought
from oms.kernel.signing import Seal
from oms.kernel.time import from_text, to_text
from oms.orders.bounds import Bounds
from oms.orders.lifecycle import LIVE_ORDER_STATES
from oms.orders.model import Order
from oms.orders.natural import order_id_of
from oms.orders.store import SHARDS, OrderStore
from oms.orders.views import OrderPage, order_summary

_START, _END = "0", "~"  # before and behind every instant
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_LIVE_PER_SHARD = 64  # as many live orders of a status are sorted in memory; more are read from the index by time
_EXAMINED = 1_000  # orders looked at for one page: a rare status makes short pages, not slow ones
_BATCH = 100


class OrderQuery(BaseModel):
    """Filters of the list; instants are ISO 8601 with an offset, `since` included and `until` not.

    `external_order_id` is the order's number in `channel`, which must be said too: there is one at most, and it is
    found from the moment on when it was taken in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["validating", "confirmed", "in_fulfillment", "completed", "rejected", "cancelled"] | None = None
    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")] | None = None
    external_order_id: Sought | None = None
    since: str | None = None
    until: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=300)] | None = None

    @field_validator("since", "until")
    @classmethod
    def _instant(cls, text: str | None) -> str | None:
        # A plus sign of an offset that was not escaped arrives as a blank.
        return to_text(from_text(text.replace(" ", "+"))) if text else None

    @property
    def filters(self) -> str:
        """What a cursor is bound to."""
        given = (self.status, self.channel, self.since, self.until, self.external_order_id)
        return "|".join(value or "" for value in given)

    @model_validator(mode="after")
    def _named_in_its_channel(self) -> Self:
        if self.external_order_id is not None and self.channel is None:
            raise ValueError("external_order_id needs the channel, in which it is the order's number")
        return self


class _Examined(NamedTuple):
    """An order that the search passed: its key, and itself when it matches."""

    key: str
    order: Order | None


def list_orders(query: OrderQuery, *, orders: OrderStore, channels: list[str], seal: Seal, bounds: Bounds) -> OrderPage:
    """One page of what is the caller's; `channels` are all that there are.

    Raises:
        MalformedError: code `bad_cursor`: changed, or of another list.
    """
    before = query.until or _END
    bound_to = f"{query.filters}|{bounds.text}"
    if query.cursor is not None:
        opened = seal.open(query.cursor, bound_to)
        if opened is None:
            raise MalformedError("the cursor is not one of this list", code="bad_cursor")
        before = opened
    found = _the_one(query, before, orders=orders, bounds=bounds) or _few_live(
        query, before, orders=orders, bounds=bounds
    )
    if found is None:
        names = [query.channel] if query.channel else channels
        mine = [name for name in names if bounds.channels is None or name in bounds.channels]
        found = _by_time(query, before, mine, orders=orders, bounds=bounds)
    shown: list[_Examined] = []
    last: str | None = None
    for seen, each in enumerate(found, 1):
        last = each.key
        if each.order:
            shown.append(each)
        if len(shown) == query.limit or seen == _EXAMINED:
            break
    if next(found, None) is None:
        last = None
    return OrderPage(
        orders=tuple(order_summary(each.order) for each in shown if each.order),
        next_cursor=seal.sign(last, bound_to) if last else None,
    )


def _the_one(query: OrderQuery, before: str, *, orders: OrderStore, bounds: Bounds) -> Iterator[_Examined] | None:
    """The order of this number, read for sure; None when the query names none."""
    if query.external_order_id is None or query.channel is None:
        return None
    found = orders.get_many([order_id_of(query.channel, query.external_order_id)], consistent=True)
    mine = bounds.of(found, orders).values()
    keyed = [_Examined(_key(order), order) for order in mine if _matches(order, query)]
    return iter([each for each in keyed if (query.since or _START) <= each.key < before])


def _few_live(query: OrderQuery, before: str, *, orders: OrderStore, bounds: Bounds) -> Iterator[_Examined] | None:
    """All live orders of the status, sorted here; None when there are too many, or the query is about time."""
    if query.status not in LIVE_ORDER_STATES or query.since or query.until:
        return None
    ids: list[str] = []
    for shard in range(SHARDS):
        some = orders.live(query.status, shard, until=_FAR, limit=_LIVE_PER_SHARD)
        if len(some) == _LIVE_PER_SHARD:
            return None
        ids += some
    mine = bounds.of(orders.get_many(ids, consistent=False), orders)
    found = [_Examined(_key(order), order) for order in mine.values()]
    ordered = sorted((each for each in found if each.key < before), reverse=True)
    return iter([each for each in ordered if each.order and _matches(each.order, query)])


def _by_time(
    query: OrderQuery, before: str, channels: list[str], *, orders: OrderStore, bounds: Bounds
) -> Iterator[_Examined]:
    """Orders by the index `recent`: all partitions merged, newest first, read in batches."""
    since = query.since or _START
    if since >= before:
        return
    size = _BATCH if query.status or bounds.locations is not None else query.limit + 1
    partitions = [
        _partition(channel, shard, since, before, size, orders) for channel in channels for shard in range(SHARDS)
    ]
    keys = merge(*partitions, reverse=True)
    while batch := list(islice(keys, size)):
        found = bounds.of(orders.get_many([order_id for _, order_id in batch], consistent=False), orders)
        for key, order_id in batch:
            order = found.get(order_id)
            yield _Examined(key, order if order and _matches(order, query) else None)


def _partition(
    channel: str, shard: int, since: str, before: str, size: int, orders: OrderStore
) -> Iterator[tuple[str, str]]:
    """The keys of one index partition, page after page; the first page is small because most partitions give little."""
    step = max(2, size // SHARDS)
    while True:
        # The index answers with `before` included; one more makes up for it.
        rows = orders.page(channel, shard, since=since, before=before, limit=step + 1)
        yield from [row for row in rows if row[0] < before]
        if len(rows) <= step:
            return
        before = rows[-1][0]
        step = size


def _matches(order: Order, query: OrderQuery) -> bool:
    return (not query.status or order.status == query.status) and (not query.channel or order.channel == query.channel)


def _key(order: Order) -> str:
    return f"{order.submitted_at}#{order.id}"
