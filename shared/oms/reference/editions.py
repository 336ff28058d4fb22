"""Decisions that people draft, publish and look up again: one way for policies, strategies, and what comes after them.

| access pattern | how |
|---|---|
| what is in force, and drafts | pk `CONFIG`, as all settings; sk `<KIND>#<name>`, `<KIND>_DRAFT#<name>` |
| an edition as it was | get `<KIND>#<name>` / `V#<version>` |
| all editions of a name, the newest first | query pk `<KIND>#<name>`, sk begins with `V#` |

An edition is written once and never changed. What is in force is moved on by its version, the draft by its tag, which
follows from its content: who publishes knows what.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.kernel.errors import StaleError, UnconditionalError
from oms.reference.model import Edition

SETTINGS = "CONFIG"
_DIGITS = 8
_Edition = TypeVar("_Edition", bound=Edition)
_Enacted_contra = TypeVar("_Enacted_contra", bound=Edition, contravariant=True)


def tag_of(edition: Edition) -> str:
    """Names what is written and by whom: two drafts of one tag are the same."""
    return hashlib.sha256(edition.model_dump_json().encode()).hexdigest()[:20]


def etag_of(edition: Edition | None) -> str:
    """The entity tag of what is in force; of nothing that was ever enacted, version 0."""
    return f'"{edition.version if edition else 0}"'


def next_version(before: Edition | None, if_match: str, *, what: str) -> int:
    """The version that takes the place of `before`, which the caller has seen: its entity tag, or `*` for any.

    Raises:
        StaleError: another one is in force. UnconditionalError: nothing was said of it.
    """
    if not if_match:
        raise UnconditionalError(f"say which {what} you have seen: send the ETag as If-Match")
    version = before.version if before else 0
    if if_match not in ("*", etag_of(before)):
        raise StaleError(f"version {version} of the {what} is in force")
    return version + 1


class _Enacts(Protocol[_Enacted_contra]):
    def enact(self, edition: _Enacted_contra, /) -> None: ...


def enacted(
    store: _Enacts[_Edition], make: Callable[[int], _Edition], *, before: _Edition | None, if_match: str, what: str
) -> _Edition:
    """What `make` says of the version after `before`, in force.

    Raises:
        StaleError: another one is in force than `if_match` says. UnconditionalError: nothing was said of it.
    """
    made = make(next_version(before, if_match, what=what))
    try:
        store.enact(made)
    except ConditionFailedError as error:
        raise StaleError(f"the {what} changed at this moment") from error
    return made


def more_below(found: Sequence[Edition], limit: int) -> int | None:
    """Below which version there are more editions than the `limit` that were found; None: none."""
    return found[-1].version if len(found) == limit and found[-1].version > 1 else None


class EditionStore(Generic[_Edition]):
    """Editions of one kind in one reference table."""

    def __init__(self, table: str, kind: str, model: type[_Edition]) -> None:
        self.table = table
        self.kind = kind
        self._model = model

    def find(self, name: str) -> _Edition | None:
        """What is in force; consistent, unlike what the settings show."""
        return self._load(Key(self.table, SETTINGS, f"{self.kind}#{name}"))

    def draft(self, name: str) -> _Edition | None:
        return self._load(self._draft_key(name))

    def version(self, name: str, version: int) -> _Edition | None:
        return self._load(self._version_key(name, version))

    def versions(self, name: str, *, limit: int, before: int | None = None) -> list[_Edition]:
        """The editions of a name below `before`, the newest first."""
        if before is not None and before <= 1:
            return []
        rows = tables.query(
            self.table,
            condition="pk = :pk AND sk BETWEEN :first AND :last",
            values={
                ":pk": f"{self.kind}#{name}",
                ":first": _sort(1),
                ":last": _sort(before - 1 if before is not None else 10**_DIGITS - 1),
            },
            forward=False,
            limit=limit,
        )
        return [unpack(self._model, row["doc"]) for row in rows]

    def save_draft(self, draft: _Edition, *, over: str | None = None) -> None:
        """Write a draft. `over`: the tag of the draft that it takes the place of, `""` for none, None for any.

        Raises:
            ConditionFailedError: another draft is there.
        """
        if over is None:
            condition, values = "attribute_exists(pk) OR attribute_not_exists(pk)", None
        else:
            condition, values = ("tag = :over", {":over": over}) if over else ("attribute_not_exists(pk)", None)
        key = self._draft_key(draft.name)
        item = {**self._item(key, draft), "tag": tag_of(draft)}
        tables.commit(tables.put(key.table, item, condition=condition, values=values, label=self._label(draft)))

    def drop_draft(self, draft: _Edition) -> None:
        """Take the draft away as it is; repeating does nothing more.

        Raises:
            ConditionFailedError: another draft is there.
        """
        tables.commit(self._drop_write(draft))

    def publish(self, draft: _Edition, edition: _Edition) -> None:
        """The draft comes into force: what was there stays as a version, and the draft goes.

        Raises:
            ConditionFailedError: somebody published, or changed the draft, meanwhile.
        """
        tables.commit(*self._writes(edition), self._drop_write(draft))

    def enact(self, edition: _Edition) -> None:
        """An edition comes into force without having been a draft: what was there stays as a version.

        Raises:
            ConditionFailedError: another one of this version is there.
        """
        tables.commit(*self._writes(edition))

    def _writes(self, edition: _Edition) -> tuple[Write, Write]:
        """What is in force, and the same as a version that stays."""
        key = Key(self.table, SETTINGS, f"{self.kind}#{edition.name}")
        first = edition.version == 1
        now = tables.put(
            self.table,
            self._item(key, edition),
            condition="attribute_not_exists(pk)" if first else "v = :before",
            values=None if first else {":before": edition.version - 1},
            label=self._label(edition),
        )
        kept_at = self._version_key(edition.name, edition.version)
        kept = tables.put(
            self.table,
            self._item(kept_at, edition),
            condition="attribute_not_exists(pk)",
            label=f"{self._label(edition)} {edition.version}",
        )
        return now, kept

    def _drop_write(self, draft: _Edition) -> Write:
        return tables.delete(
            self._draft_key(draft.name),
            condition="attribute_not_exists(pk) OR tag = :tag",
            values={":tag": tag_of(draft)},
            label=f"draft {draft.name}",
        )

    def _draft_key(self, name: str) -> Key:
        return Key(self.table, SETTINGS, f"{self.kind}_DRAFT#{name}")

    def _version_key(self, name: str, version: int) -> Key:
        return Key(self.table, f"{self.kind}#{name}", _sort(version))

    def _label(self, edition: _Edition) -> str:
        return f"{self.kind.lower()} {edition.name}"

    def _item(self, key: Key, edition: _Edition) -> dict[str, str | int | bytes]:
        return {"pk": key.pk, "sk": key.sk, "v": edition.version, "doc": pack(edition)}

    def _load(self, key: Key) -> _Edition | None:
        item = tables.get(key)
        return unpack(self._model, item["doc"]) if item else None


def _sort(version: int) -> str:
    return f"V#{version:0{_DIGITS}}"
