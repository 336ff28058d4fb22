"""DynamoDB: few verbs, every write conditional, error codes translated once.

Attributes are str, int, bytes, bool or a flat map of those. One write goes as a plain PutItem/UpdateItem (half the
price of a transaction); two or more go as one TransactWriteItems.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from oms.aws import clients
from oms.aws.errors import code_of, translated
from oms.kernel.errors import ConflictError, TooLargeError, TransientError

Attributes = Mapping[str, Any]
Item = dict[str, Any]
_BATCH_GET = 100  # DynamoDB: keys per BatchGetItem
MAX_WRITES = 100  # DynamoDB: actions per TransactWriteItems
_FEW_BATCHES = 10
_AT_ONCE = 10  # connections that a client keeps
_Asked = TypeVar("_Asked")
_Found = TypeVar("_Found")
_OVERSIZE = "Item size"  # "... has exceeded the maximum allowed size", as a refusal and as a reason of cancellation


class Key(NamedTuple):
    """Where an item lives."""

    table: str
    pk: str
    sk: str


class Write(NamedTuple):
    """One conditional write. `label` names it when its condition fails.

    `first` are puts that have to be there before it: under names that follow from their content, so that they may be
    put twice, and mean nothing if it fails.
    """

    kind: str  # "Put", "Update", "Delete" or "ConditionCheck"
    request: dict[str, Any]
    label: str
    first: "tuple[Write, ...]" = ()


class ConditionFailedError(ConflictError):
    """A condition did not hold: `labels` are the writes that failed theirs. Nothing was written."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(f"condition failed: {', '.join(labels)}")
        self.labels = tuple(labels)


class ContendedError(ConflictError):
    """Other transactions were at work on the items that `labels` write. Nothing was written."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(f"another transaction is at work on the same items: {', '.join(labels) or 'unnamed'}")
        self.labels = tuple(labels)


def put(
    table: str,
    item: Attributes,
    *,
    condition: str,
    names: Mapping[str, str] | None = None,
    values: Attributes | None = None,
    label: str,
) -> Write:
    """A put that happens only if `condition` holds."""
    request: dict[str, Any] = {"TableName": table, "Item": to_wire(item), "ConditionExpression": condition}
    if names:
        request["ExpressionAttributeNames"] = dict(names)
    if values:
        request["ExpressionAttributeValues"] = to_wire(values)
    return Write("Put", request, label)


def update(
    key: Key,
    *,
    expression: str,
    condition: str,
    names: Mapping[str, str] | None = None,
    values: Attributes | None = None,
    label: str,
) -> Write:
    """An update that happens only if `condition` holds."""
    request: dict[str, Any] = {
        "TableName": key.table,
        "Key": to_wire({"pk": key.pk, "sk": key.sk}),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
    }
    if names:
        request["ExpressionAttributeNames"] = dict(names)
    if values:
        request["ExpressionAttributeValues"] = to_wire(values)
    return Write("Update", request, label)


def delete(
    key: Key, *, condition: str, names: Mapping[str, str] | None = None, values: Attributes | None = None, label: str
) -> Write:
    """A delete that happens only if `condition` holds."""
    request: dict[str, Any] = {
        "TableName": key.table,
        "Key": to_wire({"pk": key.pk, "sk": key.sk}),
        "ConditionExpression": condition,
    }
    if names:
        request["ExpressionAttributeNames"] = dict(names)
    if values:
        request["ExpressionAttributeValues"] = to_wire(values)
    return Write("Delete", request, label)


def commit(*writes: Write) -> None:
    """All of the writes or none.

    Raises:
        ConditionFailedError: a business condition did not hold (which ones: `labels`).
        ContendedError: another transaction touched the same items (`labels`); read again, decide again.
        TransientError: throttled or unreachable; it may or may not have happened, which is why every write is
            conditional and can be repeated.
        TooLargeError: an item is larger than DynamoDB takes.
        ValueError: more than 100 writes.
    """
    if len(writes) > MAX_WRITES:
        raise ValueError(f"a transaction takes {MAX_WRITES} writes, not {len(writes)}")
    for write in writes:
        if write.first:
            commit_each(write.first)
    with translated():
        try:
            if len(writes) == 1:
                _single(writes[0])
            else:
                actions: Any = [{write.kind: write.request} for write in writes]
                clients.dynamodb().transact_write_items(TransactItems=actions)
        except ClientError as error:
            raise _refusal(error, writes) from error


def commit_each(writes: Iterable[Write]) -> None:
    """One after the other, each for itself."""
    for write in writes:
        commit(write)


def _single(write: Write) -> None:
    client = clients.dynamodb()
    verb: Any = {"Put": client.put_item, "Update": client.update_item, "Delete": client.delete_item}[write.kind]
    verb(**write.request)


def _refusal(error: ClientError, writes: Sequence[Write]) -> Exception:
    code = code_of(error)
    told = [str(error), *(str(reason.get("Message")) for reason in error.response.get("CancellationReasons", []))]
    if any(_OVERSIZE in each for each in told):
        return TooLargeError("it is larger than one item of the database takes")
    if code == "ConditionalCheckFailedException":
        return ConditionFailedError([writes[0].label])
    reasons = [str(reason.get("Code") or "None") for reason in error.response.get("CancellationReasons", [])]
    by_label = list(zip([write.label for write in writes], reasons, strict=False))
    failed = [label for label, reason in by_label if reason == "ConditionalCheckFailed"]
    if failed:
        return ConditionFailedError(failed)
    if code == "TransactionConflictException" or "TransactionConflict" in reasons:
        return ContendedError([label for label, reason in by_label if reason == "TransactionConflict"])
    if {"ThrottlingError", "ProvisionedThroughputExceeded"} & set(reasons):
        return TransientError("throttled inside a transaction")
    return error


def get(key: Key, *, consistent: bool = True) -> Item | None:
    """The item, or None."""
    with translated():
        answer = clients.dynamodb().get_item(
            TableName=key.table, Key=to_wire({"pk": key.pk, "sk": key.sk}), ConsistentRead=consistent
        )
    return from_wire(answer["Item"]) if "Item" in answer else None


def get_many(keys: Iterable[Key], *, consistent: bool = True) -> dict[Key, Item]:
    """The items that exist, by key; several tables in one call.

    Raises:
        TransientError: DynamoDB kept some keys unprocessed after four tries.
    """
    wanted = list(dict.fromkeys(keys))
    batches = [wanted[start : start + _BATCH_GET] for start in range(0, len(wanted), _BATCH_GET)]
    found: dict[Key, Item] = {}
    for some in side_by_side(lambda batch: _get_batch(batch, consistent=consistent), batches, alone=_FEW_BATCHES):
        found.update(some)
    return found


def side_by_side(read: Callable[[_Asked], _Found], asked: Sequence[_Asked], *, alone: int = 50) -> list[_Found]:
    """What each reading finds, in the order asked: a giant order's in several threads, up to `alone` one by one."""
    if len(asked) <= alone:
        return [read(one) for one in asked]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(read, asked))


def _get_batch(keys: Sequence[Key], *, consistent: bool) -> dict[Key, Item]:
    request: Any = {}
    for key in keys:
        entry = request.setdefault(key.table, {"Keys": [], "ConsistentRead": consistent})
        entry["Keys"].append(to_wire({"pk": key.pk, "sk": key.sk}))
    found: dict[Key, Item] = {}
    for attempt in range(4):
        with translated():
            answer = clients.dynamodb().batch_get_item(RequestItems=request)
        for table, items in answer["Responses"].items():
            for wire in items:
                item = from_wire(wire)
                found[Key(table, item["pk"], item["sk"])] = item
        request = answer.get("UnprocessedKeys")
        if not request:
            return found
        time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  jitter, not a secret
    raise TransientError("DynamoDB left keys unprocessed")


def query(
    table: str,
    *,
    condition: str,
    values: Attributes,
    index: str | None = None,
    forward: bool = True,
    limit: int | None = None,
    consistent: bool = False,
) -> Iterator[Item]:
    """The items of one partition in key order, page by page, `limit` in all."""
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": to_wire(values),
        "ScanIndexForward": forward,
        "ConsistentRead": consistent,
    }
    if index:
        request["IndexName"] = index
    left = limit
    while True:
        if left is not None:
            request["Limit"] = left
        with translated():
            answer = clients.dynamodb().query(**request)
        for wire in answer["Items"]:
            yield from_wire(wire)
        if left is not None:
            left -= len(answer["Items"])
        last = answer.get("LastEvaluatedKey")
        if not last or (left is not None and left <= 0):
            return
        request["ExclusiveStartKey"] = last


def to_wire(item: Attributes) -> dict[str, Any]:
    """Python values as DynamoDB's typed attributes; None is left out.

    Raises:
        TypeError: a value that we do not store (a float, say).
    """
    return {name: _typed(value) for name, value in item.items() if value is not None}


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, Mapping):
        return {"M": to_wire(value)}
    if isinstance(value, list | tuple):
        return {"L": [_typed(part) for part in value]}
    raise TypeError(f"{type(value).__name__} is not stored")


def from_wire(wire: Mapping[str, Any]) -> Item:
    """DynamoDB's typed attributes as Python values; numbers are integers."""
    return {name: _untyped(value) for name, value in wire.items()}


def _untyped(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content)
    if kind == "M":
        return from_wire(content)
    if kind == "L":
        return [_untyped(part) for part in content]
    return content
