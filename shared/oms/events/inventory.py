"""What happens to stock. The subject is `<sku>/<location>`, the sequence the version of the position."""

from typing import ClassVar

from oms.events.fact import FactData


class _StockFact(FactData):
    SOURCE: ClassVar[str] = "baton.inventory"
    sku: str
    location: str


class _StockMoved(_StockFact):
    """`units` by which the books moved; what they say since."""

    kind: str
    units: int
    on_hand: int
    available: int
    ref: str | None = None


class StockReceived(_StockMoved):
    """Goods came in."""


class StockAdjusted(_StockMoved):
    """Somebody corrected the units on hand: `found`, `lost` or `adjusted`."""


class StockSetApart(_StockMoved):
    """Units are damaged or in quality control now, or are not any more; they are on hand all the same."""


class StockExpected(_StockMoved):
    """More units, or fewer, are on their way to us."""


class PositionOpened(_StockFact):
    """The location keeps the SKU from now on."""

    levels: dict[str, int]


class StockLevelsSet(_StockFact):
    """Safety stock, reorder point, order-up-to or the units of single channels were set: those that changed."""

    levels: dict[str, int]


class StockFellShort(_StockFact):
    """Fewer units are there than are committed: some orders must give theirs back."""

    shortfall: int


class StockExpired(_StockFact):
    """Lots are over, with their units that still lie there: they are sold no more, and somebody must take them away."""

    lots: dict[str, int]


class StockFreed(_StockFact):
    """More units can be taken than before, whatever they were before: received, found, given back, not kept any more.

    Whoever waits for the SKU is served.
    """

    available: int


class StockDrifted(_StockFact):
    """The books do not add up: by bucket what they say, and what the movements or the orders say."""

    exception_id: str
    reason: str
    stored: dict[str, int]
    proved: dict[str, int]


class StockExceptionClosed(_StockFact):
    """What somebody had to look at is mended, by whom."""

    exception_id: str
    kind: str
    resolved_by: str
