"""The histories of positions, walked back along the entries of the journal: of one, or of several side by side."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from oms.inventory.model import Entry, Position, PositionKey, Posting

Entries = Callable[[Sequence[str]], Mapping[str, Entry]]


def walked(position: Position, entry: Callable[[str], Entry | None], limit: int) -> Iterator[tuple[Entry, Posting]]:
    """The last movements of a position with their entries, newest first; `limit` entries at most, read as needed."""
    name = position.entry
    for _ in range(limit):
        found = entry(name) if name else None
        if found is None:
            return
        own = [one for one in found.postings if (one.sku, one.location) == position.key]
        yield from ((found, posting) for posting in reversed(own))
        name = own[0].before


def looked_back(
    positions: Iterable[Position], entries: Entries, *, hops: int, found: Callable[[Posting], bool]
) -> dict[PositionKey, list[Posting]]:
    """The last movements of each position, newest first, back to the one that is `found`, or over `hops` entries.

    The entries of all that are still looked through are read together: as many reads as the longest way back has hops.
    """
    names = {position.key: position.entry for position in positions}
    seen: dict[PositionKey, list[Posting]] = {key: [] for key in names}
    for _ in range(hops):
        wanted = sorted({name for name in names.values() if name})
        read = entries(wanted) if wanted else {}
        for key, name in names.items():
            entry = read.get(name or "")
            own = [one for one in entry.postings if (one.sku, one.location) == key] if entry else []
            names[key] = own[0].before if own else None
            for posting in reversed(own):
                seen[key].append(posting)
                if found(posting):
                    names[key] = None
                    break
        if not any(names.values()):
            break
    return seen
