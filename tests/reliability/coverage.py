"""What becomes of the given payloads of each sender, and which of their fields we read.

A field is read when another value in it makes another notice, or a refusal that names it. Fields that say nothing to
an order management system are listed in `unread.py` with the reason; every other field must be read.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from oms.intake.notices import ChannelPlugin, Notice, Snapshot
from oms.kernel.errors import RejectedError
from oms.kernel.plugins import find_plugin
from tests.reliability.payloads import KINDS, Sample, channel_of, samples
from tests.reliability.unread import UNREAD

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_STATES = (
    "fulfilled", "cancelled", "complete", "Shipped", "Cancelled", "WFSFulfilled", "local_pickup", "downloadable",
    "FULFILLED", "CANCELED",
)  # fmt: skip
Path = tuple[str | int, ...]


class Coverage(NamedTuple):
    """One sender. `refused` and `ignored` count by reason; `missed` are fields neither read nor said not to matter."""

    kind: str
    payloads: int
    orders: int
    named: int
    ignored: Counter[str]
    refused: Counter[str]
    read: int
    missed: tuple[str, ...]


def plugin_of(kind: str) -> ChannelPlugin:
    found: ChannelPlugin | None = find_plugin("oms.intake.channels", kind)
    assert found is not None
    return found


def coverage(kind: str) -> Coverage:
    """Every sample of this sender, as it is and field by field."""
    ignored: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    orders = named = 0
    found = samples(kind)
    for sample in found:
        try:
            notices = _parse(kind, sample)
        except RejectedError as error:
            refused[_reason(error)] += 1
            continue
        if any(isinstance(notice, Snapshot) for notice in notices):
            orders += 1
        elif all(type(notice).__name__ in ("Ignored", "Shipped") for notice in notices):
            ignored[getattr(notices[0], "reason", "")] += 1
        else:
            named += 1
    read, missed = fields(kind)
    return Coverage(kind, len(found), orders, named, ignored, refused, len(read), tuple(sorted(missed)))


def fields(kind: str) -> tuple[set[str], set[str]]:
    """Fields of this sender's orders that are read, and those that are missed."""
    read: set[str] = set()
    unread: set[str] = set()
    immaterial = re.compile("|".join(pattern for pattern, _ in UNREAD.get(kind, ())) or "(?!)")
    for sample in samples(kind):
        alive = sample._replace(document=_revived(sample.document))
        try:
            notices = _parse(kind, alive)
        except RejectedError:
            continue
        if not any(isinstance(notice, Snapshot) for notice in notices):
            continue
        for path, value in _leaves(alive.document):
            name = ".".join("*" if isinstance(part, int) else part for part in path)
            if name in read or immaterial.fullmatch(name):
                continue
            (read if _is_read(kind, alive, path, value, notices) else unread).add(name)
    return read, unread - read


def _reason(error: RejectedError) -> str:
    names = {re.sub(r"\.\d+", ".*", fault.field) for fault in error.faults}
    shown = sorted(names)[:2]
    return f"{error.code}: {', '.join(shown)}" + (" …" if len(names) > len(shown) else "")


def _parse(kind: str, sample: Sample) -> tuple[Notice, ...]:
    return tuple(plugin_of(kind).parse(channel_of(kind), sample.headers, sample.raw))


def _revived(document: Any) -> Any:
    """An order that could be shipped: many given ones are cancelled or have no SKU."""
    if isinstance(document, dict):
        changed = {key: _revived(value) for key, value in document.items()}
        for name in ("sku", "SellerSKU", "catalog_object_id"):
            if name in changed:
                changed[name] = changed[name] or "SKU-1"
        if "cancelled_at" in changed:
            changed["cancelled_at"] = None
        return changed
    return [_revived(value) for value in document] if isinstance(document, list) else document


def _leaves(document: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that says something."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from _leaves(value, (*path, place))
    elif document is not None and document != "":
        yield path, document


def _is_read(kind: str, sample: Sample, path: Path, value: Any, before: tuple[Notice, ...]) -> bool:
    for other in _others(value):
        changed = sample._replace(document=_with(sample.document, path, other))
        try:
            after = _parse(kind, changed)
        except RejectedError:
            return True
        if after != before:
            return True
    return False


def _with(document: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = _with(copy[path[0]], path[1:], value)
    return copy


def _others(value: Any) -> Iterator[Any]:
    """Other values of the same kind, none at all, and the words that states are made of."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (json.loads(str(round(value + by, 2))) for by in (1, -1, 1000))
    elif _DATE.match(value):
        yield from (year + value[4:] for year in ("2031", "1999"))
    else:
        try:
            yield from (str(Decimal(value) + by) for by in (1, -1))
        except InvalidOperation:
            yield value + "x"
            yield from _STATES
    yield None


def figures() -> list[tuple[str, str]]:
    """Payloads and fields by sender."""
    rows = []
    for found in map(coverage, KINDS):
        if found.payloads:
            what = f"{found.orders} orders, {found.named} that name one or say something of one"
            what += f", {found.ignored.total()} ask nothing, {found.refused.total()} refused with a reason"
            rows.append((f"payloads of {found.kind}: {found.payloads}", what))
            matter = found.read + len(found.missed)
            rows.append((f"fields of {found.kind} read, of those that matter", f"{found.read} of {matter}"))
    return rows


def table() -> str:
    """For people: a row per sender, its reasons under it."""
    lines = []
    for found in map(coverage, KINDS):
        lines.append(
            f"{found.kind:12} payloads {found.payloads:3}  orders {found.orders:3}  named {found.named:3}"
            f"  ignored {found.ignored.total():3}  refused {found.refused.total():3}"
            f"  fields read {found.read:3} of {found.read + len(found.missed):3}"
        )
        lines += [f"    {count:3} ignored: {reason}" for reason, count in found.ignored.most_common()]
        lines += [f"    {count:3} refused: {reason}" for reason, count in found.refused.most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())  # noqa: T201  a command prints
