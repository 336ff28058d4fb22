"""A seeded company on moto with every object twice: the one of the examples, and a stranger's of the same kind.

The first are the objects that the examples of the API document are about: channel `sales_desk`, location `ber-1`. The
others belong to the channel `marketplace` and the location `lon-1`. A new kind of object gets a row in OTHER.
"""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local import dev_secrets, seed
from infra.local import examples as seeded
from oms.allocation.service import allocate_orders
from oms.aws import clients
from oms.entry import examples
from oms.entry.api import Api
from oms.intake.model import NewOrder
from oms.intake.service import submit_order
from oms.intake.store import Claim
from oms.kernel.ids import derive_id
from oms.orders.model import fulfillment_order_id
from oms.wiring import Wiring, rewire
from tests.aws import moto_cloud

ROOT = Path(__file__).parents[2]
_Key = tuple[str, str, str]  # table, pk, sk
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

OWN_CHANNEL, OWN_LOCATION = examples.CHANNEL, examples.LOCATION
OWN_SHOP = "shopify_eu"  # the channel of the examples about messages and polling
CHANNEL, LOCATION, SHOP = "marketplace", "lon-1", "shopify_us"
THEIRS = "-THEIRS"  # behind the names of transfers that go from London to Los Angeles, or back
SKU = "TOWEL-BATH"  # kept in London and Los Angeles only


def _order_id(name: str) -> str:
    return derive_id("ord", CHANNEL, name)


RELEASED, HELD, TO_CONFIRM = (_order_id(name) for name in (examples.RELEASED, examples.HELD, examples.TO_CONFIRM))
WORK = fulfillment_order_id(RELEASED, 1, LOCATION)
IMPORT = derive_id("imp", "scene", examples.IMPORT_KEY)
RESERVATION = derive_id("rsv", CHANNEL, examples.CART)

# What stands in the place of an example's parameter when the object is a stranger's; a Callable asks the scene.
OTHER: Mapping[str, Callable[["Scene"], str]] = {
    "order_id": lambda _scene: RELEASED,
    "hold_id": lambda _scene: derive_id("hld", HELD, "credit_limit"),
    "shipment_id": lambda scene: scene.shipment_id,
    "channel": lambda _scene: CHANNEL,
    "import_id": lambda _scene: IMPORT,
    "reservation_id": lambda _scene: RESERVATION,
    "location": lambda _scene: LOCATION,
    "sku": lambda _scene: SKU,
    "supply_id": lambda _scene: examples.SUPPLY,
    "lot_id": lambda _scene: examples.LOT,
    "serial": lambda _scene: examples.SERIAL,
    "transfer_id": lambda _scene: examples.TRANSFER + THEIRS,
    "message_id": lambda scene: scene.message_id,
    "draft_id": lambda _scene: examples.DRAFT,
    "change_id": lambda _scene: derive_id("chg", TO_CONFIRM, examples.CHANGED_BY, examples.CHANGE_KEY),
}
# Where a parameter needs more than its name to be chosen: by operation.
OF_OPERATION: Mapping[str, Mapping[str, str]] = {
    "release_hold": {"order_id": HELD},
    "reject_hold": {"order_id": HELD},
    "read_change": {"order_id": TO_CONFIRM},
    "confirm_change": {"order_id": TO_CONFIRM},
    "decline_change": {"order_id": TO_CONFIRM},
    "release_reservation": {"reservation_id": derive_id("rsv", CHANNEL, examples.CART_TOO)},
    "cancel_import": {"import_id": derive_id("imp", "scene", examples.IMPORT_TO_CANCEL_KEY)},
    "put_draft": {"draft_id": examples.NEW_DRAFT},
    "submit_draft": {"draft_id": examples.DRAFT_TO_SUBMIT},
    "delete_draft": {"draft_id": examples.DRAFT_TO_DELETE},
    "put_supply": {"supply_id": examples.NEW_SUPPLY},
    "read_serial": {"sku": examples.SERIAL_TRACKED},
    **{name: {"sku": examples.LOT_TRACKED} for name in ("read_lot", "trace_lot", "block_lot", "unblock_lot")},
    "put_transfer": {"transfer_id": examples.NEW_TRANSFER},
    "ready_transfer": {"transfer_id": examples.TRANSFER_TO_READY + THEIRS},
    "ship_transfer": {"transfer_id": examples.TRANSFER_TO_SHIP + THEIRS},
    "receive_transfer": {"transfer_id": examples.TRANSFER_TO_RECEIVE + THEIRS},
    "cancel_transfer": {"transfer_id": examples.TRANSFER_TO_CANCEL + THEIRS},
    "backfill": {"channel": SHOP},
    "read_polling": {"channel": SHOP},
    "resend_levels": {"channel": SHOP},
    "list_messages": {"channel": SHOP},
    "read_message": {"channel": SHOP},
    "replay_message": {"channel": SHOP},
    "replay_messages": {"channel": SHOP},
}
# The same, for an object that does not exist at all.
MISSING: Mapping[str, str] = {
    "order_id": derive_id("ord", "nobody"),
    "hold_id": derive_id("hld", "nobody"),
    "shipment_id": derive_id("shp", "nobody"),
    "channel": "nobody",
    "import_id": derive_id("imp", "nobody"),
    "reservation_id": derive_id("rsv", "nobody"),
    "location": "nowhere-1",
    "transfer_id": "TR-NOBODY",
    "lot_id": "NO-LOT",
    "serial": "NO-SERIAL",
    "sku": "NOTHING",
    "account_id": "NOBODY",
    "policy": "nobody",
    "strategy": "nobody",
    "what_if_id": derive_id("wif", "nobody"),
    "version": "99",
    "message_id": derive_id("msg", "nobody"),
    "draft_id": "nobody",
    "change_id": derive_id("chg", "nobody"),
    "exception_id": derive_id("exc", "nobody"),
}


class Scene:
    """The company, its handlers by route, and what is done to AWS."""

    def __init__(self, wiring: Wiring, shipment_id: str, message_id: str) -> None:
        self.wiring = wiring
        self.shipment_id: str = shipment_id
        self.message_id: str = message_id
        self.handlers = _handlers()
        self.calls: list[str] = []
        self._kept: dict[_Key, Any] = {}
        self._touched: set[_Key] = set()

    def keep(self) -> None:
        """Remember all tables as they are now."""
        for table in clients.dynamodb().list_tables()["TableNames"]:
            for page in clients.dynamodb().get_paginator("scan").paginate(TableName=table):
                self._kept |= {(table, one["pk"]["S"], one["sk"]["S"]): one for one in page["Items"]}

    def restore(self) -> None:
        """Put back what was written since."""
        touched, self._touched = self._touched, set()
        for table, pk, sk in touched:
            item = self._kept.get((table, pk, sk))
            if item:
                clients.dynamodb().put_item(TableName=table, Item=item)
            else:
                clients.dynamodb().delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        self._touched.clear()

    def markers(self) -> set[str]:
        """What names the stranger's objects, wherever it stands."""
        return {
            IMPORT,
            RESERVATION,
            RELEASED,
            HELD,
            TO_CONFIRM,
            WORK,
            self.shipment_id,
            _order_id(examples.HELD_TOO),
            _order_id(examples.BACKORDERED),
            self.message_id,
        }

    def note(self, **call: Any) -> None:
        """Remember a call to AWS, but for the counting of callers and for the settings that are read each minute."""
        model = call["model"]
        if model.service_model.service_name != "dynamodb":
            self.calls.append(model.name)
            return
        request = json.loads(call["params"]["body"])
        if request.get("TableName") in (self.wiring.setting("LIMITS_TABLE"), self.wiring.setting("REFERENCE_TABLE")):
            return
        self.calls.append(model.name)
        writes = [write for action in request.get("TransactItems", ()) for write in action.values()]
        for write in [*writes, request] if model.name != "Query" else ():
            key = write.get("Item") or write.get("Key")
            if key and model.name not in ("GetItem", "Scan"):
                self._touched.add((write["TableName"], key["pk"]["S"], key["sk"]["S"]))


@contextmanager
def scene() -> Iterator[Scene]:
    """A fresh company with both kinds of objects."""
    with moto_cloud() as wiring:
        clients.secretsmanager().put_secret_value(
            SecretId=wiring.setting("PEPPER_SECRET"), SecretString=json.dumps({"pepper": dev_secrets.PEPPER})
        )
        seed.fill(wiring)
        seeded.place(wiring)
        made = Scene(wiring, _place_others(wiring), seeded.park(wiring, SHOP))
        rewire(wiring)
        made.keep()
        clients.session().register("before-call", made.note)
        clients._client.cache_clear()
        yield made


def _place_others(wiring: Wiring) -> str:
    """The same orders through the other channel, to London; the parcel that goes out there."""
    for body in seeded.orders():
        buyer = {**body["customer"], "email": f"{body['external_order_id'].lower()}@example.org"}
        home = {**body["ship_to"], "country": "GB", "postal_code": "E1 6AN"}
        other = {**body, "channel": CHANNEL, "customer": buyer, "ship_to": home}
        new = NewOrder.model_validate(other)
        submit_order(new, claim=Claim(f"scene-{new.external_order_id}", "scene"), by="scene", desk=wiring.intake)
    seeded.import_file(wiring, CHANNEL, by="scene")
    seeded.write_drafts(wiring, CHANNEL)
    seeded.fill_carts(wiring, CHANNEL)
    seeded.propose(TO_CONFIRM, wiring)
    seeded.send_transfers(wiring, LOCATION, "lax-1", suffix=THEIRS)
    fact = {
        **seeded._confirmed(),
        "id": f"{RELEASED}.1.0",
        "subject": RELEASED,
        "order_id": RELEASED,
        "data": {"order_id": RELEASED, "attempt": 1},
    }
    failed = allocate_orders(
        [("scene", {"facts": [fact]})],
        orders=wiring.orders,
        stock=wiring.stock,
        reservations=wiring.reservations,
        sourcing=wiring.sourcing(),
        fairness=wiring.reference.fairness(),
        waiting=wiring.waiting_desk,
        now=wiring.clock(),
    )
    assert failed == {}
    document: dict[str, Any] = {"order_id": RELEASED, "fulfillment_order_id": WORK, "attempt": 1}
    rewire(wiring)
    for step in seeded.STEPS:
        document = importlib.import_module(f"functions.{step}").handler(document, None)
    assert document["outcome"] == "released", document
    return str(document["parcel_ids"][0])


def _handlers() -> dict[str, Handler]:
    """The handler of every route."""
    found: dict[str, Handler] = {}
    for path in sorted((ROOT / "functions").glob("*/api_*.py")):
        api: Api = importlib.import_module(f"functions.{path.parent.name}.{path.stem}").api
        found |= dict.fromkeys(api.routes, api.handler)
    return found
