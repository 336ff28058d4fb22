"""Reading orders: one query for the tree, one batch read for its parcels."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from oms.kernel.signing import Seal
from oms.kernel.time import Clock
from oms.orders.actions import Actions, actions_of
from oms.orders.bounds import EVERYTHING, Bounds
from oms.orders.listing import OrderQuery, list_orders
from oms.orders.model import Order, Parcel
from oms.orders.promises import Promises, promises_of
from oms.orders.store import OrderStore, OrderTree, parcel_ids_of
from oms.orders.views import OrderPage, OrderView, Timeline, entity_tag, order_view, timeline
from oms.reference.store import ReferenceStore

TokenOf = Callable[[Order], str]
UnderWay = Callable[[Collection[str]], Collection[str]]  # those of some transfers that still bring something


class TaggedOrder(NamedTuple):
    """A view and its entity tag."""

    view: OrderView
    tag: str


def read_order(
    order_id: str,
    *,
    orders: OrderStore,
    token_of: TokenOf,
    base_url: str,
    under_way: UnderWay,
    bounds: Bounds = EVERYTHING,
) -> TaggedOrder:
    """An order in full, with its tracking link; of its work and parcels what is within the bounds.

    Raises:
        NotFoundError: no such order.
    """
    tree, parcels = _with_parcels(order_id, orders)
    asked = {name for line in tree.order.lines if line.backordered for name in line.transfers}
    coming = under_way(asked) if asked else ()
    view = order_view(tree, parcels, token=token_of(tree.order), base_url=base_url, under_way=coming)
    return TaggedOrder(bounds.view(view), entity_tag(tree, parcels.values(), coming))


def read_actions(order_id: str, *, roles: Collection[str], orders: OrderStore, clock: Clock) -> Actions:
    """What somebody with these roles can do with an order now, and why not the rest.

    Raises:
        NotFoundError: no such order.
    """
    tree, parcels = _with_parcels(order_id, orders)
    return actions_of(tree, parcels, roles, clock())


def read_promises(order_id: str, *, orders: OrderStore) -> Promises:
    """What was promised for an order, and every change of it.

    Raises:
        NotFoundError: no such order.
    """
    return promises_of(orders.get(order_id), orders.promises(order_id))


def read_timeline(order_id: str, *, orders: OrderStore, bounds: Bounds = EVERYTHING) -> Timeline:
    """All that happened to an order, within the bounds.

    Raises:
        NotFoundError: no such order.
    """
    tree, parcels = _with_parcels(order_id, orders)
    return timeline(*bounds.tree(tree, parcels.values()))


def find_orders(
    query: OrderQuery, *, orders: OrderStore, reference: ReferenceStore, seal: Seal, bounds: Bounds = EVERYTHING
) -> OrderPage:
    """One page of the orders within the bounds, newest first.

    Raises:
        MalformedError: code `bad_cursor`.
    """
    return list_orders(query, orders=orders, channels=sorted(reference.channels()), seal=seal, bounds=bounds)


def _with_parcels(order_id: str, orders: OrderStore) -> tuple[OrderTree, dict[str, Parcel]]:
    tree = orders.tree(order_id)
    ids = parcel_ids_of(tree)
    return tree, orders.parcels(ids) if ids else {}
