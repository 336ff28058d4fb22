"""What a location counted: absolute figures with the instant they were true, or differences with a name."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oms.inventory.days import Day
from oms.inventory.lots import MAX_LOTS
from oms.inventory.moving.model import LotId, SerialNumber
from oms.kernel.identifiers import Reference, Sku
from oms.kernel.text import Instant
from oms.orders.model import Value

MAX_ROWS = 500
MAX_SERIALS = 500  # of one row
Units = Annotated[int, Field(ge=0, le=1_000_000_000)]
Difference = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class CountedLot(BaseModel):
    """Units of a lot; of a difference they may be fewer than none. `expires_on`: needed of a lot that nobody knows."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: LotId
    units: Annotated[int, Field(ge=-1_000_000, le=1_000_000_000)]
    expires_on: Day | None = None


class Count(BaseModel):
    """One SKU: `units` on hand at `counted_at`, or a `delta` under an `id` of its own that is applied once.

    All units in the building count, those set apart as damaged or in quality control too. What moved after
    `counted_at` is not forgotten: the books become the count plus everything that moved since.
    `lots` say of which lots the units are, all of them; they must be said of articles that are kept by lots. `serials`
    may be said of articles that are kept by serial number: all that were seen, or those that came or went.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sku: Sku
    units: Units | None = None
    counted_at: Instant | None = None
    delta: Difference | None = None
    id: Reference | None = None
    lots: Annotated[list[CountedLot], Field(max_length=MAX_LOTS)] | None = None
    serials: Annotated[list[SerialNumber], Field(max_length=MAX_SERIALS)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        absolute, difference = self.units is not None, self.delta is not None
        if absolute == difference:
            raise ValueError("units: either these or delta")
        if absolute and self.counted_at is None:
            raise ValueError("counted_at: units need the instant when they were counted")
        if difference and (not self.id or self.counted_at is not None):
            raise ValueError("delta: needs an id, and no counted_at")
        self._check_lots(absolute=absolute)
        serials = self.serials
        if serials is not None and (len(set(serials)) != len(serials) or len(serials) != abs(self._said)):
            raise ValueError("serials: name as many different ones as units")
        return self

    def _check_lots(self, *, absolute: bool) -> None:
        lots = self.lots or []
        if len({lot.id for lot in lots}) != len(lots):
            raise ValueError("name each lot once")
        if absolute and any(lot.units < 0 for lot in lots):
            raise ValueError("a lot has no fewer units than none")
        if self.lots is not None and sum(lot.units for lot in lots) != self._said:
            raise ValueError("the lots must add up to the units")

    @property
    def _said(self) -> int:
        return self.units if self.units is not None else self.delta or 0


class Counts(BaseModel):
    """Counts of one location, up to 500 at a time, applied in the order given."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    counts: Annotated[list[Count], Field(min_length=1, max_length=MAX_ROWS)]


Outcome = Literal["applied", "repeated", "stale", "refused"]


class CountResult(Value):
    """What became of one row. `moved` is by how much the books moved, `on_hand` what they say now.

    `lots` are the lots that moved, by how much. `missing` serials should have been seen and were not; `unknown` ones
    were seen and should not be there: an exception stands open until a count finds neither.
    """

    sku: str
    outcome: Outcome
    moved: int = 0
    on_hand: int | None = None
    code: str | None = None
    message: str | None = None
    lots: dict[str, int] | None = None
    missing: tuple[str, ...] | None = None
    unknown: tuple[str, ...] | None = None


class CountResults(Value):
    """The results in the order of the rows."""

    results: tuple[CountResult, ...]


class Since(NamedTuple):
    """What the journal says of a position after an instant: units on hand that moved, and the newest count.

    `lots` is what moved of each lot; `serials` those that came (True) or went, the newest first.
    """

    on_hand: int
    newest_count: str | None
    complete: bool = True
    lots: Mapping[str, int] = {}
    serials: tuple[tuple[bool, str], ...] = ()
