"""Lots: what is known of them wherever they lie, whether they are blocked, and which orders got them."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from oms.inventory.moving.model import LotId
from oms.kernel.text import Remark
from oms.orders.model import Value


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
