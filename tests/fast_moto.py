"""moto in fewer steps: it answers what it would answer, but not in the square of what is stored.

Each of these is a step that moto takes over and over: half of the time of a store test was spent in them. What they
answer is compared with what moto answers by `tests/unit/test_fast_moto.py`. Importing this file is what it takes.
"""

import copy
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.model import StructureShape
from moto.core.parse import JSONParser
from moto.core.serialize import JSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.kms import models as kms
from moto.kms.utils import generate_private_key

MOTOS_TRANSACTION = DynamoDBBackend.transact_write_items
MOTOS_STRUCTURE = JSONSerializer._serialize_type_structure
MOTOS_PARSING = JSONParser._parse_structure
MOTOS_ITEM = Item.__init__
MOTOS_QUERY = Table.query
MOTOS_ITEMS = Table.all_items
HEAVIEST = 405_000  # bytes of an item, as moto has it


def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """A transaction of moto's, undone by what it touched.

    moto would copy whole tables before each, to go back to: a run of n orders would take n² steps.
    """
    with ExitStack() as undo:
        for item in transact_items:
            for operation in item.values():
                undo.callback(_put_back, *_found(backend, operation))
        MOTOS_TRANSACTION(backend, transact_items)
        undo.pop_all()  # it is done: there is nothing to go back to


def _put_back(rows: dict[Any, Any], sort: DynamoType, item: Item | None) -> None:
    rows.pop(sort, None)
    if item is not None:
        rows[sort] = item


def _found(backend: DynamoDBBackend, operation: Mapping[str, Any]) -> tuple[dict[Any, Any], DynamoType, Item | None]:
    """The partition that an operation is about, the place in it, and a copy of what is there."""
    key = operation.get("Key") or operation["Item"]
    rows = backend.tables[operation["TableName"]].items[DynamoType(key["pk"])]
    sort = DynamoType(key["sk"])
    item = rows.get(sort)
    if item is None:
        return rows, sort, None
    kept = copy.copy(item)
    kept.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(kept.attrs, item.attrs)  # the values themselves are never changed in place
    return rows, sort, kept


def structure(
    serializer: JSONSerializer, serialized: dict[str, Any], value: Any, shape: StructureShape, key: str
) -> None:
    """A value of an attribute has one member, and says which: moto would look for ten under four names each."""
    if shape.name == "AttributeValue" and key and type(value) is dict and len(value) == 1:
        serialized[key] = _attribute(serializer, value)
    else:
        MOTOS_STRUCTURE(serializer, serialized, value, shape, key)


def _attribute(serializer: JSONSerializer, value: dict[str, Any]) -> dict[str, Any]:
    ((kind, inner),) = value.items()
    if kind == "M":
        return {kind: {name: _attribute(serializer, one) for name, one in inner.items()}}
    if kind == "L":
        return {kind: [_attribute(serializer, one) for one in inner]}
    if kind == "B":
        return {kind: serializer._base64(inner)}
    if kind == "BS":
        return {kind: [serializer._base64(one) for one in inner]}
    return {kind: inner}


def parsed(parser: JSONParser, shape: StructureShape, value: Any) -> Any:
    """The same on the way in."""
    if shape.name == "AttributeValue" and type(value) is dict and len(value) == 1:
        return _read(parser, value)
    return MOTOS_PARSING(parser, shape, value)  # type: ignore[no-untyped-call]


def _read(parser: JSONParser, value: dict[str, Any]) -> dict[str, Any]:
    ((kind, inner),) = value.items()
    if kind == "M":
        return {kind: {name: _read(parser, one) for name, one in inner.items()}}
    if kind == "L":
        return {kind: [_read(parser, one) for one in inner]}
    if kind == "B":
        return {kind: parser._blob_parser(inner)}
    if kind == "BS":
        return {kind: [parser._blob_parser(one) for one in inner]}
    return {kind: inner}


def take(item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]) -> None:
    """An item is weighed once it is whole: moto would weigh what it has so far at each attribute."""
    item.hash_key = hash_key
    item.range_key = range_key
    item.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(item.attrs, {name: DynamoType(value) for name, value in attrs.items()})
    if item.size() > HEAVIEST:
        raise ItemSizeTooLarge


def query(table: Table, *asked: Any, **more: Any) -> Any:
    """Of a table itself, look at one partition: moto would look at every item."""
    hash_key, index_name = asked[0], asked[7]
    if index_name:
        return MOTOS_QUERY(table, *asked, **more)
    part = copy.copy(table)
    part.items = defaultdict(dict)
    if hash_key in table.items:
        part.items[hash_key] = table.items[hash_key]
    return MOTOS_QUERY(part, *asked, **more)


def all_items(table: Table) -> list[Item]:
    """Every item by its keys, which are texts: moto would compare what it wraps around them."""
    items = [item for rows in table.items.values() for item in rows.values()]
    return sorted(items, key=lambda item: (item.hash_key.value, item.range_key.value))


DynamoDBBackend.transact_write_items = transact  # type: ignore[assignment, method-assign]
Table.__deepcopy__ = lambda table, _memo: table  # type: ignore[attr-defined]  # what `copy.deepcopy` looks for
JSONParser._parse_structure = parsed  # type: ignore[assignment, method-assign]
JSONSerializer._serialize_type_structure = structure  # type: ignore[assignment, method-assign]
Item.__init__ = take  # type: ignore[assignment, method-assign]
Table.query = query  # type: ignore[assignment, method-assign]
Table.all_items = all_items  # type: ignore[assignment, method-assign]
responses.method_names_from_class = cache(method_names_from_class)  # type: ignore[attr-defined]
# One pair for all keys: we encrypt under KMS alone, which uses none.
kms.generate_private_key = cache(generate_private_key)  # type: ignore[attr-defined]
