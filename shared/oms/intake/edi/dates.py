"""Dates of documents: six or eight digits, with a time or without; they carry no zone, so UTC is taken."""

from datetime import UTC, datetime, timedelta

from oms.kernel.time import to_text

_FORMATS = {6: "%y%m%d", 8: "%Y%m%d", 10: "%y%m%d%H%M", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DAY = {6, 8}


def instant_of(text: str, *, end: bool = False) -> str | None:
    """The instant as UTC text; `end` of the day where only a day is given. None when it is no date."""
    if not text.isascii() or not text.isdigit() or len(text) not in _FORMATS:
        return None
    try:
        # No zone is sent; the time is taken as UTC.
        instant = datetime.strptime(text, _FORMATS[len(text)]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return to_text(instant + timedelta(days=1, seconds=-1) if end and len(text) in _DAY else instant)
