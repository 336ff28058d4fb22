"""The orders of the documented examples are where the document says, once, however often they are seeded."""

import json

from infra.local import dev_secrets, examples, seed
from oms.aws import clients
from oms.entry import examples as documented
from tests.aws import moto_cloud


def test_example_orders_are_placed_once() -> None:
    with moto_cloud() as wiring:
        clients.secretsmanager().put_secret_value(
            SecretId=wiring.setting("PEPPER_SECRET"), SecretString=json.dumps({"pepper": dev_secrets.PEPPER})
        )
        seed.fill(wiring)
        assert [examples.place(wiring), examples.place(wiring)] == [len(list(examples.orders())), 0]
        assert documented.SHIPMENT_ID in wiring.orders.parcels([documented.SHIPMENT_ID])
        tree = wiring.orders.tree(documented.ORDER_ID)
        assert [(work.id, work.status) for work in tree.fulfillment_orders] == [
            (documented.FULFILLMENT_ORDER_ID, "requested")
        ]
        holds = {
            name: [hold.id for hold in wiring.orders.get(documented.order_id(name)).holds]
            for name in (documented.HELD, documented.HELD_TOO, documented.BACKORDERED)
        }
        assert holds == {
            documented.HELD: [documented.held(documented.HELD)["hold_id"]],
            documented.HELD_TOO: [documented.held(documented.HELD_TOO)["hold_id"]],
            documented.BACKORDERED: [],
        }
