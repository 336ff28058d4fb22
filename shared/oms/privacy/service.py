"""Reading a person leaves a trace: who was read, what for; never what was read (faults G10)."""

import logging
import re
from typing import NamedTuple

from oms.aws.tables import Write
from oms.kernel.errors import ForbiddenError
from oms.kernel.json import write_json
from oms.kernel.time import from_text, to_text
from oms.orders.shapes import PersonShape
from oms.privacy.catalogue import purpose_of
from oms.privacy.model import Access, Person
from oms.privacy.redaction import redact_message
from oms.privacy.store import PeopleStore
from oms.privacy.views import (
    MASKED,
    Accesses,
    AccessQuery,
    AccessView,
    PersonView,
    PurposeName,
    fields_of,
    masked,
    shown,
)

access_log = logging.getLogger("baton.privacy")
access_log.setLevel(logging.INFO)


_FIRST, _LAST = "0", "9"  # before and after every instant


class Reader(NamedTuple):
    """Who asks for a person, over which order; `by` is `user:<id>`."""

    by: str
    roles: frozenset[str]
    order_id: str
    request_id: str


class People:
    """The only door to clear personal data."""

    def __init__(self, store: PeopleStore) -> None:
        self.store = store

    def fingerprint(self, text: str) -> str:
        """A keyed hash of a text that may name a person: to compare with, and nothing else."""
        return self.store.fingerprint(text)

    @staticmethod
    def redact_message(raw: bytes, own: re.Pattern[str] | None = None) -> bytes:
        """A channel's message with the card numbers in it cut down; the same bytes when there is none.

        What looks like `own` is a number of the sender's counter.
        """
        return redact_message(raw, own)

    def seal_message(self, message_id: str, raw: bytes) -> bytes:
        """A channel's message, encrypted under a key of its own; the key travels with it, wrapped.

        Raises:
            TransientError: KMS does not answer.
        """
        return self.store.seal_message(message_id, raw)

    def open_message(self, message_id: str, sealed: bytes) -> bytes:
        """What `seal_message` was given.

        Raises:
            ValueError: this is not a sealed message.
            InvalidTag: it is another message's, or was changed.
            NotFoundError: the key of its day was destroyed.
        """
        return self.store.open_message(message_id, sealed)

    def read_message(self, message_id: str, sealed: bytes, *, purpose: str, by: str) -> bytes:
        """`open_message` for somebody who asks for what it says of a person; the access is logged."""
        told = {"message": "person read", "sealed": message_id, "purpose": purpose, "by": by, "fields": "all"}
        access_log.info(write_json(told))
        return self.open_message(message_id, sealed)

    def write_new(self, person_id: str, who: PersonShape) -> Write:
        """The write of a person who is new; goes into the transaction of what made the person known.

        Raises:
            TransientError: KMS or Secrets Manager does not answer; nothing is stored then, least of all in clear.
        """
        said = {name: getattr(who, name) for name in Person.model_fields if name != "id"}
        return self.store.write(Person(id=person_id, **said))

    def discard_write(self, person_id: str) -> Write:
        """The write that takes back a person who was never put to use: an address of a change that was not made."""
        return self.store.discard(person_id)

    def read(self, person_id: str, *, purpose: str, by: str = "system") -> Person:
        """The person, for a program with a stated purpose such as `packing_list` or `label`; the access is logged.

        Raises:
            NotFoundError: no such person, or erased.
        """
        told = {"message": "person read", "person_id": person_id, "purpose": purpose, "by": by, "fields": "all"}
        access_log.info(write_json(told))
        return self.store.load(person_id)

    def show(self, person_id: str, reader: Reader, purpose: PurposeName | None) -> PersonView:
        """The person, for somebody who asks: masked, or what the purpose needs in clear.

        The access is written down before anything is shown, and a refused one as well; when it cannot be written
        down, nothing is shown.

        Raises:
            ForbiddenError: none of the reader's roles may use clear data for this purpose.
            NotFoundError: no such person, or erased.
            TransientError: the access could not be written down.
        """
        wanted = purpose_of(purpose) if purpose else None
        if wanted is not None and wanted.roles.isdisjoint(reader.roles):
            self._note(person_id, reader, purpose or MASKED, (), "refused")
            raise ForbiddenError(f"{wanted.name} is a purpose of the roles {', '.join(sorted(wanted.roles))}")
        person = self.store.load(person_id)
        view = masked(person) if wanted is None else shown(person, wanted)
        self._note(person_id, reader, purpose or MASKED, fields_of(view), "shown")
        return view

    def accesses(self, person_id: str, query: AccessQuery) -> Accesses:
        """Who read the person, the newest first."""
        since = to_text(from_text(query.since)) if query.since else _FIRST
        until = to_text(from_text(query.until)) if query.until else _LAST
        found = self.store.accesses(person_id, since=since, until=until, limit=query.limit + 1)
        views = [AccessView.model_validate(access._asdict(), extra="ignore") for access in found[: query.limit]]
        return Accesses(accesses=tuple(views), more=len(found) > query.limit)

    def _note(self, person_id: str, reader: Reader, purpose: str, fields: tuple[str, ...], outcome: str) -> None:
        access = Access(
            person_id=person_id,
            at=to_text(self.store.clock()),
            by=reader.by,
            roles=tuple(sorted(reader.roles)),
            purpose=purpose,
            fields=fields,
            order_id=reader.order_id,
            request_id=reader.request_id,
            outcome=outcome,
        )
        self.store.note_access(access)
        access_log.info(write_json({"message": "person shown" if fields else "person refused", **access._asdict()}))
