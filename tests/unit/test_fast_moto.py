"""The quicker steps of `tests/fast_moto.py` answer what moto's own would."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.parse import JSONParser
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from oms.aws import clients
from tests import fast_moto
from tests.aws import moto_cloud

OURS = {
    (JSONParser, "_parse_structure"): fast_moto.MOTOS_PARSING,
    (JSONSerializer, "_serialize_type_structure"): fast_moto.MOTOS_STRUCTURE,
    (Item, "__init__"): fast_moto.MOTOS_ITEM,
    (Table, "query"): fast_moto.MOTOS_QUERY,
    (Table, "all_items"): fast_moto.MOTOS_ITEMS,
}
VALUES: dict[str, dict[str, Any]] = {
    "text": {"S": "ä"},
    "empty": {"S": ""},
    "number": {"N": "-12.50"},
    "bytes": {"B": b"\x00\xff\x10"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["3", "1"]},
    "list": {"L": [{"S": "x"}, {"L": []}, {"M": {"n": {"N": "1"}}}, {"B": b"\x01"}]},
    "map": {"M": {"one": {"S": "1"}, "two": {"M": {"deep": {"L": [{"BOOL": False}]}}}, "none": {"M": {}}}},
}
TABLE = "baton-orders"


@contextmanager
def motos_own() -> Iterator[None]:
    """Have moto as it was installed."""
    ours = {place: getattr(*place) for place in OURS}
    for (owner, name), own in OURS.items():
        setattr(owner, name, own)
    try:
        yield
    finally:
        for (owner, name), own in ours.items():
            setattr(owner, name, own)


def answers() -> list[Any]:
    """Everything that our stores ask of a table, and what it answers."""
    with moto_cloud():
        db = clients.dynamodb()
        for pk, sk in [("B", "2"), ("A", "10"), ("A", "9"), ("B", "1"), ("C", "x")]:
            index = {"live_pk": {"S": "LIVE"}, "live_sk": {"S": sk[::-1]}} if pk != "C" else {}
            db.put_item(TableName=TABLE, Item={"pk": {"S": pk}, "sk": {"S": sk}, **index, **VALUES})
        one = {"pk": {"S": "A"}, "sk": {"S": "9"}}
        partition: dict[str, Any] = {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "A"}},
        }
        behind = {"pk = :pk AND sk > :sk": {":pk": {"S": "A"}, ":sk": {"S": "10"}}}
        ((condition, values),) = behind.items()
        update = {
            "TableName": TABLE,
            "Key": one,
            "UpdateExpression": "SET #m.one = :v REMOVE #t",
            "ExpressionAttributeNames": {"#m": "map", "#t": "text"},
            "ExpressionAttributeValues": {":v": {"N": "7"}},
        }
        found: list[Any] = [
            db.get_item(TableName=TABLE, Key=one)["Item"],
            db.batch_get_item(RequestItems={TABLE: {"Keys": [one]}})["Responses"],
            db.query(**partition)["Items"],
            db.query(**partition, ScanIndexForward=False, Limit=1),
            db.query(**{**partition, "KeyConditionExpression": condition, "ExpressionAttributeValues": values})[
                "Items"
            ],
            db.query(**{**partition, "ExpressionAttributeValues": {":pk": {"S": "nobody"}}})["Items"],
            db.query(
                TableName=TABLE,
                IndexName="live",
                KeyConditionExpression="live_pk = :pk",
                ExpressionAttributeValues={":pk": {"S": "LIVE"}},
            )["Items"],
            db.scan(TableName=TABLE)["Items"],
            db.scan(TableName=TABLE, Limit=2)["LastEvaluatedKey"],
            db.update_item(**update, ReturnValues="ALL_NEW")["Attributes"],  # type: ignore[arg-type]
            db.get_item(TableName=TABLE, Key=one)["Item"],
        ]
        heavy = {"pk": {"S": "H"}, "sk": {"S": "H"}, "a": {"S": "x" * 250_000}, "b": {"S": "x" * 200_000}}
        with pytest.raises(ClientError) as too_heavy:
            db.put_item(TableName=TABLE, Item=heavy)
        answered = [without_metadata(one) for one in found]
        return [*answered, too_heavy.value.response["Error"]["Code"], db.scan(TableName=TABLE)["Count"]]


def without_metadata(answer: Any) -> Any:
    return (
        {key: value for key, value in answer.items() if key != "ResponseMetadata"} if type(answer) is dict else answer
    )


def test_the_quicker_moto_answers_what_moto_would() -> None:
    ours = answers()
    with motos_own():
        assert answers() == ours
    assert ours[0] == {"pk": {"S": "A"}, "sk": {"S": "9"}, "live_pk": {"S": "LIVE"}, "live_sk": {"S": "9"}, **VALUES}
    assert [one["sk"]["S"] for one in ours[2]] == ["10", "9"]
    assert ours[-2:] == ["ValidationException", 5]
