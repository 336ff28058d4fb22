"""The people table: persons, encrypted; and the wrapping keys, encrypted by KMS.

| access pattern | how |
|---|---|
| one person | get `PERSON#<id>` / `PERSON` |
| persons of an e-mail address | index `blind`: `EMAIL#<HMAC of the address>` |
| persons of a phone number | index `phone`: `PHONE#<HMAC of the number in its international form>` |
| who read a person, the newest first | query `ACCESS#<person id>`, `<time>#<request>`; gone by TTL after two years |
| wrapping key of a day | get `KEY#<yyyy-mm-dd>` / `KEY`, opened by KMS once per process and hour |

KMS is not on the hot path: one call per process, day and hour, not one per order. When KMS refuses, nothing is
stored: there is no clear-text way around it. A wrapping key is made by whoever needs it first; the condition on its
put lets one win.
"""

import contextlib
import os
import time
from collections.abc import Iterable

from oms.aws import clients, tables
from oms.aws.errors import translated
from oms.aws.secrets import Secrets
from oms.aws.tables import Item, Key, Write
from oms.kernel.errors import NotFoundError
from oms.kernel.time import Clock, from_text
from oms.privacy.catalogue import ACCESS
from oms.privacy.model import Access, Person, Sealed, WrappingKey
from oms.privacy.phones import international
from oms.privacy.rules import (
    RANDOM,
    blind_index,
    fingerprint,
    open_message,
    open_sealed,
    phone_index,
    seal,
    seal_message,
    wrapping_key_of,
)

_KEPT_S = 3600.0
_DAY_S = 86_400
_KEPT = 64  # wrapping keys in memory: two months of days


class PeopleStore:
    """Writes and reads persons; clear text goes no further than the caller."""

    def __init__(self, table: str, *, key_id: str, pepper_secret: str, secrets: Secrets, clock: Clock) -> None:
        self.table = table
        self._key_id = key_id
        self._pepper_secret = pepper_secret
        self._secrets = secrets
        self.clock = clock
        self._keys: dict[str, tuple[float, WrappingKey]] = {}

    def write(self, person: Person) -> Write:
        """The write of a new person: only if there is none of this id."""
        sealed = seal(person, self._todays_key(), self._pepper(), os.urandom(RANDOM))
        item = {
            "pk": f"PERSON#{person.id}",
            "sk": "PERSON",
            "key": sealed.key_number,
            "person_key": sealed.wrapped_key,
            "box": sealed.box,
            "blind_pk": f"EMAIL#{sealed.blind}" if sealed.blind else None,
            "phone_pk": self._phone_key(person.phone, person.country),
        }
        return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=person.id)

    def discard(self, person_id: str) -> Write:
        """The write that deletes a person, key and all; one who is gone already stays gone."""
        always = "attribute_exists(pk) OR attribute_not_exists(pk)"
        return tables.delete(Key(self.table, f"PERSON#{person_id}", "PERSON"), condition=always, label=person_id)

    def load(self, person_id: str) -> Person:
        """The person in clear text: for `oms.privacy.service.read_person`, which logs who wanted it.

        Raises:
            NotFoundError: no such person, or erased.
        """
        item = tables.get(Key(self.table, f"PERSON#{person_id}", "PERSON"))
        if item is None or "person_key" not in item:
            raise NotFoundError(f"there is no person {person_id}")
        sealed = Sealed(item["key"], item["person_key"], item["box"], None)
        return open_sealed(person_id, sealed, self._wrapping_key(sealed.key_number))

    def seal_message(self, message_id: str, raw: bytes) -> bytes:
        """A message as it may be stored."""
        return seal_message(message_id, raw, self._todays_key(), os.urandom(RANDOM))

    def open_message(self, message_id: str, sealed: bytes) -> bytes:
        """A stored message in clear text."""
        return open_message(message_id, sealed, self._wrapping_key(wrapping_key_of(sealed)))

    def find_by_email(self, email: str) -> Iterable[str]:
        """Ids of the persons with this address."""
        rows = tables.query(
            self.table,
            index="blind",
            condition="blind_pk = :pk",
            values={":pk": f"EMAIL#{blind_index(email, self._pepper())}"},
        )
        return [row["pk"].removeprefix("PERSON#") for row in rows]

    def find_by_phone(self, phone: str, country: str) -> Iterable[str]:
        """Ids of the persons with this number; `country` says what a number without a country code means."""
        key = self._phone_key(phone, country)
        if key is None:
            return []
        rows = tables.query(self.table, index="phone", condition="phone_pk = :pk", values={":pk": key})
        return [row["pk"].removeprefix("PERSON#") for row in rows]

    def note_access(self, access: Access) -> None:
        """Write down who reads a person; once per request.

        Raises:
            TransientError: not written; then nothing may be shown.
        """
        item = {
            "pk": f"ACCESS#{access.person_id}",
            "sk": f"{access.at}#{access.request_id}",
            "expires_at": int(from_text(access.at).timestamp()) + ACCESS.days * _DAY_S,
            **access._asdict(),
            "roles": list(access.roles),
            "fields": list(access.fields),
        }
        with contextlib.suppress(tables.ConditionFailedError):  # the same request, noted already
            tables.commit(tables.put(self.table, item, condition="attribute_not_exists(pk)", label="access"))

    def accesses(self, person_id: str, *, since: str, until: str, limit: int) -> list[Access]:
        """Who read the person from `since` on and before `until`, the newest first."""
        rows = tables.query(
            self.table,
            condition="pk = :pk AND sk BETWEEN :since AND :until",
            values={":pk": f"ACCESS#{person_id}", ":since": since, ":until": until},
            forward=False,
            limit=limit,
        )
        now = int(self.clock().timestamp())
        return [_access(row) for row in rows if row["expires_at"] > now]  # TTL deletes late

    def _phone_key(self, phone: str | None, country: str) -> str | None:
        number = international(phone, country) if phone else None
        return f"PHONE#{phone_index(number, self._pepper())}" if number else None

    def fingerprint(self, text: str) -> str:
        """A keyed hash of a text that may name a person."""
        return fingerprint(text, self._pepper())

    def warm(self) -> None:
        """Fetch what the first write needs."""
        self._todays_key()
        self._pepper()

    def _pepper(self) -> bytes:
        return self._secrets.read(self._pepper_secret)["pepper"].encode()

    def _todays_key(self) -> WrappingKey:
        number = self.clock().date().isoformat()
        return self._kept(number) or self._stored_key(number) or self._new_key(number)

    def _wrapping_key(self, number: str) -> WrappingKey:
        key = self._kept(number) or self._stored_key(number)
        if key is None:
            raise NotFoundError(f"the wrapping key {number} was destroyed")
        return key

    def _kept(self, number: str) -> WrappingKey | None:
        until, key = self._keys.get(number, (0.0, None))
        return key if until > time.monotonic() else None

    def _keep(self, key: WrappingKey) -> WrappingKey:
        if len(self._keys) >= _KEPT:
            self._keys.clear()
        self._keys[key.number] = (time.monotonic() + _KEPT_S, key)
        return key

    def _stored_key(self, number: str) -> WrappingKey | None:
        item = tables.get(Key(self.table, f"KEY#{number}", "KEY"))
        if item is None:
            return None
        with translated():
            answer = clients.kms().decrypt(
                KeyId=self._key_id, CiphertextBlob=item["sealed"], EncryptionContext=_context(number)
            )
        return self._keep(WrappingKey(number, answer["Plaintext"]))

    def _new_key(self, number: str) -> WrappingKey:
        with translated():
            answer = clients.kms().generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=_context(number)
            )
        item = {"pk": f"KEY#{number}", "sk": "KEY", "sealed": answer["CiphertextBlob"]}
        try:
            tables.commit(tables.put(self.table, item, condition="attribute_not_exists(pk)", label=number))
        except tables.ConditionFailedError:
            return self._wrapping_key(number)
        return self._keep(WrappingKey(number, answer["Plaintext"]))


def _access(row: Item) -> Access:
    return Access(**{name: row[name] for name in Access._fields})._replace(
        roles=tuple(row["roles"]), fields=tuple(row["fields"])
    )


def _context(number: str) -> dict[str, str]:
    """KMS opens the key only for the use it was made for."""
    return {"purpose": "baton-people", "day": number}
