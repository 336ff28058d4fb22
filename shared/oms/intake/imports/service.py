"""Import jobs: begin one, cut its file, take in its chunks, say how it goes, and end it.

The file's arrival and the chunks are messages of one queue, so whatever a crash leaves undone comes again: a job is
cut anew into the same chunks, a chunk that is settled is not counted again, and an order is one for ever.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import unquote_plus

from oms.aws.queues import Queue
from oms.intake.imports.cutting import Cutter
from oms.intake.imports.model import (
    COUNTED,
    GOES_ON,
    Chunk,
    ImportPage,
    ImportQuery,
    ImportStarted,
    ImportView,
    Job,
    NewImport,
    OrderResult,
    Progress,
    ResultsLink,
    Status,
    Upload,
)
from oms.intake.imports.reading import Entry, read_csv, read_ndjson
from oms.intake.imports.store import UPLOADS, FileStore, JobStore
from oms.intake.imports.taking import Taker, take_all
from oms.intake.service import TRIES, IntakeDesk, pause
from oms.kernel.errors import ConflictError, Fault, NotFoundError, RejectedError, StateError, TransientError, Why
from oms.kernel.ids import derive_id
from oms.kernel.time import Clock, to_text
from oms.reference.model import Channel
from oms.reference.store import ReferenceStore

_CANONICAL = "canonical"
UPLOAD_FOR = timedelta(hours=1)
RESULTS_FOR = timedelta(minutes=15)
_PLANNED: tuple[Any, ...] = ("planning", "running")


@dataclass(frozen=True)
class ImportDesk:
    """The collaborators of those who ask for imports."""

    reference: ReferenceStore
    jobs: JobStore
    files: FileStore
    clock: Clock


@dataclass(frozen=True)
class ImportWorks(ImportDesk):
    """The collaborators of those who run them."""

    intake: IntakeDesk
    queue: Queue


class QueueMessage(Protocol):
    """A message of the queue: its id and its JSON document."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Any: ...


def start_import(request: NewImport, *, key: str, by: str, desk: ImportDesk) -> ImportStarted:
    """A job that waits for its file; the same key of the same caller names the same job.

    Raises:
        NotFoundError: code `unknown_channel`.
        RejectedError: code `channel_not_canonical`; or `idempotency_key_reused`: the key names another request.
    """
    if _channel(request.channel, desk).kind != _CANONICAL:
        raise RejectedError(f"{request.channel} has messages of its own", code="channel_not_canonical")
    at = desk.clock()
    job = Job(id=derive_id("imp", by, key), request=request, by=by, created_at=to_text(at))
    desk.jobs.create(job, at)
    found = desk.jobs.get(job.id)
    if found.job.request != request:
        raise RejectedError("the key was used for another import", code="idempotency_key_reused")
    url = desk.files.upload_link(job.id, expires_s=int(UPLOAD_FOR.total_seconds()))
    return ImportStarted(
        import_id=job.id, status=found.status, upload=Upload(url=url, expires_at=to_text(at + UPLOAD_FOR))
    )


def read_import(import_id: str, *, desk: ImportDesk) -> ImportView:
    """How far a job is.

    Raises:
        NotFoundError: no such job.
    """
    return _view(desk.jobs.get(import_id))


def list_imports(channel: str, query: ImportQuery, *, desk: ImportDesk) -> ImportPage:
    """The imports of a channel, those of dropped files too, newest first."""
    found = desk.jobs.page(channel, before=query.before, limit=query.limit)
    more = found[-1][0] if len(found) == query.limit else None
    return ImportPage(imports=[_view(each) for _, each in found], next_before=more)


def _view(found: Progress) -> ImportView:
    job, request = found.job, found.job.request
    return ImportView(
        import_id=job.id,
        channel=request.channel,
        format=request.format,
        dry_run=request.dry_run,
        on_error=request.on_error,
        max_errors=request.max_errors,
        status=found.status,
        why=found.why,
        faults=list(found.faults),
        orders=found.orders,
        file_name=job.file_name,
        created_at=job.created_at,
        finished_at=found.finished_at,
        **found.counts,
    )


def cancel_import(import_id: str, *, by: str, desk: ImportDesk) -> ImportView:
    """Begin no further chunk; orders that were taken stay. Repeating it changes nothing.

    Raises:
        NotFoundError: no such job.
        StateError: it has ended otherwise.
    """
    _end(import_id, "cancelled", f"cancelled by {by}", desk)
    view = read_import(import_id, desk=desk)
    if view.status != "cancelled":
        text = f"the import is {view.status} already"
        raise StateError.because(Why("import_ended", text, "cancel its orders one by one"))
    return view


def link_results(import_id: str, *, desk: ImportDesk) -> ResultsLink:
    """Where the results can be fetched.

    Raises:
        NotFoundError: no such job.
        StateError: it is not finished, or ended before an order was read.
    """
    found = desk.jobs.get(import_id)
    if found.finished_at is None:
        text = f"the import is {found.status}, and its results are written at its end"
        raise StateError.because(Why("import_not_finished", text, "ask again when it has a finished_at"))
    if found.chunks is None:
        text = f"the import is {found.status} and no order of its file was read: there are no results"
        possible = "see `why` and `faults` of the import, mend the file, and begin a new import under a new key"
        raise StateError.because(Why("import_without_results", text, possible))
    url = desk.files.results_link(import_id, expires_s=int(RESULTS_FOR.total_seconds()))
    return ResultsLink(url=url, expires_at=to_text(desk.clock() + RESULTS_FOR))


def run_imports(messages: Iterable[QueueMessage], *, desk: ImportWorks) -> dict[str, Exception]:
    """Work off what the queue says: files that have come, and chunks. The errors by message id."""
    errors: dict[str, Exception] = {}
    for message in messages:
        try:
            for import_id in uploads_in(message.document):
                cut_file(import_id, desk=desk)
            if "import_id" in message.document:
                run_chunk(Chunk.model_validate(message.document), desk=desk)
        except (RejectedError, TransientError) as error:
            errors[message.id] = error
    return errors


def uploads_in(document: Mapping[str, Any]) -> Iterator[str]:
    """The jobs whose files a notification of the bucket names; none for its test message."""
    for record in document.get("Records") or []:
        key = unquote_plus(record.get("s3", {}).get("object", {}).get("key", ""))
        if key.startswith(UPLOADS):
            yield key.removeprefix(UPLOADS)


def cut_file(import_id: str, *, desk: ImportWorks) -> list[Chunk]:
    """Look the whole file through, then put its chunks on the queue. A file that cannot be read begins nothing.

    Returns:
        The chunks that were put there.

    Raises:
        NotFoundError: no such job or file.
        TransientError: again, from the beginning.
    """
    found = desk.jobs.get(import_id)
    job = found.job
    try:
        etag, blocks = desk.files.blocks(import_id)
    except NotFoundError:
        if found.status in GOES_ON:
            raise
        return _give_up(found, desk)
    try:
        cutter = Cutter(import_id, blocks, is_csv=job.request.format == "csv")
        chunks = list(cutter.cut())
    except RejectedError as error:
        _fail(import_id, error, desk)
        return []
    if not desk.jobs.begin(job.model_copy(update={"layout": cutter.layout, "etag": etag})):
        _end_if_settled(import_id, desk)  # its last chunk may have been faster than whoever cut it and was lost
        return _give_up(desk.jobs.get(import_id), desk)
    desk.queue.send_all(chunk.model_dump() for chunk in chunks)
    desk.jobs.planned(import_id, orders=cutter.orders, chunks=cutter.chunks)
    _end_if_settled(import_id, desk)
    return chunks


def run_chunk(chunk: Chunk, *, desk: ImportWorks) -> None:
    """Take in the orders of a chunk, write their results, and count them once.

    Raises:
        NotFoundError: no such job.
        TransientError: again; what was taken is known.
    """
    if not desk.jobs.is_settled(chunk):
        found = desk.jobs.get(chunk.import_id)
        results = _results(chunk, found, desk)
        lines = "".join(result.model_dump_json(exclude_defaults=True) + "\n" for result in results)
        desk.files.write_results(chunk, lines.encode())
        counts = {outcome: sum(result.outcome == outcome for result in results) for outcome in COUNTED}
        _settle(chunk, {name: count for name, count in counts.items() if count}, desk)
    _end_if_settled(chunk.import_id, desk)


def _results(chunk: Chunk, found: Progress, desk: ImportWorks) -> list[OrderResult]:
    job = found.job
    channel = _channel(job.request.channel, desk)
    taker = Taker(channel, f"import:{job.id}", job.request.dry_run, desk.intake)
    try:
        entries = _entries(chunk, job, desk)
    except NotFoundError as error:
        _fail(job.id, error, desk)
        return [OrderResult(row=chunk.row, outcome="skipped") for _ in range(chunk.orders)]
    if found.status not in GOES_ON:
        return taker.skipped(entries)
    before = found.counts["refused"]
    bears = found.bears
    results, stopped = take_all(
        entries,
        taker,
        stop=lambda refused: bears is not None and before + refused > bears,
        ended=lambda: desk.jobs.get(job.id).status not in GOES_ON,
    )
    if stopped:
        desk.jobs.move(job.id, "stopped", since=_PLANNED, why="more orders were refused than the job bears")
    return results


def _entries(chunk: Chunk, job: Job, desk: ImportWorks) -> list[Entry]:
    raw = desk.files.piece(job.id, job.etag or "", chunk.start, chunk.end)
    channel = job.request.channel
    if job.request.format == "csv":
        return list(read_csv(raw, job.layout, channel=channel, first_row=chunk.row))
    return list(read_ndjson(raw, channel=channel, first_row=chunk.row))


def _end_if_settled(import_id: str, desk: ImportWorks) -> None:
    """Join the results, say that it is finished, and remove the file: each of these may be done twice."""
    found = desk.jobs.get(import_id)
    if not found.is_settled:
        return
    if found.finished_at is None:
        desk.files.join_results(import_id, found.chunks or 0)
        desk.jobs.finish(import_id, desk.clock())
    desk.files.remove(import_id)


def _settle(chunk: Chunk, counts: Mapping[str, int], desk: ImportWorks) -> None:
    """Count a chunk. Those of an ended job are done at one moment: who loses the race for the job's row tries again."""
    for attempt in range(1, TRIES + 1):
        try:
            desk.jobs.settle(chunk, counts, desk.clock())
        except ConflictError:
            if attempt == TRIES:
                raise
            pause(attempt)
        else:
            return
    raise AssertionError("unreachable: the last try returns or raises")


def _fail(import_id: str, error: RejectedError, desk: ImportWorks) -> None:
    _end(import_id, "failed", str(error), desk, faults=error.faults or (Fault("file", str(error)),))
    _end_if_settled(import_id, desk)
    desk.files.remove(import_id)


def _end(import_id: str, how: Status, why: str, desk: ImportDesk, *, faults: Iterable[Fault] = ()) -> None:
    """Begin nothing more. A job of which nothing was begun is finished with that, any other with its last chunk."""
    at = to_text(desk.clock())
    if not desk.jobs.move(import_id, how, since=("waiting",), why=why, faults=faults, finished_at=at):
        desk.jobs.move(import_id, how, since=_PLANNED, why=why, faults=faults)


def _give_up(found: Progress, desk: ImportWorks) -> list[Chunk]:
    """The file of a job that has ended is not needed, and one that nobody cut to the end is finished with that."""
    if found.status not in GOES_ON and found.chunks is None:
        desk.jobs.finish(found.job.id, desk.clock())
        desk.files.remove(found.job.id)
    return []


def _channel(name: str, desk: ImportDesk) -> Channel:
    channel = desk.reference.channels().get(name)
    if channel is None:
        raise NotFoundError("there is no such channel", code="unknown_channel")
    return channel
