"""The limits of a location and how full its days are, as people see them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.text import Remark
from oms.reference.model import MOST_DAYS_AHEAD

_Most = Annotated[int, Field(ge=0, le=10_000_000)]


class PutLimits(BaseModel):
    """How much work the location takes a day; 0: any number. Work that a day has no room for may be given it for later.

    `days_ahead`: of the working days after the one at hand, how many may be given out; 0: that day alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    daily_orders: _Most = 0
    daily_lines: _Most = 0
    daily_units: _Most = 0
    days_ahead: Annotated[int, Field(ge=0, le=MOST_DAYS_AHEAD)] = 0
    note: Remark | None = None


class LimitsView(BaseModel):
    """The limits in force. `version` 0: they are those that the location was set up with."""

    location: str
    version: int
    daily_orders: int
    daily_lines: int
    daily_units: int
    days_ahead: int
    by: str | None = None
    at: str | None = None
    note: str | None = None


class LimitsPage(BaseModel):
    """What was ever in force, the newest first; `next_before` is there while there may be more."""

    limits: list[LimitsView]
    next_before: int | None = None


class LimitsQuery(BaseModel):
    """Which versions: those below `before` (a `next_before`), `limit` at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25


class Amount(BaseModel):
    """Orders, lines and units."""

    orders: int
    lines: int
    units: int


class DayView(BaseModel):
    """A working day: what of it is given out, and what it takes (0: any number)."""

    on: str
    given_out: Amount
    takes: Amount
    full: bool


class WorkloadView(BaseModel):
    """The working days of a location from the one at hand on. Work of a location without limits is not counted."""

    location: str
    limited: bool
    days: list[DayView]


class WorkloadQuery(BaseModel):
    """How many working days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1, le=30)] = 5
