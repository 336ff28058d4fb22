"""Route x role x own or other object, cell by cell, through the real handlers on real tables (faults H2 to H5).

What a cell must answer follows from the OpenAPI document alone; tests/access says how.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.examples import orders as example_orders
from oms.entry import examples
from oms.kernel.ids import derive_id
from oms.kernel.signing import Seal
from oms.reference.model import Client
from tests.access.cells import Operation, cells_of, operations, verdict
from tests.access.scene import (
    CHANNEL,
    LOCATION,
    MISSING,
    OTHER,
    OWN_CHANNEL,
    OWN_LOCATION,
    RELEASED,
    WORK,
    Scene,
    scene,
)
from tests.lambda_events import api_event

OPERATIONS = {operation.name: operation for operation in operations()}
SECURED = [operation for operation in OPERATIONS.values() if operation.told["security"]]
OPEN = {"signature": {"channel"}, "link": {"customer"}, "public": {"anyone"}}


@pytest.fixture(scope="module")
def company() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.fixture(autouse=True)
def as_it_was(company: Scene) -> Iterator[None]:
    yield
    company.restore()


@pytest.mark.parametrize("operation", SECURED, ids=lambda operation: operation.name)
def test_every_role_gets_its_own_and_nothing_else(company: Scene, operation: Operation) -> None:
    wrong = [found for cell in cells_of(operation) if (found := verdict(company, cell))]
    assert wrong == []


def test_every_kind_of_object_in_a_path_has_a_stranger_s_and_a_missing_one() -> None:
    named = {name for operation in SECURED if operation.own != "company" for name in operation.takes("path")}
    assert named - set(OTHER) == set()
    assert named - set(MISSING) == set()


def test_without_a_token_is_only_what_proves_its_caller_otherwise() -> None:
    without = {name: (told.own, told.roles) for name, told in OPERATIONS.items() if not told.told["security"]}
    assert {name for name, (own, _) in without.items() if own == "public"} == {"show_openapi", "show_docs"}
    assert all(roles == OPEN[own] for own, roles in without.values())


def ask(company: Scene, name: str, **changes: Any) -> tuple[int, Any]:
    """The example of an operation, changed."""
    operation = OPERATIONS[name]
    given: dict[str, Any] = {
        "path": operation.given("path"),
        "query": operation.given("query"),
        "headers": operation.given("header"),
        "body": operation.body,
    }
    company.calls.clear()
    answer = company.handlers[operation.key](api_event(operation.key, **{**given, **changes}), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_the_signature_of_one_channel_opens_no_other(company: Scene) -> None:
    path = {"channel": "shopify_us"}
    status, problem = ask(company, "receive_webhook", scope=None, path=path)
    assert (status, problem["code"]) == (401, "bad_signature")
    assert [name for name in company.calls if name != "GetSecretValue"] == []


def test_the_link_of_one_order_shows_that_order_and_no_other(company: Scene) -> None:
    status, shown = ask(company, "track_order", scope=None)
    assert status == 200
    assert not any(marker in json.dumps(shown) for marker in company.markers())
    forged = Seal(b"another pepper", "tracking-link").sign(f"{RELEASED}.4102444800")
    cursor = company.wiring.cursor_seal.sign(f"{RELEASED}.4102444800")
    for token in (forged, cursor, examples.TRACKING_TOKEN[:-1], RELEASED, examples.ORDER_ID):
        assert ask(company, "track_order", scope=None, path={"token": token})[0] == 404


def test_a_location_confirms_no_work_of_another_by_naming_it_in_the_body(company: Scene) -> None:
    one = {"confirmation_id": "c1", "fulfillment_order_id": WORK, "order_id": RELEASED, "kind": "accepted"}
    body = {"confirmations": [one]}
    status, said = ask(company, "confirm_fulfillment", body=body, roles=["warehouse"], locations=[OWN_LOCATION])
    missing = {"confirmations": [{**one, "fulfillment_order_id": "ful_none"}]}
    _, unknown = ask(company, "confirm_fulfillment", body=missing, roles=["warehouse"], locations=[OWN_LOCATION])
    assert (status, said["results"][0]["outcome"], said) == (200, "refused", unknown)
    assert company.wiring.orders.get_fulfillment_order(RELEASED, WORK).status == "requested"


def test_a_channel_in_body_query_or_header_is_not_the_channel_of_the_token(company: Scene) -> None:
    caller = {"roles": ["channel"], "channels": [OWN_CHANNEL]}
    body = {**OPERATIONS["submit_order"].body, "channel": CHANNEL}
    headers = {"idempotency-key": "k", "x-channel": CHANNEL, "x-baton-channel": CHANNEL}
    status, problem = ask(company, "submit_order", body=body, headers=headers, **caller)
    assert (status, problem["code"]) == (404, "unknown_channel")
    assert company.calls == []
    assert ask(company, "list_orders", query={"channel": CHANNEL}, **caller) == (200, {"orders": []})
    status, problem = ask(company, "list_orders", query={"channels": CHANNEL}, **caller)
    assert (status, problem["code"]) == (400, "malformed")


def test_the_cursor_of_one_caller_is_none_of_another(company: Scene) -> None:
    status, page = ask(company, "list_orders", query={"limit": "1"})
    assert status == 200
    query = {"limit": "1", "cursor": page["next_cursor"]}
    bound: list[dict[str, Any]] = [{"channels": [OWN_CHANNEL]}, {"locations": [OWN_LOCATION]}]
    for caller in bound:
        assert ask(company, "list_orders", query=query, **caller)[1]["code"] == "bad_cursor"
    assert ask(company, "list_orders", query=query)[0] == 200


OTHERS = {derive_id("ord", CHANNEL, body["external_order_id"]) for body in example_orders()}


@pytest.mark.parametrize(
    ("bound", "status", "theirs"),
    [
        ({"channels": [CHANNEL]}, None, OTHERS),
        ({"locations": [LOCATION]}, None, {RELEASED}),
        ({"locations": [OWN_LOCATION]}, "in_fulfillment", {examples.ORDER_ID}),
        ({"locations": [OWN_LOCATION]}, "validating", set()),
        ({"channels": [CHANNEL], "locations": [OWN_LOCATION]}, None, set()),
        ({"channels": ["shopify_eu"]}, None, set()),
    ],
)
def test_paging_through_a_list_shows_all_that_is_the_caller_s_and_nothing_else(
    company: Scene, bound: dict[str, Any], status: str | None, theirs: set[str]
) -> None:
    shown, cursor = [], None
    while True:
        query = {"limit": "1", **({"status": status} if status else {}), **({"cursor": cursor} if cursor else {})}
        _, page = ask(company, "list_orders", query=query, **bound)
        shown += [order["id"] for order in page["orders"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert (len(shown), set(shown)) == (len(theirs), theirs)


def machine(company: Scene, **client: Any) -> dict[str, Any]:
    company.wiring.reference.put_setting("CLIENT", "m2m", Client(name="Some machine", **client))
    return {"client": "m2m", "scope": "baton/orders:read baton/orders:write"}


def test_a_machine_is_what_its_setting_says_narrowed_by_the_scopes_of_its_token(company: Scene) -> None:
    token = machine(company, roles={"channel"}, channels={CHANNEL})
    assert ask(company, "read_order", path={"order_id": RELEASED}, **token)[0] == 200
    assert ask(company, "read_order", **token)[0] == 404
    narrow = {**token, "scope": "baton/orders:read"}
    assert ask(company, "cancel_order", path={"order_id": RELEASED}, **narrow)[0] == 403
    assert company.calls == []


@pytest.mark.parametrize(
    "client",
    [
        {"roles": {"operator"}, "active": False},
        {"roles": set()},
        {"roles": {"customer", "root", "anyone"}},
    ],
)
def test_a_machine_without_a_role_may_nothing(company: Scene, client: dict[str, Any]) -> None:
    assert ask(company, "read_order", **machine(company, **client))[0] == 403


def test_a_machine_that_nobody_knows_may_nothing_whatever_its_scopes(company: Scene) -> None:
    assert ask(company, "read_order", scope="baton/orders:read baton/orders:write", client="stranger")[0] == 403


def test_the_groups_of_objects_alone_are_no_role(company: Scene) -> None:
    assert ask(company, "read_order", roles=[], channels=[OWN_CHANNEL], locations=[OWN_LOCATION])[0] == 403
