"""The facts that a journal entry carries. Pure."""

from collections.abc import Mapping

from oms.events.fact import Fact, FactData, envelope
from oms.events.inventory import StockExpired, StockFellShort, StockFreed
from oms.inventory.model import Position, PositionKey

_FELL_SHORT, _FREED, _EXPIRED = 99, 98, 97  # their places among the facts of one write: behind all others


def fact_about(position: Position, said: FactData, at: str, *, place: int = 0) -> Fact:
    """What is said of the position that a movement makes."""
    return envelope(said, f"{position.sku}/{position.location}", None, position.version, place, at)


def shortfalls(
    before: Mapping[PositionKey, Position], after: Mapping[PositionKey, Position], at: str
) -> tuple[Fact, ...]:
    """A fact for each position that lacks more committed units than it did."""
    return tuple(
        fact_about(
            position,
            StockFellShort(sku=position.sku, location=position.location, shortfall=position.shortfall),
            at,
            place=_FELL_SHORT,
        )
        for key, position in after.items()
        if position.shortfall > before[key].told_shortfall
    )


def freed(before: Mapping[PositionKey, Position], after: Mapping[PositionKey, Position], at: str) -> tuple[Fact, ...]:
    """A fact for each position that has more to take than the last write left: units whose time was up count."""
    return tuple(
        fact_about(
            position,
            StockFreed(sku=position.sku, location=position.location, available=position.available),
            at,
            place=_FREED,
        )
        for key, position in after.items()
        if position.available > 0
        and (
            position.available > before[key].available
            or 0 < position.common > before[key].common  # own units of a channel were given up
            or before[key].lapsed
        )
    )


def expired(before: Mapping[PositionKey, Position], at: str) -> tuple[Fact, ...]:
    """A fact for each position of which lots are over that nobody has said so of."""
    return tuple(
        fact_about(
            position._replace(version=position.version + 1),
            StockExpired(
                sku=position.sku, location=position.location, lots={lot.id: lot.units for lot in position.ending}
            ),
            at,
            place=_EXPIRED,
        )
        for position in before.values()
        if position.ending
    )
