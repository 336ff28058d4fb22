"""What is decided about orders that wait for an item, as people see and set it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from oms.inventory.days import within_reach
from oms.kernel.text import Remark
from oms.reference.model import MayWait, WaitKind

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written(day: object) -> object:
    """A date is a text; a number of seconds is none."""
    if day is not None and not (isinstance(day, str) and _DAY.fullmatch(day)):
        raise ValueError("must be a date such as 2026-12-24")
    return day


def _near(day: date | None) -> date | None:
    return within_reach(day) if day else None


_Day = Annotated[date | None, Field(strict=False), BeforeValidator(_written), AfterValidator(_near)]
_Cap = Annotated[int, Field(ge=0, le=100_000_000)]


class PutWaiting(MayWait):
    """Who may wait for the item, until when, and how many units at a time: in all, by channel, by location."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    cap: _Cap | None = None
    release_on: _Day = None
    until: _Day = None
    latest_days: Annotated[int, Field(ge=0, le=3_650)] | None = None
    channels: Annotated[Mapping[str, WaitKind], Field(max_length=200)] = {}
    channel_caps: Annotated[Mapping[str, _Cap], Field(max_length=200)] = {}
    locations: Annotated[Mapping[str, _Cap], Field(max_length=1_000)] = {}
    note: Remark | None = None

    @property
    def terms(self) -> MayWait:
        return MayWait(**self.model_dump(exclude={"note"}))


class WaitingPolicyView(BaseModel):
    """What is in force. `version` 0: what the catalogue says of the item."""

    sku: str
    version: int
    terms: MayWait
    by: str | None = None
    at: str | None = None
    note: str | None = None


class WaitingNow(WaitingPolicyView):
    """The same with the units that wait at this moment, in all and by the channel of their orders."""

    waiting_units: int
    waiting_by_channel: Mapping[str, int]


class WaitingPolicyPage(BaseModel):
    """What was ever in force, the newest first; `next_before` is there while there may be more."""

    policies: list[WaitingPolicyView]
    next_before: int | None = None


class WaitingPolicyQuery(BaseModel):
    """Which versions: those below `before` (a `next_before`), `limit` at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
