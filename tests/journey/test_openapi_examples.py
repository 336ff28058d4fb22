"""The API document is true: each example is accepted as it stands, each refusal is one that is documented."""

import hashlib
import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from infra.local import dev_secrets
from infra.local.cloud import Cloud, Reply
from oms.entry import examples
from oms.kernel.ids import derive_id
from oms.kernel.signing import Seal
from oms.privacy.rules import fingerprint

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "events/openapi.json").read_text())
NOBODY = derive_id("ord", "nobody")
MEGABYTE = 1_000_000


class Operation(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.told["operationId"])

    @property
    def scopes(self) -> list[str]:
        return [scope for scheme in self.told["security"] for scope in scheme["token"]]

    @property
    def role(self) -> str | None:
        """A role that may call it: the operator, where possible. The holds of the examples are finance's."""
        roles: list[str] = self.told["x-roles"]
        if self.name in ("release_hold", "reject_hold"):
            return "finance"
        return ("operator" if "operator" in roles else roles[0]) if self.scopes else None

    def given(self, place: str) -> dict[str, str]:
        """The examples of its parameters in a place."""
        found = [each for each in self.told.get("parameters", []) if each["in"] == place and "example" in each]
        return {each["name"]: str(each["example"]) for each in found}

    @property
    def body(self) -> bytes | None:
        """The example body as the documentation page shows and sends it."""
        content = self.told.get("requestBody", {}).get("content", {}).get("application/json")
        return json.dumps(content["example"], indent=2, ensure_ascii=False).encode() if content else None

    def codes(self, status: int) -> list[str]:
        """The problem codes documented for a status."""
        problem = self.told["responses"][str(status)]["content"]["application/problem+json"]["schema"]
        return list(problem["allOf"][1]["properties"]["code"]["enum"])


def operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        for method, told in methods.items():
            yield Operation(method.upper(), path, told)


OPERATIONS = {operation.name: operation for operation in operations()}
SECURED = [operation for operation in OPERATIONS.values() if operation.scopes]


def send(cloud: Cloud, operation: Operation, *, token: bool = True, **changes: Any) -> Reply:
    """The example, with `path`, `query`, `headers` or `body` changed; a header of None is left out."""
    path = operation.path
    for name, value in {**operation.given("path"), **changes.get("path", {})}.items():
        path = path.replace(f"{{{name}}}", value)
    headers = {"content-type": "application/json", **operation.given("header"), **changes.get("headers", {})}
    return cloud.api(
        operation.method,
        path,
        body=changes.get("body", operation.body),
        query={**operation.given("query"), **changes.get("query", {})},
        token=cloud.token(operation.role) if token and operation.role else None,
        headers={name: value for name, value in headers.items() if value is not None},
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_example_is_accepted_as_it_stands(cloud: Cloud, name: str) -> None:
    operation = OPERATIONS[name]
    reply = send(cloud, operation)
    assert 200 <= reply.status < 300, reply.body
    described = operation.told["responses"][str(reply.status)]
    if reply.status == HTTPStatus.NO_CONTENT:
        assert (reply.body, "content" in described) == (b"", False)
        return
    (content_type, content), *_ = described["content"].items()
    assert reply.headers["content-type"].startswith(content_type)
    if content_type == "application/json":
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        Draft202012Validator(schema).validate(reply.json())


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_nothing_has_to_be_filled_in(operation: Operation) -> None:
    missing = [
        each["name"] for each in operation.told.get("parameters", []) if each["required"] and "example" not in each
    ]
    assert missing == []
    assert operation.body or "requestBody" not in operation.told


@pytest.mark.parametrize("operation", SECURED, ids=lambda operation: operation.name)
def test_without_a_token_the_answer_is_401_and_documented(cloud: Cloud, operation: Operation) -> None:
    reply = send(cloud, operation, token=False)
    assert reply.status == 401
    assert "application/json" in operation.told["responses"]["401"]["content"]  # in API Gateway's own words


MANAGED = ("release_hold", "reject_hold", "cancel_order", "confirm_fulfillment")
BAD: list[tuple[str, dict[str, Any], int, str]] = [
    *((name, {"body": b"{"}, 400, "malformed_json") for name in ("submit_order", *MANAGED)),
    *((name, {"body": b'{"colour": "red"}'}, 422, "invalid") for name in ("submit_order", *MANAGED)),
    *((name, {"body": b'"' + b"x" * 2 * MEGABYTE + b'"'}, 413, "too_large") for name in ("submit_order", *MANAGED)),
    ("submit_order", {"headers": {"Idempotency-Key": None}}, 400, "missing_idempotency_key"),
    ("receive_webhook", {"headers": {"X-Shopify-Hmac-Sha256": "bm8="}}, 401, "bad_signature"),
    ("receive_webhook", {"path": {"channel": "nobody"}}, 404, "unknown_channel"),
    ("list_messages", {"path": {"channel": "nobody"}}, 404, "unknown_channel"),
    ("list_messages", {"query": {"cursor": "nonsense"}}, 400, "bad_cursor"),
    ("list_messages", {"query": {"on": "yesterday"}}, 400, "malformed"),
    ("read_message", {"path": {"message_id": "msg_nothing"}}, 404, "not_found"),
    ("replay_message", {"path": {"message_id": "msg_nothing"}}, 404, "not_found"),
    ("replay_messages", {"body": b'{"limit": 0}'}, 422, "invalid"),
    ("list_orders", {"query": {"cursor": "nonsense"}}, 400, "bad_cursor"),
    ("list_orders", {"query": {"limit": "0"}}, 400, "malformed"),
    ("list_orders", {"query": {"colour": "red"}}, 400, "malformed"),
    ("list_proposals", {"query": {"cursor": "nonsense"}}, 400, "bad_cursor"),
    ("list_proposals", {"query": {"limit": "0"}}, 400, "malformed"),
    ("read_order", {"path": {"order_id": NOBODY}}, 404, "not_found"),
    ("read_timeline", {"path": {"order_id": NOBODY}}, 404, "not_found"),
    ("read_stock", {"path": {"sku": "NOTHING"}}, 404, "not_found"),
    ("track_order", {"path": {"token": "nonsense"}}, 404, "not_found"),
    ("get_packing_list", {"path": {"shipment_id": "shp_nothing"}}, 404, "not_found"),
    ("release_hold", {"path": {"order_id": NOBODY}}, 404, "not_found"),
    ("release_hold", {"path": {"hold_id": "hld_nothing"}}, 404, "not_found"),
    ("reject_hold", {"path": {"order_id": NOBODY}}, 404, "not_found"),
    ("cancel_order", {"path": {"order_id": NOBODY}}, 404, "not_found"),
]


@pytest.mark.parametrize(("name", "changes", "status", "code"), BAD)
def test_a_refusal_is_documented(cloud: Cloud, name: str, changes: dict[str, Any], status: int, code: str) -> None:
    operation = OPERATIONS[name]
    reply = send(cloud, operation, **changes)
    assert (reply.status, reply.json()["code"]) == (status, code), reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    assert code in operation.codes(status)


def test_what_was_decided_already_is_refused_as_a_matter_of_state(cloud: Cloud) -> None:
    send(cloud, OPERATIONS["reject_hold"])
    operation = OPERATIONS["release_hold"]
    reply = send(cloud, operation, path=OPERATIONS["reject_hold"].given("path"))
    assert (reply.status, reply.json()["code"]) == (409, "wrong_state")
    assert "wrong_state" in operation.codes(409)


def test_the_documented_token_is_sealed_with_the_local_pepper() -> None:
    seal = Seal(dev_secrets.PEPPER.encode(), "tracking-link")
    assert seal.open(examples.TRACKING_TOKEN) == f"{examples.ORDER_ID}.4102444800"


def test_the_documented_message_is_the_one_that_the_cloud_is_seeded_with() -> None:
    digest = hashlib.sha256(json.dumps(examples.PARKED_WEBHOOK).encode()).hexdigest()
    keyed = fingerprint(digest, dev_secrets.PEPPER.encode())
    assert derive_id("msg", "shopify_eu", "example", keyed) == examples.PARKED_MESSAGE_ID
