"""Count files of locations, dropped in the files bucket: taken in piece by piece, each piece one message.

A piece is safe to repeat, since every row is; the message that names the next piece is sent when this one is done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, ValidationError

from oms.inventory.counts.model import MAX_ROWS, Count, CountResult
from oms.inventory.counts.reading import Piece, Row, read_piece
from oms.inventory.counts.service import StocktakingDesk, take_counts
from oms.inventory.counts.store import Drop, DropFolder
from oms.kernel.errors import MalformedError, RejectedError, TransientError
from oms.kernel.json import write_json

PIECE_BYTES = 128_000  # more than MAX_ROWS rows of usual length
_TOLD = ("stale", "refused")


class QueueMessage(Protocol):
    """A message of the queue: its id and its JSON document."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Any: ...


class CountPlace(BaseModel):
    """Where in a file to go on: the message that we send ourselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    etag: str
    offset: int = 0
    line: int = 1
    header: tuple[str, ...] | None = None


@dataclass(frozen=True)
class CountDesk:
    """The collaborators of those who take count files in."""

    folder: DropFolder
    stocktaking: StocktakingDesk
    send: Callable[[Any], None]


def take_count_files(messages: Iterable[QueueMessage], *, desk: CountDesk) -> dict[str, Exception]:
    """Take in the pieces that messages name, the first of a file being its notification; the errors by message id."""
    errors: dict[str, Exception] = {}
    for message in messages:
        try:
            for place in _places(message.document, desk):
                take_piece(place, desk=desk)
        except (RejectedError, TransientError) as error:
            errors[message.id] = error
    return errors


def take_piece(place: CountPlace, *, desk: CountDesk) -> None:
    """Take one piece in, write down what was not applied, and ask for the next piece or remove the file.

    Raises:
        RejectedError: nobody's location, or no file of counts: a person must look, the file stays where it is.
        TransientError: again, from this piece on.
    """
    drop = desk.folder.drop_of(place.key, place.etag)
    if drop is None:
        raise MalformedError(f"{place.key} is no count file", code="malformed")
    if not desk.stocktaking.known(drop.location):
        raise MalformedError(f"there is no location {drop.location}", code="not_found")
    raw, last = desk.folder.read(drop, place.offset, PIECE_BYTES)
    if raw is None:
        return  # taken already, or another file took its name: that one has a notification of its own
    piece = read_piece(raw, last=last, first_line=place.line, header=place.header, limit=MAX_ROWS)
    results = _apply(drop, piece, desk)
    desk.folder.tell(drop, place.line, [_told(row, result) for row, result in results if _is_told(result)])
    if last and piece.used == len(raw):
        desk.folder.remove(drop)
        return
    following = place.model_copy(
        update={"offset": place.offset + piece.used, "line": place.line + piece.lines, "header": piece.header}
    )
    desk.send({"piece": following.model_dump(mode="json")})


def _places(document: Mapping[str, Any], desk: CountDesk) -> list[CountPlace]:
    if "piece" in document:
        try:
            return [CountPlace.model_validate(document["piece"])]
        except ValidationError as error:
            raise MalformedError("not a place in a count file") from error
    keys = [
        unquote_plus(record.get("s3", {}).get("object", {}).get("key", "")) for record in document.get("Records") or []
    ]
    tags = [(key, desk.folder.etag_of(key)) for key in keys]
    return [CountPlace(key=key, etag=etag) for key, etag in tags if etag is not None]


def _apply(drop: Drop, piece: Piece, desk: CountDesk) -> list[tuple[Row, CountResult]]:
    readable: list[tuple[Row, Count]] = [(row, row.given) for row in piece.rows if row.given is not None]
    results: dict[int, CountResult] = {
        row.number: CountResult(sku="", outcome="refused", code="invalid", message=row.problem)
        for row in piece.rows
        if row.given is None
    }
    if readable:
        counts = [count for _, count in readable]
        by = f"location:{drop.location}"
        taken = take_counts(drop.location, counts, by=by, desk=desk.stocktaking).results
        results |= {row.number: result for (row, _), result in zip(readable, taken, strict=True)}
    return [(row, results[row.number]) for row in piece.rows]


def _is_told(result: CountResult) -> bool:
    return result.outcome in _TOLD or bool(result.missing or result.unknown)


def _told(row: Row, result: CountResult) -> str:
    return write_json({"row": row.number, **result.model_dump(exclude_none=True, exclude_defaults=True)})
