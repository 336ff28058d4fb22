"""A day of the calendar, as the API takes it."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field


def _is_day(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_is_day)]
