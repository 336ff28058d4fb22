"""A day of the calendar, as the API takes it."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)  # what is beyond means "unknown" to whoever writes it


def within_reach(day: date) -> date:
    """The day, if calendars can be counted from it.

    Raises:
        ValueError: it is a placeholder, such as 9999-12-31.
    """
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"must lie between {EARLIEST} and {LATEST}; leave out a date that is not known")
    return day


def _is_day(text: str) -> str:
    within_reach(date.fromisoformat(text))
    return text


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_is_day)]
