"""What-ifs: ask for one, see how far it is, cancel it, fetch its picture; and the pieces of its work.

A piece goes on from what the one before it left, which is written before the job moves on: whoever dies in between is
followed by somebody who does the piece again, to the same end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from pydantic import ValidationError

from oms.allocation.sourcing.strategy import Strategy
from oms.allocation.whatif.drawing import as_png, as_svg
from oms.allocation.whatif.model import Job, NewWhatIf, PictureLinks, Piece, Progress, State, WhatIfView
from oms.allocation.whatif.picture import drawn
from oms.allocation.whatif.store import WhatIfFiles, WhatIfStore
from oms.allocation.whatif.walking import Sources, begin, hours_of, walk
from oms.kernel.errors import MalformedError, NotFoundError, RejectedError, StateError, TransientError
from oms.kernel.ids import derive_id
from oms.kernel.time import Clock, to_text
from oms.reference.editions import EditionStore

PICTURE_FOR = timedelta(minutes=15)
ENOUGH = 2_000  # orders and entries of the journal that a piece looks at: well within the function's time


@dataclass(frozen=True)
class WhatIfDesk:
    """The collaborators of those who ask. `send` puts a piece on the queue."""

    jobs: WhatIfStore
    files: WhatIfFiles
    strategies: EditionStore[Strategy]
    send: Callable[[object], None]
    clock: Clock


@dataclass(frozen=True)
class WhatIfWorks:
    """The collaborators of those who do the work. `currency` is that of the rate cards, empty for several."""

    desk: WhatIfDesk
    sources: Sources
    currency: Callable[[], str]
    enough: int = ENOUGH


class QueueMessage(Protocol):
    """A message of the queue: its id and its JSON document."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Any: ...


def start_what_if(request: NewWhatIf, *, key: str, by: str, desk: WhatIfDesk) -> WhatIfView:
    """Begin a what-if with the strategy as it is now; the same key of the same caller names the same one.

    Raises:
        NotFoundError: there is no such draft or version.
        RejectedError: code `idempotency_key_reused`: the key names another request.
    """
    job_id = derive_id("wif", by, key)
    try:
        found = desk.jobs.get(job_id)
    except NotFoundError:
        desk.jobs.create(_job(job_id, request, by, desk), desk.clock())
        found = desk.jobs.get(job_id)
    if found.job.request != request:
        raise RejectedError("the key was used for another what-if", code="idempotency_key_reused")
    if found.status == "running":  # again: who died after the job was written had not sent it
        desk.send(Piece(what_if_id=job_id, piece=found.piece).model_dump())
    return _view(found)


def read_what_if(job_id: str, *, desk: WhatIfDesk) -> WhatIfView:
    """How far a what-if is, or what came out.

    Raises:
        NotFoundError: no such what-if.
    """
    return _view(desk.jobs.get(job_id))


def cancel_what_if(job_id: str, *, by: str, desk: WhatIfDesk) -> WhatIfView:
    """Begin no further piece. Repeating it changes nothing.

    Raises:
        NotFoundError: no such what-if.
        StateError: it has ended otherwise.
    """
    desk.jobs.get(job_id)
    desk.jobs.end(job_id, "cancelled", desk.clock(), why=f"cancelled by {by}")
    view = read_what_if(job_id, desk=desk)
    if view.status != "cancelled":
        raise StateError(f"the what-if is {view.status}")
    return view


def link_picture(job_id: str, *, desk: WhatIfDesk) -> PictureLinks:
    """Where the picture can be fetched.

    Raises:
        NotFoundError: no such what-if.
        StateError: it is not completed.
    """
    if desk.jobs.get(job_id).status != "completed":
        raise StateError("the what-if is not completed: its picture is drawn at the end")
    seconds = int(PICTURE_FOR.total_seconds())
    return PictureLinks(
        svg_url=desk.files.link(job_id, "svg", expires_s=seconds),
        png_url=desk.files.link(job_id, "png", expires_s=seconds),
        expires_at=to_text(desk.clock() + PICTURE_FOR),
    )


def run_what_ifs(messages: Iterable[QueueMessage], *, works: WhatIfWorks) -> dict[str, Exception]:
    """Work off the pieces that the queue brings; the errors by message id."""
    errors: dict[str, Exception] = {}
    for message in messages:
        try:
            run_piece(Piece.model_validate(message.document), works=works)
        except ValidationError as error:
            errors[message.id] = MalformedError(f"not a piece of a what-if: {error.error_count()} fault(s)")
        except (RejectedError, TransientError) as error:
            errors[message.id] = error
    return errors


def run_piece(piece: Piece, *, works: WhatIfWorks) -> None:
    """Do a piece and have the next one done, or end the job.

    A message that comes late finds its piece done, and sends for the next one, in case nobody could.

    Raises:
        NotFoundError: no such what-if.
        TransientError: again, from where the piece began.
    """
    desk = works.desk
    found = desk.jobs.get(piece.what_if_id)
    if found.status != "running":
        return
    if piece.piece < found.piece:
        desk.send(Piece(what_if_id=piece.what_if_id, piece=found.piece).model_dump())
        return
    state = desk.files.state(found.job.id, found.piece) if found.piece else begin(found.job)
    hours, is_done = walk(state, found.job, works.sources, enough=works.enough)
    if is_done:
        _finish(found.job, state, works)
        return
    desk.files.save_state(found.job.id, found.piece + 1, state)
    if desk.jobs.advance(found.job.id, found.piece, found.hours + hours):
        desk.send(Piece(what_if_id=found.job.id, piece=found.piece + 1).model_dump())


def _finish(job: Job, state: State, works: WhatIfWorks) -> None:
    desk, picture = works.desk, drawn(job, state.results, works.currency())
    desk.files.save_picture(job.id, "svg", as_svg(picture).encode())
    desk.files.save_picture(job.id, "png", as_png(picture))
    desk.jobs.end(job.id, "completed", desk.clock(), results=state.results)


def _job(job_id: str, request: NewWhatIf, by: str, desk: WhatIfDesk) -> Job:
    found = (
        desk.strategies.draft(request.strategy)
        if request.version is None
        else desk.strategies.version(request.strategy, request.version)
    )
    if found is None:
        raise NotFoundError("there is no such draft" if request.version is None else "there is no such version")
    now = desk.clock()
    since = (now - timedelta(days=request.days)).replace(minute=0, second=0, microsecond=0)
    return Job(
        id=job_id,
        request=request,
        strategy=found,
        since=to_text(since),
        until=to_text(now),
        by=by,
        created_at=to_text(now),
    )


def _view(found: Progress) -> WhatIfView:
    job, hours = found.job, hours_of(found.job)
    return WhatIfView(
        what_if_id=job.id,
        status=found.status,
        why=found.why,
        strategy=job.strategy.name,
        version=job.strategy.version,
        draft=job.request.version is None,
        days=job.request.days,
        since=job.since,
        until=job.until,
        hours_done=hours if found.status == "completed" else min(found.hours, hours),
        hours=hours,
        created_at=job.created_at,
        finished_at=found.finished_at,
        results=found.results,
    )
