"""A what-if: the orders of some past days, sourced again under another strategy, beside what happened."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.allocation.sourcing.strategy import Strategy, StrategyName

Status = Literal["running", "completed", "cancelled", "failed"]
Phase = Literal["collect", "rewind", "replay"]
MAX_DAYS = 90


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewWhatIf(BaseModel):
    """Try a strategy on the orders of the last `days`: its draft, or (`version`) what was published once."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    strategy: StrategyName = "default"
    version: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 7


class Tally(_Kept):
    """Sums over orders. Money in minor units of the settling currency, distance by parcel.

    `late_days` are days after the promise, of the last parcel of an order; `short_units` those that nobody shipped at
    once. `split` orders ship from more than one location, `short` orders not whole.
    """

    orders: int = 0
    shipping_minor: int = 0
    handling_minor: int = 0
    parcels: int = 0
    parcel_km: int = 0
    late: int = 0
    late_days: int = 0
    split: int = 0
    short: int = 0
    units: int = 0
    short_units: int = 0

    def plus(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in Tally.model_fields})

    @property
    def cost_minor(self) -> int:
        return self.shipping_minor + self.handling_minor


class Pair(_Kept):
    """The same orders as they went, and as the strategy would have had them go."""

    happened: Tally = Tally()
    tried: Tally = Tally()

    def plus(self, happened: Tally, tried: Tally) -> "Pair":
        return Pair(happened=self.happened.plus(happened), tried=self.tried.plus(tried))


class Share(_Kept):
    """Units that a location shipped."""

    happened: int = 0
    tried: int = 0


class ByFallback(_Kept):
    """Units that a fallback took, of how many orders, and the freight and handling of those that it ships."""

    orders: int = 0
    units: int = 0
    cost_minor: int = 0

    def plus(self, other: "ByFallback") -> "ByFallback":
        return ByFallback(**{name: getattr(self, name) + getattr(other, name) for name in ByFallback.model_fields})


class FallbackShare(_Kept):
    """What a fallback did in both courses."""

    happened: ByFallback = ByFallback()
    tried: ByFallback = ByFallback()


class Results(_Kept):
    """All orders, by the day of their decision (UTC), by location, and by fallback for what nobody could ship.

    `same_inputs` of the `replayed` decisions were replayed from exactly what they were made from (by hash, under what
    happened), `changed` orders ship otherwise. `left_out` orders have no decision that is kept.
    """

    total: Pair = Pair()
    days: Mapping[str, Pair] = {}
    locations: Mapping[str, Share] = {}
    fallbacks: Mapping[str, FallbackShare] = {}
    replayed: int = 0
    same_inputs: int = 0
    changed: int = 0
    left_out: int = 0


class Job(_Kept):
    """What is decided once: which strategy, as it was then, on the orders of which time (UTC)."""

    id: str
    request: NewWhatIf
    strategy: Strategy
    since: str
    until: str
    by: str
    created_at: str


class Progress(NamedTuple):
    """A job and where it stands: pieces done, hours of three walks over its time that are done."""

    job: Job
    status: Status
    piece: int
    hours: int
    why: str | None = None
    finished_at: str | None = None
    results: Results | None = None


class Piece(BaseModel):
    """The next piece of a job's work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what_if_id: str
    piece: int


class Spot(BaseModel):
    """A position in both courses of events. `version` is how it was read: the journal after that is not undone.

    `channels` are own units of single channels, as they are now.
    """

    version: int
    happened: int
    tried: int
    channels: tuple[tuple[str, int], ...] = ()


class State(BaseModel):
    """Everything that the next piece goes on from.

    `taken` is what an order takes in the tried course, by SKU and location, and `waits` what it still waits for there;
    `workload` what is given out of days. `asked`: by what movements of transfers are for, the order that asked for
    them; `instead`: by order, what substitutes are sent instead of.
    `late` are orders whose decision comes after the hour in which they came in.
    """

    phase: Phase = "collect"
    hour: str
    skus: set[str] = set()
    spots: dict[str, dict[str, Spot]] = {}
    taken: dict[str, dict[str, dict[str, int]]] = {}
    waits: dict[str, dict[str, int]] = {}
    asked: dict[str, str] = {}
    instead: dict[str, dict[str, str]] = {}
    workload: dict[str, dict[str, tuple[int, int, int]]] = {}
    late: list[str] = []
    read_at: str | None = None
    results: Results = Results()


class WhatIfView(BaseModel):
    """How far a what-if is: hours done of `hours`; and, at its end, its results."""

    what_if_id: str
    status: Status
    why: str | None = None
    strategy: str
    version: int
    draft: bool
    days: int
    since: str
    until: str
    hours_done: int
    hours: int
    created_at: str
    finished_at: str | None = None
    results: Results | None = None


class PictureLinks(BaseModel):
    """Where the picture of the results can be fetched."""

    svg_url: str
    png_url: str
    expires_at: str
