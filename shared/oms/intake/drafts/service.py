"""Write a draft, read it, delete it, submit it. What it says is kept sealed, without card numbers, for 30 days."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from oms.intake import service as intake
from oms.intake.drafts.model import MAX_BYTES, Draft, DraftView, OpenPoint, PutDraft, cards_in_names, read_order
from oms.intake.drafts.store import KEPT_S, DraftStore
from oms.intake.model import Submission
from oms.intake.rules import first_answer
from oms.intake.service import IntakeDesk
from oms.intake.store import Claim, scope_of
from oms.kernel.errors import (
    ConflictError,
    Fault,
    MalformedError,
    NotFoundError,
    RejectedError,
    StateError,
    TooLargeError,
    Why,
)
from oms.kernel.identifiers import CARD_NUMBER
from oms.kernel.json import read_json, write_json
from oms.kernel.time import Clock, to_text
from oms.reference.store import ReferenceStore

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CANONICAL = "canonical"
_SUBMITTED = Why("draft_submitted", "the draft has been submitted", "change or cancel its order")


class Envelopes(Protocol):
    """Takes card numbers out, seals and opens (context privacy)."""

    def redact_message(self, raw: bytes) -> bytes: ...
    def seal_message(self, message_id: str, raw: bytes) -> bytes: ...
    def read_message(self, message_id: str, sealed: bytes, *, purpose: str, by: str) -> bytes: ...
    def fingerprint(self, text: str) -> str: ...


@dataclass(frozen=True)
class DraftDesk:
    """The collaborators."""

    reference: ReferenceStore
    drafts: DraftStore
    envelopes: Envelopes
    intake: IntakeDesk
    clock: Clock


def put_draft(channel: str, draft_id: str, put: PutDraft, *, by: str, desk: DraftDesk) -> DraftView:
    """Write a draft over the version that the caller has seen; the same content once more is no other version.

    Raises:
        ConflictError: it is at another version.
        StateError: it has been submitted.
        TooLargeError: more than 200 KB.
        NotFoundError, RejectedError: no such channel, or none that takes drafts.
        RejectedError: code `card_number`: an identifier or a key carries one.
    """
    _check(channel, draft_id, desk)
    faults = cards_in_names(channel, draft_id, put.order)
    if faults:
        raise RejectedError("a name carries a card number", code=CARD_NUMBER, faults=faults)
    raw = desk.envelopes.redact_message(_bounded(write_json(put.order).encode()))
    now = desk.clock()
    draft = Draft(
        channel=channel,
        draft_id=draft_id,
        version=put.version + 1,
        status="open",
        box=None,
        content_hash=desk.envelopes.fingerprint(raw.decode()),
        by=by,
        at=to_text(now),
        expires_s=int(now.timestamp()) + KEPT_S,
    )
    draft = draft._replace(box=desk.envelopes.seal_message(draft.name, _bounded(raw)))
    if not desk.drafts.put(draft, now):
        draft = _there_already(draft, desk, now)
    return _view(draft, read_json(raw))


def _there_already(draft: Draft, desk: DraftDesk, now: datetime) -> Draft:
    """What is there, when it is this very write, whose answer was lost."""
    found = desk.drafts.find(draft.channel, draft.draft_id, now)
    if found is not None and found.status == "submitted":
        raise StateError.because(_SUBMITTED)
    if found is None or (found.version, found.content_hash) != (draft.version, draft.content_hash):
        raise ConflictError(f"the draft is at version {found.version if found else 0}")
    return found


def read_draft(channel: str, draft_id: str, *, by: str, desk: DraftDesk) -> DraftView:
    """A draft and what it still lacks; that it was read is logged.

    Raises:
        NotFoundError: no such channel or draft, or it has expired.
    """
    _check(channel, draft_id, desk)
    draft = _found(channel, draft_id, desk)
    return _view(draft, _content(draft, by, desk) if draft.box is not None else None)


def delete_draft(channel: str, draft_id: str, *, desk: DraftDesk) -> None:
    """Delete a draft; one that is not there is deleted already.

    Raises:
        StateError: it has been submitted.
    """
    _check(channel, draft_id, desk)
    if not desk.drafts.delete(channel, draft_id, desk.clock()):
        raise StateError.because(_SUBMITTED)


def submit_draft(channel: str, draft_id: str, *, by: str, request_id: str, desk: DraftDesk) -> Submission:
    """Make an order of a draft, once: submitted again it is answered the same.

    The order is stored first, and the draft marked after it. When that mark is lost, the next call finds the order by
    its natural key and makes it good.

    Raises:
        RejectedError: code `invalid`, one fault per open point; or why intake refuses the order.
        NotFoundError: no such channel or draft, or it has expired.
    """
    _check(channel, draft_id, desk)
    draft = _found(channel, draft_id, desk)
    if draft.order_id is not None:
        return Submission(first_answer(desk.intake.orders.get(draft.order_id)), replayed=True)
    new, faults = read_order(channel, draft_id, _content(draft, by, desk))
    if new is None:
        raise RejectedError(f"{len(faults)} field(s) are not valid", code="invalid", faults=faults)
    # The content is part of the key: a draft that was corrected is not held up by a lost process's claim.
    scope = scope_of("drafts", "POST", f"{channel}/{draft_id}", draft.content_hash)
    done = intake.submit_order(new, claim=Claim(scope, request_id), by=by, desk=desk.intake)
    desk.drafts.submitted(draft, done.answer.order_id, desk.clock())
    return done


def _check(name: str, draft_id: str, desk: DraftDesk) -> None:
    channel = desk.reference.channels().get(name)
    if channel is None:
        raise NotFoundError("there is no such channel", code="unknown_channel")
    if channel.kind != _CANONICAL:
        raise RejectedError(f"{name} takes signed webhooks only", code="channel_not_canonical")
    if not _NAME.fullmatch(draft_id):
        raise MalformedError("this is no name of a draft", faults=[Fault("draft_id", f"must match {_NAME.pattern}")])


def _bounded(raw: bytes) -> bytes:
    if len(raw) > MAX_BYTES:
        raise TooLargeError(f"the order is larger than {MAX_BYTES} bytes")
    return raw


def _found(channel: str, draft_id: str, desk: DraftDesk) -> Draft:
    draft = desk.drafts.find(channel, draft_id, desk.clock())
    if draft is None:
        raise NotFoundError(f"there is no draft {draft_id}")
    return draft


def _content(draft: Draft, by: str, desk: DraftDesk) -> dict[str, Any]:
    raw = desk.envelopes.read_message(draft.name, draft.box or b"", purpose="draft_order", by=by)
    content: dict[str, Any] = read_json(raw)
    return content


def _view(draft: Draft, content: dict[str, Any] | None) -> DraftView:
    faults = [] if content is None else read_order(draft.channel, draft.draft_id, content)[1]
    return DraftView(
        draft_id=draft.draft_id,
        channel=draft.channel,
        version=draft.version,
        status=draft.status,
        order_id=draft.order_id,
        updated_at=draft.at,
        expires_at=to_text(datetime.fromtimestamp(draft.expires_s, UTC)),
        order=content,
        open_points=[OpenPoint(field=fault.field, message=fault.message) for fault in faults],
    )
