"""Reading a person leaves a trace: who was read, what for; never what was read (faults G10)."""

import logging
from collections.abc import Sequence

from oms.aws.tables import Write
from oms.kernel.json import write_json
from oms.privacy.model import Person
from oms.privacy.redaction import redact_message
from oms.privacy.store import PeopleStore

access_log = logging.getLogger("baton.privacy")
access_log.setLevel(logging.INFO)


class People:
    """The only door to clear personal data."""

    def __init__(self, store: PeopleStore) -> None:
        self.store = store

    def fingerprint(self, text: str) -> str:
        """A keyed hash of a text that may name a person: to compare with, and nothing else."""
        return self.store.fingerprint(text)

    @staticmethod
    def redact_message(raw: bytes) -> bytes:
        """A channel's message with the card numbers in its texts cut down; the same bytes when there is none."""
        return redact_message(raw)

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

    def write_new(
        self,
        person_id: str,
        *,
        name: str,
        email: str | None,
        phone: str | None,
        company: str | None,
        address_lines: Sequence[str],
        city: str,
        region: str | None,
        postal_code: str,
        country: str,
        billing: str | None = None,
        note: str | None = None,
        gift_message: str | None = None,
    ) -> Write:
        """The write of a person who is new; goes into the transaction of what made the person known.

        Raises:
            TransientError: KMS or Secrets Manager does not answer; nothing is stored then, least of all in clear.
        """
        person = Person(
            id=person_id,
            name=name,
            email=email,
            phone=phone,
            company=company,
            address_lines=tuple(address_lines),
            city=city,
            region=region,
            postal_code=postal_code,
            country=country,
            billing=billing,
            note=note,
            gift_message=gift_message,
        )
        return self.store.write(person)

    def discard_write(self, person_id: str) -> Write:
        """The write that takes back a person who was never put to use: an address of a change that was not made."""
        return self.store.discard(person_id)

    def read(self, person_id: str, *, purpose: str) -> Person:
        """The person, for a stated purpose such as `packing_list` or `label`; the access is logged.

        Raises:
            NotFoundError: no such person, or erased.
        """
        access_log.info(write_json({"message": "person read", "person_id": person_id, "purpose": purpose}))
        return self.store.load(person_id)
