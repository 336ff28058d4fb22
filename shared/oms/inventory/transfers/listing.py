"""List transfers by location, direction and state."""

from itertools import islice
from typing import NamedTuple

from oms.inventory.transfers.desk import TransferDesk
from oms.inventory.transfers.model import ENDED, Direction, Phase, Status, TransferPage, view_of
from oms.kernel.errors import MalformedError


class Asked(NamedTuple):
    """Which transfers; `bound` are the locations of who asks, None: all. Without a state: those that have not ended."""

    location: str | None
    direction: Direction | None
    status: Status | None
    bound: frozenset[str] | None


def list_transfers(asked: Asked, *, cursor: str | None, limit: int, desk: TransferDesk) -> TransferPage:
    """A page of transfers, location by location, the newest first; one between two of the locations is shown once.

    Raises:
        MalformedError: code `bad_cursor`: not a cursor of this list.
    """
    places = _places(asked, desk)
    begin, after = _begin(cursor, places)
    phase: Phase = "ended" if asked.status in ENDED else "open"
    leaving = {name for name, way in places if way == "outgoing"}
    rows = (
        (f"{way}#{name}#{at}", found)
        for number, (name, way) in enumerate(places[begin:])
        for at, found in desk.transfers.listed(way, name, phase, before=None if number else after)
        if asked.status in (None, found.status) and not (way == "incoming" and found.source in leaving)
    )
    page = list(islice(rows, limit + 1))
    return TransferPage(
        transfers=tuple(view_of(found) for _, found in page[:limit]),
        next_cursor=page[limit - 1][0] if len(page) > limit else None,
    )


def _places(asked: Asked, desk: TransferDesk) -> list[tuple[str, Direction]]:
    """The lists to be read: each transfer leaves one place, so who sees all places needs no list of what arrives."""
    names = asked.bound if asked.bound is not None else frozenset(desk.locations())
    if asked.location is not None:
        names &= {asked.location}
    ways: tuple[Direction, ...] = ("outgoing", "incoming")
    if asked.direction is not None:
        ways = (asked.direction,)
    elif asked.bound is None and asked.location is None:
        ways = ("outgoing",)
    return [(name, way) for name in sorted(names) for way in ways]


def _begin(cursor: str | None, places: list[tuple[str, Direction]]) -> tuple[int, str | None]:
    if cursor is None:
        return 0, None
    way, _, rest = cursor.partition("#")
    name, _, after = rest.partition("#")
    found = [number for number, place in enumerate(places) if place == (name, way)]
    if not found or not after:
        raise MalformedError("not a cursor of this list", code="bad_cursor")
    return found[0], after
