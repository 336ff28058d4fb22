"""What a location counted: absolute figures with the instant they were true, or differences with a name."""

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oms.kernel.identifiers import Reference, Sku
from oms.kernel.text import Instant
from oms.orders.model import Value

MAX_ROWS = 500
Units = Annotated[int, Field(ge=0, le=1_000_000_000)]
Difference = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class Count(BaseModel):
    """One SKU: `units` on hand at `counted_at`, or a `delta` under an `id` of its own that is applied once.

    All units in the building count, those set apart as damaged or in quality control too. What moved after
    `counted_at` is not forgotten: the books become the count plus everything that moved since.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sku: Sku
    units: Units | None = None
    counted_at: Instant | None = None
    delta: Difference | None = None
    id: Reference | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        absolute, difference = self.units is not None, self.delta is not None
        if absolute == difference:
            raise ValueError("either units or delta")
        if absolute and self.counted_at is None:
            raise ValueError("units need counted_at, the instant when they were counted")
        if difference and (not self.id or self.counted_at is not None):
            raise ValueError("a delta needs an id, and no counted_at")
        return self


class Counts(BaseModel):
    """Counts of one location, up to 500 at a time, applied in the order given."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    counts: Annotated[list[Count], Field(min_length=1, max_length=MAX_ROWS)]


Outcome = Literal["applied", "repeated", "stale", "refused"]


class CountResult(Value):
    """What became of one row. `moved` is by how much the books moved, `on_hand` what they say now."""

    sku: str
    outcome: Outcome
    moved: int = 0
    on_hand: int | None = None
    code: str | None = None
    message: str | None = None


class CountResults(Value):
    """The results in the order of the rows."""

    results: tuple[CountResult, ...]


class Since(NamedTuple):
    """What the journal says of a position after an instant: units on hand that moved, and the newest count."""

    on_hand: int
    newest_count: str | None
    complete: bool = True
