"""Lots: what is known of them wherever they lie, which orders got them, and what a receipt says of them."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.inventory.days import Day
from oms.inventory.moving.model import LotId, Serials
from oms.kernel.text import Remark
from oms.orders.model import Value

MOST_LOTS = 30  # of one receipt: each is a write of its transaction


class ArrivedLot(BaseModel):
    """Units of a lot that came. `expires_on` is its last good day; needed of a lot that nobody knows."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: LotId
    units: Annotated[int, Field(ge=1, le=1_000_000)]
    expires_on: Day | None = None


ArrivedLots = Annotated[list[ArrivedLot], Field(min_length=1, max_length=MOST_LOTS)]


class Named(NamedTuple):
    """What a receipt says of its units."""

    lots: Sequence[ArrivedLot] | None
    serials: Serials | None


def check_sums(named: Named, units: int) -> None:
    """Refuse lots that do not add up to the units, and serials that are not as many.

    Raises:
        ValueError: so it is.
    """
    if named.lots is not None:
        if len({lot.id for lot in named.lots}) != len(named.lots):
            raise ValueError("name each lot once")
        if sum(lot.units for lot in named.lots) != units:
            raise ValueError("the lots must add up to the units")
    if named.serials is not None and (len(named.serials) != units or len(set(named.serials)) != units):
        raise ValueError("name as many different serials as units")


class KnownLot(NamedTuple):
    """A lot of a SKU. `expires_on` is its last good day; `blocked`: what comes in of it is set apart at once."""

    sku: str
    id: str
    expires_on: str | None = None
    blocked: bool = False
    why: str | None = None
    version: int = 0


class BlockLot(BaseModel):
    """Why a lot must not be sold any more: a recall, say."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reason: Remark


class LotPlace(Value):
    """Units of a lot at a location; `apart` of them are damaged or in quality control."""

    location: str
    units: int
    apart: int
    ends_at: str | None


class LotView(Value):
    """A lot, and where what is left of it lies."""

    sku: str
    lot_id: LotId
    expires_on: str | None
    blocked: bool
    reason: str | None
    locations: tuple[LotPlace, ...]


class LotUse(Value):
    """Units of a lot that left a location for `ref`: an order, or a transfer (`transfer:<id>`)."""

    location: str
    at: str
    kind: str
    units: int
    ref: str | None


class LotUsePage(Value):
    """Where a lot went, location by location, the newest first; a page with a next one may be empty."""

    uses: tuple[LotUse, ...]
    next_cursor: str | None = None
