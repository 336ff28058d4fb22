"""Our reading of DynamoDB answers gives what botocore's own gives."""

import base64
import json
from typing import Any

from botocore.model import Shape
from botocore.parsers import ResponseParserFactory

from oms.aws import clients
from oms.aws.parsing import ParserFactory

ITEM = {
    "pk": {"S": "ORDER#1"},
    "v": {"N": "3"},
    "doc": {"B": base64.b64encode(b"\x00\xffdeflated").decode()},
    "live": {"BOOL": False},
    "gone": {"NULL": True},
    "map": {"M": {"inner": {"B": base64.b64encode(b"deep").decode()}, "n": {"N": "1"}}},
    "list": {"L": [{"S": "a"}, {"B": ""}, {"M": {}}]},
}


def read(factory: ResponseParserFactory, operation: str, document: dict[str, Any], status: int = 200) -> Any:
    response = {"status_code": status, "headers": {}, "body": json.dumps(document).encode()}
    return factory.create_parser("json").parse(response, shape_of(operation))


def shape_of(operation: str) -> Shape:
    model = clients.session().get_service_model("dynamodb").operation_model(operation)
    assert model.output_shape is not None
    return model.output_shape


def test_items_are_read_as_botocore_reads_them() -> None:
    answers: dict[str, dict[str, Any]] = {
        "GetItem": {"Item": ITEM},
        "Query": {"Items": [ITEM, {}], "Count": 2, "LastEvaluatedKey": {"pk": {"S": "x"}}},
        "BatchGetItem": {
            "Responses": {"table": [ITEM]},
            "UnprocessedKeys": {"table": {"Keys": [{"pk": {"S": "x"}}], "ConsistentRead": True}},
        },
    }
    for operation, answer in answers.items():
        ours, theirs = (read(factory, operation, answer) for factory in (ParserFactory(), ResponseParserFactory()))
        assert ours == theirs
    assert read(ParserFactory(), "GetItem", answers["GetItem"])["Item"]["doc"] == {"B": b"\x00\xffdeflated"}


def test_a_refusal_is_read_as_botocore_reads_it() -> None:
    refusal = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "cancelled",
        "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": ITEM}, {"Code": "None"}],
    }
    ours, theirs = (
        read(factory, "TransactWriteItems", refusal, 400) for factory in (ParserFactory(), ResponseParserFactory())
    )
    assert ours == theirs
    assert ours["Error"]["Code"] == "TransactionCanceledException"


def test_every_client_of_ours_uses_it() -> None:
    assert isinstance(clients.session().get_component("response_parser_factory"), ParserFactory)
