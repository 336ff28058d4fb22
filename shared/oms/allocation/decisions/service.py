"""Read why an order ships from where it does."""

from oms.allocation.decisions.model import DecisionPage, DecisionView
from oms.allocation.decisions.rules import words_of
from oms.allocation.decisions.store import DecisionStore
from oms.orders.store import OrderStore


def read_decisions(order_id: str, *, orders: OrderStore, decisions: DecisionStore) -> DecisionPage:
    """Every decision about an order, with its words.

    Raises:
        NotFoundError: no such order.
    """
    order = orders.get(order_id)
    records = decisions.about(order_id, order.decided_in)
    views = [DecisionView(record=record, words=words_of(record)) for record in records]
    return DecisionPage(order_id=order_id, decisions=views)
