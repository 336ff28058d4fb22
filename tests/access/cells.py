"""The cells: who calls, what is expected of the document alone, and what came of it."""

import base64
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from oms.entry import examples
from oms.entry.principal import STAFF
from tests.access.scene import (
    CHANNEL,
    MISSING,
    OF_OPERATION,
    OTHER,
    OWN_CHANNEL,
    OWN_LOCATION,
    OWN_SHOP,
    ROOT,
    Scene,
)
from tests.lambda_events import api_event

DOCUMENT: dict[str, Any] = json.loads((ROOT / "events/openapi.json").read_text())
BY_NATURE = {"warehouse": "location", "channel": "channel"}
WRITES = ("Put", "Update", "Delete", "Transact", "BatchWrite", "Send", "Start", "Publish")
# What of a caller binds it, by what the operation is about.
BINDING = {
    "order": {"channel", "location"},
    "orders": {"channel", "location"},
    "shipment": {"channel", "location"},
    "channel": {"channel"},
    "import": {"channel"},
    "reservation": {"channel"},
    "channels": {"channel"},
    "location": {"location"},
    "transfer": {"location"},
    "locations": {"location"},
}
# Roles that may call an operation, but not for the object of its example: a credit hold is no salesman's to decide.
NOT_THIS_ONE = {"release_hold": {"operator", "sales"}, "reject_hold": {"operator", "sales"}}  # a credit hold
LISTS = ("orders", "channels", "locations")


class Operation(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def name(self) -> str:
        return str(self.told["operationId"])

    @property
    def roles(self) -> set[str]:
        return set(self.told["x-roles"])

    @property
    def own(self) -> str:
        return str(self.told["x-own"])

    def given(self, place: str) -> dict[str, str]:
        """The examples of its parameters in a place."""
        found = [each for each in self.told.get("parameters", []) if each["in"] == place and "example" in each]
        return {each["name"]: str(each["example"]) for each in found}

    @property
    def has_work(self) -> bool:
        """Whether the location of the examples has work for the order of this example: most wait for something."""
        return self.given("path").get("order_id", examples.ORDER_ID) == examples.ORDER_ID

    def takes(self, place: str) -> set[str]:
        """All its parameters in a place."""
        return {each["name"] for each in self.told.get("parameters", []) if each["in"] == place}

    @property
    def body(self) -> Any:
        content = self.told.get("requestBody", {}).get("content", {}).get("application/json")
        return json.loads(json.dumps(content["example"])) if content else None


class Caller(NamedTuple):
    """Somebody with a role, in the groups of the examples' channel or location, of both, or of neither."""

    role: str
    groups: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.role}+{'+'.join(sorted(self.groups))}" if self.groups else self.role

    def claims(self, operation: Operation) -> dict[str, Any]:
        """What its token says, when it works at the location that the example is about."""
        here = operation.given("path").get("location", OWN_LOCATION)
        return {
            "roles": [self.role],
            "channels": [OWN_CHANNEL, OWN_SHOP] if "channel" in self.groups else [],
            "locations": [here] if "location" in self.groups else [],
        }

    @property
    def bound(self) -> set[str]:
        """The kinds of objects of which it has not all."""
        return {*self.groups, *([BY_NATURE[self.role]] if self.role in BY_NATURE else [])}


class Cell(NamedTuple):
    """One cell: a route, a caller, whose object, and what must come of it."""

    operation: Operation
    caller: Caller
    whose: str
    expected: str  # allowed, forbidden, hidden, empty

    @property
    def label(self) -> str:
        return f"{self.operation.key}, {self.caller.name}, {self.whose} object: {self.expected}"


def operations() -> list[Operation]:
    return [
        Operation(method.upper(), path, told)
        for path, methods in DOCUMENT["paths"].items()
        for method, told in methods.items()
    ]


def callers() -> list[Caller]:
    """Every role bound in every way, and somebody without any."""
    ways = [frozenset[str](), frozenset({"channel"}), frozenset({"location"}), frozenset({"channel", "location"})]
    return [Caller(role, way) for role in (*STAFF, "channel", "nobody") for way in ways]


def cells_of(operation: Operation) -> Iterator[Cell]:
    """Every cell of an operation that needs a token."""
    for caller in callers():
        for whose in ("own", "other"):
            yield Cell(operation, caller, whose, _expected(operation, caller, whose))


def _expected(operation: Operation, caller: Caller, whose: str) -> str:
    if caller.role not in operation.roles:
        return "forbidden"
    binding = caller.bound & BINDING.get(operation.own, set())
    theirs = whose == "own" and binding <= caller.groups and ("location" not in binding or operation.has_work)
    if not binding or theirs:
        return "forbidden" if caller.role in NOT_THIS_ONE.get(operation.name, ()) else "allowed"
    return "empty" if operation.own in LISTS and not operation.takes("path") else "hidden"


def call(scene: Scene, cell: Cell, *, missing: bool = False) -> dict[str, Any]:
    """Send the example as the caller, with the object of the cell (or one that does not exist)."""
    operation = cell.operation
    event = api_event(
        operation.key,
        path=_swapped(scene, operation, operation.given("path"), cell.whose, missing=missing),
        query=_swapped(scene, operation, _query(operation, cell.whose), cell.whose, missing=missing),
        headers=operation.given("header"),
        body=_body(operation, cell.whose, missing=missing),
        client=cell.caller.name,
        **cell.caller.claims(operation),
    )
    scene.calls.clear()
    return scene.handlers[operation.key](event, None)


def _query(operation: Operation, whose: str) -> dict[str, str]:
    """A list of a stranger's objects is asked for by the filters that name them."""
    named = operation.takes("query") & {"channel", "location"} if operation.own in LISTS else set()
    return {**operation.given("query"), **(dict.fromkeys(named, "") if whose == "other" else {})}


def _swapped(scene: Scene, operation: Operation, given: dict[str, str], whose: str, *, missing: bool) -> dict[str, str]:
    if whose == "own":
        return given
    special = OF_OPERATION.get(operation.name, {})
    swapped = {}
    for name, value in given.items():
        if missing:
            swapped[name] = MISSING.get(name, value)
        elif name in special:
            swapped[name] = special[name]
        else:
            swapped[name] = OTHER[name](scene) if name in OTHER else value
    return swapped


def _body(operation: Operation, whose: str, *, missing: bool) -> Any:
    body = operation.body
    if whose == "other" and isinstance(body, dict) and "channel" in body:
        body["channel"] = MISSING["channel"] if missing else CHANNEL
    return body


def verdict(scene: Scene, cell: Cell) -> str | None:
    """Make the call and judge it; what is wrong with the answer, or None. Whatever it wrote is put back."""
    answer = call(scene, cell)
    calls = list(scene.calls)
    wrote = [name for name in calls if name.startswith(WRITES)]
    try:
        wrong = _judge(scene, cell, answer, wrote)
        if wrong is None and cell.expected == "hidden":
            wrong = _differs(scene, cell, answer, calls)
    finally:
        if wrote:
            scene.restore()
    return f"{cell.label} -> {wrong}" if wrong else None


def _judge(scene: Scene, cell: Cell, answer: dict[str, Any], wrote: list[str]) -> str | None:
    status, text = answer["statusCode"], _text(answer)
    if cell.expected == "allowed":
        bound = cell.caller.bound & BINDING.get(cell.operation.own, set())
        leaked = [name for name in scene.markers() if bound and name in text]
        return f"{status} {text[:300]} {leaked}" if status >= HTTPStatus.MULTIPLE_CHOICES or leaked else None
    if wrote:
        return f"refused with {status}, but wrote: {wrote}"
    wanted = {"forbidden": 403, "hidden": 404, "empty": 200}[cell.expected]
    if status != wanted:
        return f"{status} {text[:300]}"
    asked = json.dumps([_swapped(scene, cell.operation, cell.operation.given("path"), cell.whose, missing=False)])
    leaked = [name for name in scene.markers() if name in text and name not in asked]
    return f"tells of {leaked}" if leaked else None


def _differs(scene: Scene, cell: Cell, answer: dict[str, Any], calls: list[str]) -> str | None:
    """A hidden object must be answered, and looked up, like one that does not exist."""
    if cell.whose == "own":
        return None
    other = call(scene, cell, missing=True)
    if _anonymous(scene, cell, answer, missing=False) != _anonymous(scene, cell, other, missing=True):
        return f"differs from a missing one: {_text(answer)[:200]} / {_text(other)[:200]}"
    return None if calls == scene.calls else f"costs other calls than a missing one: {calls} / {scene.calls}"


def _anonymous(scene: Scene, cell: Cell, answer: dict[str, Any], *, missing: bool) -> Any:
    """The answer without the id of the request, and with the ids that were asked for taken out."""
    text = _text(answer)
    for value in _swapped(scene, cell.operation, cell.operation.given("path"), "other", missing=missing).values():
        text = text.replace(value, "<asked>")
    document = json.loads(text)
    document.pop("instance")
    headers = {name: value for name, value in answer["headers"].items() if not name.startswith("ratelimit")}
    return answer["statusCode"], headers, document


def _text(answer: dict[str, Any]) -> str:
    body = answer["body"] or ""
    return base64.b64decode(body).decode("utf-8", "replace") if answer.get("isBase64Encoded") else str(body)
