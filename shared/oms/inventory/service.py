"""Read stock."""

from oms.inventory.model import StockView, level_of
from oms.inventory.store import StockStore
from oms.kernel.errors import NotFoundError


def read_stock(sku: str, *, stock: StockStore, locations: frozenset[str] | None = None) -> StockView:
    """A SKU at every location that keeps it, a moment ago; at those named, if any are.

    Raises:
        NotFoundError: nobody keeps it.
    """
    positions = [one for one in stock.positions_of(sku) if locations is None or one.location in locations]
    if not positions:
        raise NotFoundError(f"no location keeps {sku}")
    return StockView(sku=sku, locations=tuple(level_of(position) for position in positions))
