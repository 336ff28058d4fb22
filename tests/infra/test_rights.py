"""What a function reads of its environment and does to AWS on the main way, against what its row in the stack gives it.

moto and the emulator enforce no rights, so without this a missing grant would show only in an account.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from infra.local import seed
from oms.aws import clients
from oms.aws.tables import commit
from oms.entry import examples
from oms.inventory.waiting.door.model import at_door
from oms.kernel.time import to_text, utc_now
from oms.wiring import Wiring, rewire, wire
from tests.aws import environment, moto_cloud
from tests.conductor import Conductor
from tests.infra.assembly import Assembly
from tests.journey.orders import deliver, hand_over, parcels_of, post, webhook
from tests.lambda_events import api_event
from tests.polling import add_channel, shop_on_loopback

_DYNAMODB_PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Recorder:
    """Which settings and which actions each function uses."""

    def __init__(self) -> None:
        self.settings: dict[str, set[str]] = defaultdict(set)
        self.actions: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._function: str | None = None
        clients.session().register("before-call", self._note)
        clients._client.cache_clear()

    @contextmanager
    def around(self, function: str) -> Iterator[None]:
        self._function = function
        recorder = self

        class Watched(Wiring):
            def setting(self, name: str) -> str:
                recorder.settings[function].add(name)
                return super().setting(name)

        rewire(Watched(environment(), utc_now))
        try:
            yield
        finally:
            self._function = None

    def _note(self, **call: Any) -> None:
        if self._function is None:
            return
        service, operation = call["model"].service_model.service_name, call["model"].name
        for action, resource in _actions(service, operation, call["params"]):
            self.actions[self._function].add((f"{service}:{action}", resource))


def _actions(service: str, operation: str, params: Any) -> list[tuple[str, str]]:
    if service != "dynamodb":
        return [(operation, "")]
    body = json.loads(params["body"])
    if operation == "TransactWriteItems":
        return [
            (_DYNAMODB_PARTS[kind], request["TableName"])
            for action in body["TransactItems"]
            for kind, request in action.items()
        ]
    if operation == "BatchGetItem":
        return [(operation, table) for table in body["RequestItems"]]
    return [(operation, body["TableName"])]


@pytest.fixture(scope="module")
def used() -> Recorder:
    """The main way, a cancellation, the reads, and the scheduled scan."""
    with moto_cloud() as wiring:
        seed.fill(wiring)
        recorder = Recorder()
        conductor = Conductor(wiring, recorder.around)
        kept, cancelled = (post(conductor, webhook(number, [("MUG-BLUE", 1)])) for number in (1, 2))
        conductor.pump()
        whom: dict[str, Any] = {"path": {"order_id": cancelled}, "body": {"reason": "customer_request"}}
        conductor.call("allocation/api_cancel_orders", api_event("POST /v1/orders/{order_id}/cancel", **whom))
        hand_over(conductor)
        parcels = [parcel for parcel in parcels_of(wiring, [kept]) if parcel.status != "voided"]
        deliver(conductor, parcels)
        for route, path in (
            ("GET /v1/orders", {}),
            ("GET /v1/orders/{order_id}", {"order_id": kept}),
            ("GET /v1/orders/{order_id}/timeline", {"order_id": kept}),
        ):
            answer = conductor.call("orders/api_read_orders", api_event(route, path=path))
            assert answer["statusCode"] == 200, answer
        shipment = {"shipment_id": parcels[0].id}
        conductor.call(
            "fulfillment/api_get_packing_list", api_event("GET /v1/shipments/{shipment_id}/packing-list", path=shipment)
        )
        conductor.call("procurement/cron_scan_reorder_points", {})
        conductor.call("procurement/api_list_proposals", api_event("GET /v1/purchase-proposals"))
        conductor.call("inventory/api_read_stock", api_event("GET /v1/stock/{sku}", path={"sku": "MUG-BLUE"}))
        conductor.call("fulfillment/cron_watch_orders", {})
        commit(*wiring.doors.writes([at_door(wiring.orders.get(kept), "MUG-BLUE", "ber-1")]))
        for _ in range(2):  # the order has ended, and leaves; then the door is closed
            conductor.call("allocation/cron_let_in", {})
        path = {"supply_id": examples.NEW_SUPPLY}
        announced = api_event(
            "PUT /v1/supplies/{supply_id}", path=path, body=examples.SUPPLY_LINE, roles=["procurement"]
        )
        assert conductor.call("inventory/api_manage_supplies", announced)["statusCode"] == 200
        question = {"sku": "MUG-BLUE", "country": "DE", "channel": "sales_desk"}
        asked = api_event("GET /v1/availability", query=question)
        assert conductor.call("inventory/api_ask_availability", asked)["statusCode"] == 200
        poll(conductor)
    return recorder


def poll(conductor: Conductor) -> None:
    """A shop that sold something yesterday, and has said nothing since."""
    sold = utc_now() - timedelta(hours=20)
    with shop_on_loopback() as shop:
        shop.sells(1, at=sold)
        options = {"base_url": shop.partner.url, "poll_since": to_text(sold - timedelta(hours=1))}
        add_channel("woo_2", "", options=options, silent_after_minutes=60)
        conductor.call("intake/cron_poll_channels", {})
        wire().partners._http.close()


def test_every_function_finds_the_settings_that_it_reads(used: Recorder, local: Assembly) -> None:
    given = {_path(row): set(row["Environment"]["Variables"]) for row in _functions(local).values()}
    missing = {name: used.settings[name] - given[name] for name in used.settings if used.settings[name] - given[name]}
    assert missing == {}


def test_every_function_may_do_what_it_does(used: Recorder, local: Assembly) -> None:
    missing = {}
    for logical, row in _functions(local).items():
        name = _path(row)
        allowed = _allowed(local, row["Role"]["Fn::GetAtt"][0])
        wanted = {action.replace("s3:HeadObject", "s3:GetObject") for action, _ in used.actions.get(name, set())}
        if wanted - allowed:
            missing[logical] = wanted - allowed
    assert missing == {}


def _functions(assembly: Assembly) -> dict[str, Any]:
    rows = assembly.properties("AWS::Lambda::Function")
    return {name: row for name, row in rows.items() if str(row.get("Handler", "")).startswith("functions.")}


def _path(row: dict[str, Any]) -> str:
    return "/".join(row["Handler"].split(".")[1:3])


def _allowed(assembly: Assembly, role: str) -> set[str]:
    allowed: set[str] = set()
    for policy in assembly.properties("AWS::IAM::Policy").values():
        if {"Ref": role} in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                allowed |= set(actions if isinstance(actions, list) else [actions])
    for inline in assembly.properties("AWS::IAM::Role")[role].get("Policies", []):
        for statement in inline["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            allowed |= set(actions if isinstance(actions, list) else [actions])
    return allowed
