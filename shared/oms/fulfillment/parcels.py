"""How units are packed into parcels. Pure.

First fit, decreasing: the bulkiest units first, each into the first parcel with room. Room is weight, usable volume and
the three sides of one unit against the three of the box in any orientation; it is a plan for price and label, not a
three-dimensional stowage, so only `USABLE_PCT` of a box counts. What is larger or heavier than any box ships as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from oms.orders.model import Content, FulfillmentLine
from oms.reference.model import Item

USABLE_PCT = 80  # mixed goods fill about four fifths of a carton (u)


class Box(NamedTuple):
    """A carton: its sides, what it weighs empty, and what it may weigh full."""

    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    tare_g: int
    max_weight_g: int

    @property
    def usable_mm3(self) -> int:
        return self.length_mm * self.width_mm * self.height_mm * USABLE_PCT // 100

    @property
    def sides(self) -> list[int]:
        return sorted((self.length_mm, self.width_mm, self.height_mm))


# Smallest first. The largest stays below 1,200 mm and 31.5 kg, the usual parcel limits.
BOXES = (
    Box("mailer", 240, 180, 60, 60, 2_000),
    Box("small", 300, 220, 150, 150, 5_000),
    Box("medium", 400, 300, 250, 350, 12_000),
    Box("large", 600, 400, 400, 700, 30_000),
)


class PlannedParcel(BaseModel):
    """One parcel to be: contents, weight with the box, outer sides."""

    model_config = ConfigDict(frozen=True)
    contents: tuple[Content, ...]
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


@dataclass
class _Open:
    """A parcel being filled."""

    weight_g: int = 0
    volume_mm3: int = 0
    longest: list[int] = field(default_factory=lambda: [0, 0, 0])
    units: dict[int, tuple[str, int]] = field(default_factory=dict)

    def room_for(self, item: Item, largest: Box) -> int:
        by_weight = (largest.max_weight_g - largest.tare_g - self.weight_g) // item.weight_g
        by_volume = (largest.usable_mm3 - self.volume_mm3) // _volume(item)
        return max(0, min(by_weight, by_volume))

    def add(self, line: FulfillmentLine, item: Item, units: int) -> None:
        self.weight_g += units * item.weight_g
        self.volume_mm3 += units * _volume(item)
        self.longest = [max(pair) for pair in zip(self.longest, _sides(item), strict=True)]
        before = self.units.get(line.number, (line.sku, 0))[1]
        self.units[line.number] = (line.sku, before + units)


def plan_parcels(
    lines: Iterable[FulfillmentLine], items: Mapping[str, Item], boxes: Sequence[Box] = BOXES
) -> list[PlannedParcel]:
    """Parcels that hold each unit of the lines (without the short ones) exactly once; the same for the same input.

    Args:
        lines: the lines of a fulfillment order.
        items: weight and sides by SKU.
        boxes: smallest first; the last one is the standard box.

    Raises:
        KeyError: an item is missing.
    """
    standard = boxes[-1]
    todo = [(line, items[line.sku], line.quantity - line.short) for line in lines]
    own = [_in_its_own_box(line, item) for line, item, units in todo if not fits(item, standard) for _ in range(units)]
    boxed = [row for row in todo if fits(row[1], standard) and row[2] > 0]
    boxed.sort(key=lambda row: (-_volume(row[1]), -row[1].weight_g, row[0].number))
    parcels: list[_Open] = []
    for line, item, units in boxed:
        left = units
        for parcel in parcels:
            taken = min(left, parcel.room_for(item, standard))
            if taken:
                parcel.add(line, item, taken)
                left -= taken
        while left:
            parcel = _Open()
            taken = min(left, parcel.room_for(item, standard))
            parcel.add(line, item, taken)
            parcels.append(parcel)
            left -= taken
    return [*own, *(_closed(parcel, boxes) for parcel in parcels)]


def fits(item: Item, box: Box) -> bool:
    """One unit alone fits the box: sides in any orientation, volume and weight."""
    return (
        all(side <= limit for side, limit in zip(_sides(item), box.sides, strict=True))
        and _volume(item) <= box.usable_mm3
        and item.weight_g + box.tare_g <= box.max_weight_g
    )


def _closed(parcel: _Open, boxes: Sequence[Box]) -> PlannedParcel:
    """The smallest box that holds what was put together."""
    box = next(box for box in boxes if _holds(box, parcel))
    return PlannedParcel(
        contents=tuple(
            Content(number=number, sku=sku, quantity=units) for number, (sku, units) in sorted(parcel.units.items())
        ),
        weight_g=parcel.weight_g + box.tare_g,
        length_mm=box.length_mm,
        width_mm=box.width_mm,
        height_mm=box.height_mm,
    )


def _holds(box: Box, parcel: _Open) -> bool:
    return (
        parcel.volume_mm3 <= box.usable_mm3
        and parcel.weight_g + box.tare_g <= box.max_weight_g
        and all(side <= limit for side, limit in zip(parcel.longest, box.sides, strict=True))
    )


def _in_its_own_box(line: FulfillmentLine, item: Item) -> PlannedParcel:
    return PlannedParcel(
        contents=(Content(number=line.number, sku=line.sku, quantity=1),),
        weight_g=item.weight_g,
        length_mm=item.length_mm,
        width_mm=item.width_mm,
        height_mm=item.height_mm,
    )


def _volume(item: Item) -> int:
    return item.length_mm * item.width_mm * item.height_mm


def _sides(item: Item) -> list[int]:
    return sorted((item.length_mm, item.width_mm, item.height_mm))
