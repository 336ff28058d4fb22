"""Instants are UTC, always; a calendar or cut-off is computed in the place's own time zone."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of production. Tests pass their own."""
    return datetime.now(UTC)


def to_text(instant: datetime) -> str:
    """`2026-11-23T05:14:56.123Z`: sorts as text, milliseconds always present.

    Raises:
        ValueError: the instant carries no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The inverse of `to_text`; accepts any ISO 8601 instant with an offset.

    Raises:
        ValueError: not ISO 8601, no offset, or in UTC outside the years 1 to 9999.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None
