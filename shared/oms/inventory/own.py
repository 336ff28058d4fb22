"""Units of a position that one channel may take, and all others leave alone: its own units. Pure.

They are a level, like the safety stock: of what is free, the last so many units are for the channel. Whoever decides
for a channel looks at the stock as that channel sees it; every write counts on the version of the position it read.
"""

from collections.abc import Iterable, Mapping

from oms.inventory.model import Position, PositionKey


def own_of(channel: str | None, position: Position) -> int:
    """Units that only this channel may take, those that are free."""
    return min(sum(units for name, units in position.channels if name == channel), max(position.available, 0))


def as_channel_sees(
    channel: str | None, picture: Mapping[PositionKey, Position], keys: Iterable[PositionKey] | None = None
) -> Mapping[PositionKey, Position]:
    """The picture without the own units of other channels; None: of all. `keys`: where there are some, if it is known.

    What somebody has taken already, before they were set, stays taken.
    """
    changed: dict[PositionKey, Position] = {}
    for key in picture if keys is None else keys:
        position = picture[key]
        if position.channels:
            others = sum(units for name, units in position.channels if name != channel)
            changed[key] = position._replace(
                safety_stock=position.safety_stock + min(others, max(position.available, 0)),
                channels=tuple(row for row in position.channels if row[0] == channel),
            )
    return {**picture, **changed} if changed else picture
