"""How much work a location takes a day, and how much of it is given out."""

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

_Some = Annotated[int, Field(ge=0)]


class Load(NamedTuple):
    """Orders, lines and units. As a limit, 0 is none of that kind."""

    orders: int = 0
    lines: int = 0
    units: int = 0

    def plus(self, other: "Load") -> "Load":
        return Load(self.orders + other.orders, self.lines + other.lines, self.units + other.units)

    def has_room(self, limit: "Load") -> bool:
        """Whether anything more may be given out under a limit."""
        return all(not most or used < most for used, most in zip(self, limit, strict=True))

    def least(self, limit: "Load") -> "Load":
        """So much of it as a whole limit allows."""
        return Load(*(min(mine, most) if most else mine for mine, most in zip(self, limit, strict=True)))

    def fits(self, limit: "Load") -> bool:
        """Whether so much may be given out under a limit."""
        return all(not most or used <= most for used, most in zip(self, limit, strict=True))


class Workday(NamedTuple):
    """A day of a location, in its own time zone."""

    location: str
    on: str


class Counted(BaseModel):
    """What a fulfillment order takes of its location's day `on`, if need be `beyond` its limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: str
    orders: _Some
    lines: _Some
    units: _Some
    beyond: bool = False

    @property
    def load(self) -> Load:
        return Load(self.orders, self.lines, self.units)
