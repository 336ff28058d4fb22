"""How much to buy, and from whom."""

from collections.abc import Iterable

from oms.procurement.model import Offer, Supplier


def reorder_quantity(*, position: int, reorder_point: int, order_up_to: int, moq: int, pack: int) -> int:
    """Units to order under (s, S): nothing above the reorder point, else up to S in whole packs, at least the MOQ.

    The MOQ is rounded up to packs too, so that both hold (domain 2.4 and I32).
    """
    if position > reorder_point:
        return 0
    wanted = max(order_up_to - position, moq, 1)
    return -(-wanted // pack) * pack


def best_offer(sku: str, suppliers: Iterable[Supplier]) -> tuple[Supplier, Offer] | None:
    """Who delivers soonest; ties by the smaller minimum, then by supplier id. None: nobody sells it."""
    offers = [(supplier, offer) for supplier in suppliers for offer in supplier.offers if offer.sku == sku]
    return min(offers, key=lambda pair: (pair[1].lead_time_days, pair[1].moq, pair[1].pack, pair[0].id), default=None)
