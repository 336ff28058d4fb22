"""What a sender's newer word on an order says that we do not know yet. Pure."""

from collections import Counter
from collections.abc import Mapping

from oms.intake.model import NewOrder
from oms.intake.rules import delivery_hash_of, goods_hash_of
from oms.orders.model import Order

# How far the money is. Of two messages of the same version, the one that is further is the newer one.
_PAYMENT = ("none", "pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded")
PAID = frozenset({"authorized", "paid"})
_COUNTED_ON = frozenset({"authorized", "partially_paid", "paid", "partially_refunded"})
_GONE = frozenset({"none", "pending", "refunded"})

GOODS = "goods"
PERSON = "person"
PAYMENT = "payment"
DELIVERY = "delivery"
_Unit = tuple[str, str | None, int]
BY_HAND = frozenset({GOODS, PERSON})  # what may touch work that has begun


def differences(order: Order, new: NewOrder, gone: Mapping[str, int], *, person_hash: str) -> frozenset[str]:
    """The parts of the order that the sender now has otherwise, and had not the last time that we heard of it.

    What we changed ourselves since is no difference of the sender's: its repeats do not undo it.
    """
    found = {
        GOODS: order.goods_hash != goods_hash_of(new, gone) and not same_goods(order, new, gone),
        PERSON: order.person_hash is not None and order.person_hash != person_hash,
        PAYMENT: new.payment is not None and _money(order) != (new.payment.status, new.payment.method),
        DELIVERY: new.delivery is not None
        and order.delivery_hash != delivery_hash_of(new)
        and _delivery(order) != new.delivery.model_dump(),
    }
    return frozenset(part for part, differs in found.items() if differs)


def same_goods(order: Order, new: NewOrder, gone: Mapping[str, int]) -> bool:
    """Whether units, prices and charges are the same.

    Units that we cancelled may still stand on the sender's side, which need not know of it.
    """
    theirs: Counter[_Unit] = Counter()
    for line in new.lines:
        units = line.quantity - min(gone.get(line.external_line_id or "", 0), line.quantity)
        theirs[line.sku, line.external_line_id, line.unit_price_minor] += units
    ordered: Counter[_Unit] = Counter()
    wanted: Counter[_Unit] = Counter()
    for each in order.lines:
        unit = (each.sku, each.external_line_id, each.unit_price_minor)
        ordered[unit] += each.quantity
        wanted[unit] += each.quantity - each.cancelled
    if +theirs not in (ordered, +wanted):
        return False
    # With units taken off, the sums follow from them in each system's own way.
    return bool(gone) or ordered != wanted or _sums(order) == _sums(new)


def further(order: Order, new: NewOrder) -> bool:
    """Whether the sender's money is further than ours."""
    ours, theirs = order.payment_status, new.payment.status if new.payment else "none"
    return _PAYMENT.index(theirs) > (_PAYMENT.index(ours) if ours in _PAYMENT else 0)


def went_back(order: Order, new: NewOrder) -> bool:
    """Whether money that we could count on is not there any more: refunded, voided, charged back."""
    if new.payment is None or order.payment_status not in _COUNTED_ON:
        return False
    return new.payment.status in _GONE


def _sums(order: Order | NewOrder) -> tuple[int | str, ...]:
    lines = sum(line.discount_minor for line in order.lines)
    charges = (order.shipping_minor, order.discount_minor, order.tax_minor, order.total_minor)
    return (order.currency, lines, *charges)


def _money(order: Order) -> tuple[str, str | None]:
    return order.payment_status, order.payment_method


def _delivery(order: Order) -> dict[str, object]:
    return order.delivery.model_dump() if order.delivery else {}
