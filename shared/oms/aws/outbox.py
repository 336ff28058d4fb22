"""The outbox: facts that table streams carry, packed into bus entries (ADR 0002).

A packed entry holds facts of one source, type and route, because a bus rule can only look at those. A fact joins the
newest entry of its kind unless that would put it in front of an earlier fact of the same aggregate. What the bus does
not take comes again with everything behind it: readers deduplicate by fact id, so nothing is lost and nothing counts
twice. A record that cannot be read would block its shard for ever: it is parked with the reason.
"""

import base64
import json
import random
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from oms.aws import clients
from oms.aws.errors import translated
from oms.aws.queues import Queue
from oms.events.fact import Fact
from oms.kernel.errors import RejectedError, TransientError
from oms.kernel.json import write_json

FACTS_PER_ENTRY = 20
ENTRY_BYTES = 200_000  # an entry goes into one SQS message and one Express input of 256 KB
ENTRIES_PER_CALL = 10  # EventBridge: entries per PutEvents
CALL_BYTES = 1_000_000  # EventBridge: 1 MB per PutEvents
_TRIES = 4
_PARKED_BYTES = 200_000
_ENVELOPE_BYTES = 200  # source, type, braces
_UNREADABLE = (RejectedError, AttributeError, KeyError, TypeError, ValueError, zlib.error)
# What the bus will never take, however often it is asked.
_TOO_LARGE = f"TooLargeError: an entry of more than {CALL_BYTES} bytes"
_HOPELESS = frozenset({"MalformedDetail", "InvalidArgument", _TOO_LARGE})
_NOWHERE = 1 << 30

Record = dict[str, Any]
Decode = Callable[[Record], Sequence[Fact]]


class Entry:
    """A bus entry in the making; `first` is the place of the first record that it carries facts of."""

    def __init__(self, fact: Fact, place: int) -> None:
        self.source, self.type, self.route = fact.source, fact.type, fact.route
        self.first = place
        self.rows: list[str] = []
        self.size = _ENVELOPE_BYTES

    def takes(self, row: str) -> bool:
        return len(self.rows) < FACTS_PER_ENTRY and self.size + len(row.encode()) + 1 <= ENTRY_BYTES

    def add(self, row: str) -> None:
        self.rows.append(row)
        self.size += len(row.encode()) + 1

    @property
    def detail(self) -> str:
        return f'{{"route":{write_json(self.route)},"facts":[{",".join(self.rows)}]}}'


class Refused(NamedTuple):
    """An entry that the bus did not take, and why."""

    entry: Entry
    code: str


def pack(placed: Iterable[tuple[int, Fact]]) -> list[Entry]:
    """Entries for facts that come with the place of their record, oldest first.

    Order is kept within each aggregate: read entry by entry, the facts of one subject come in their sequence.
    """
    entries: list[Entry] = []
    newest: dict[tuple[str, str, str | None], int] = {}
    latest_of: dict[str, int] = {}
    for place, fact in placed:
        row = fact.model_dump_json()
        kind = (fact.source, fact.type, fact.route)
        index = newest.get(kind, -1)
        if index < latest_of.get(fact.subject, 0) or not entries[index].takes(row):
            entries.append(Entry(fact, place))
            index = newest[kind] = len(entries) - 1
        entries[index].add(row)
        latest_of[fact.subject] = index
    return entries


def in_calls(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in order, as many as one PutEvents takes."""
    call: list[Entry] = []
    size = 0
    for entry in entries:
        if call and (len(call) == ENTRIES_PER_CALL or size + entry.size > CALL_BYTES):
            yield call
            call, size = [], 0
        call.append(entry)
        size += entry.size
    if call:
        yield call


class Outbox:
    """Publishes what table streams carry to one bus; parks what nobody can read."""

    def __init__(self, bus: str, park: Queue, *, pause_s: float = 0.1) -> None:
        self.bus = bus
        self.park = park
        self.pause_s = pause_s

    def publish(self, records: Sequence[Record], decode: Decode) -> str | None:
        """Publish the facts of stream records, oldest first.

        Returns:
            The sequence number of the first record that must come again, or None when all is published or parked.
        """
        placed: list[tuple[int, Fact]] = []
        unparked = len(records)
        for place, record in enumerate(records):
            try:
                placed += [(place, fact) for fact in decode(record)]
            except _UNREADABLE as error:
                if not self._parked(record, error):
                    unparked = place
                    break
        failed = min(self._send(placed), unparked)
        return str(records[failed]["dynamodb"]["SequenceNumber"]) if failed < len(records) else None

    def _send(self, placed: Sequence[tuple[int, Fact]]) -> int:
        """Put all entries; the place of the first record with a fact that is not on the bus (`_NOWHERE`: none)."""
        for call in in_calls(pack(placed)):
            refused = self._put(call)
            waiting = [each.entry.first for each in refused if not self._set_aside(each)]
            if waiting:
                return min(waiting)
        return _NOWHERE

    def _put(self, call: list[Entry]) -> list[Refused]:
        """One PutEvents, then again only what was refused, `_TRIES` times in all; what is left over."""
        left = [Refused(entry, "") for entry in call]
        hopeless: list[Refused] = []
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(random.uniform(0, self.pause_s * 2**attempt))  # noqa: S311  jitter, not a secret
            try:
                refused = self._once([each.entry for each in left])
            except TransientError as error:
                refused = [Refused(each.entry, str(error)) for each in left]
            hopeless += [each for each in refused if each.code in _HOPELESS]
            left = [each for each in refused if each.code not in _HOPELESS]
            if not left:
                break
        return [*hopeless, *left]

    def _once(self, every: list[Entry]) -> list[Refused]:
        entries = [entry for entry in every if entry.size <= CALL_BYTES]
        too_large = [Refused(entry, _TOO_LARGE) for entry in every if entry.size > CALL_BYTES]
        if not entries:
            return too_large
        with translated():
            answer = clients.events().put_events(
                Entries=[
                    {"EventBusName": self.bus, "Source": each.source, "DetailType": each.type, "Detail": each.detail}
                    for each in entries
                ]
            )
        codes = [str(result.get("ErrorCode", "")) for result in answer["Entries"]]
        return [*too_large, *(Refused(entry, code) for entry, code in zip(entries, codes, strict=True) if code)]

    def _set_aside(self, refused: Refused) -> bool:
        """Park an entry that the bus will never take; False when it has to wait."""
        if refused.code not in _HOPELESS:
            return False
        entry = refused.entry
        detail = entry.detail if entry.size <= _PARKED_BYTES else None
        subjects = {"source": entry.source, "type": entry.type, "facts": len(entry.rows)}
        return self._sent({"reason": refused.code, "entry": subjects, "detail": detail})

    def _parked(self, record: Record, error: Exception) -> bool:
        """Park a record that cannot be read, with its reason: its keys, and its image when that fits a message."""
        change = record.get("dynamodb", {})
        document = {
            "reason": f"{type(error).__name__}: {str(error)[:300]}",
            "sequence_number": change.get("SequenceNumber"),
            "keys": change.get("Keys"),
        }
        image = json.dumps(change.get("NewImage"), default=_as_text)
        return self._sent({**document, "image": image if len(image) <= _PARKED_BYTES else None})

    def _sent(self, document: dict[str, Any]) -> bool:
        try:
            self.park.send(document)
        except TransientError:
            return False
        return True


def _as_text(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
