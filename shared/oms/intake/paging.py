"""Lists that change while they are read: go on from the last change seen, not from a page number.

By page numbers, an order that changes while we read leaves its page, the rest moves up, and one is passed over.
Numbers are used only inside of one instant, where more orders changed than a page holds.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """Where a list goes on: at changes from `since`, on this page of them (from 1)."""

    since: str
    page: int = 1

    @classmethod
    def of(cls, cursor: str | None, since: str) -> "Place":
        """The place of a cursor; the beginning without one."""
        if cursor is None:
            return cls(since)
        start, _, page = cursor.rpartition("|")
        return cls(start, int(page))

    def after(self, changed: Sequence[str], size: int) -> str | None:
        """The cursor behind a page with changes of these times, oldest first; None when it was the last."""
        if len(changed) < size:
            return None
        following = Place(changed[-1]) if changed[-1] > self.since else Place(self.since, self.page + 1)
        return f"{following.since}|{following.page}"
