"""The main job on the local cloud: real HTTP, stream, bus, queue, workflow; from the posted webhook to delivered."""

import json
from typing import Any

from infra.local import traffic
from infra.local.cloud import Cloud
from tests.cloud import eventually

LOCATION_QUEUE = "LocationBer1QueueUrl"
NUMBER = 4_242_001


def test_a_posted_webhook_ends_at_the_customers_door(cloud: Cloud) -> None:
    berlin = next(place for place in traffic.PLACES if place.country == "DE")
    purchase = traffic.shopify_purchase(NUMBER, berlin, [("MUG-BLUE", 2), ("LAMP-MINI", 1)], "completed")
    first, again = (traffic.send(cloud, purchase) for _ in range(2))
    assert (first.status, first.body) == (202, again.body)
    order_id = purchase.order_id

    released = eventually(lambda: _released(cloud, order_id), within_s=90)
    assert sum(line["quantity"] for line in released["data"]["lines"]) == 3
    steps = ("accepted", "picked", "packed", "shipped")
    results = [_confirm(cloud, released, step) for step in steps]
    assert results == ["applied"] * 4
    assert _confirm(cloud, released, "shipped") == "repeated"

    for place, status in enumerate(("picked_up", "in_transit", "out_for_delivery", "delivered", "in_transit")):
        late = place == 4  # a scan of the depot that comes in after the delivery
        _scan(cloud, _order(cloud, order_id)["parcels"], status, f"2026-11-24T{8 if late else 9 + place:02}:00:00Z")
    order = eventually(
        lambda: found if (found := _order(cloud, order_id))["status"] == "completed" else None, within_s=60
    )
    assert [line["units"]["delivered"] for line in order["lines"]] == [2, 1]
    assert {parcel["tracking_status"] for parcel in order["parcels"]} == {"delivered"}
    timeline = cloud.api("GET", f"/v1/orders/{order_id}/timeline", token=cloud.token("operator")).json()["rows"]
    said = " ".join(row["what"] for row in timeline)
    for fact in ("OrderConfirmed", "OrderAllocated", "FulfillmentOrderReleased", "OrderCompleted"):
        assert said.count(fact) == 1, said


def _released(cloud: Cloud, order_id: str) -> dict[str, Any] | None:
    """The message that the location finds on its queue; other orders' messages stay for others."""
    answer = cloud.client("sqs").receive_message(
        QueueUrl=cloud.outputs[LOCATION_QUEUE], MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    facts = [fact for message in answer.get("Messages", []) for fact in json.loads(message["Body"])["facts"]]
    wanted = ("FulfillmentOrderReleased", order_id)
    return next((fact for fact in facts if (fact["type"], fact["order_id"]) == wanted), None)


def _confirm(cloud: Cloud, released: dict[str, Any], kind: str) -> str:
    one = {
        "confirmation_id": f"{released['subject']}-{kind}",
        "order_id": released["order_id"],
        "fulfillment_order_id": released["subject"],
        "kind": kind,
    }
    path = f"/v1/locations/{released['data']['location']}/confirmations"
    reply = cloud.api("POST", path, json={"confirmations": [one]}, token=cloud.token("warehouse"))
    assert reply.status == 200, reply.body
    return str(reply.json()["results"][0]["outcome"])


def _scan(cloud: Cloud, parcels: list[dict[str, Any]], status: str, at: str) -> None:
    """Twice, as carriers do."""
    scans = [
        {"carrier": row["carrier"], "tracking_number": row["tracking_number"], "status": status, "at": at}
        for row in parcels
    ]
    entry = {
        "EventBusName": cloud.outputs["BusName"],
        "Source": f"carrier.{parcels[0]['carrier']}",
        "DetailType": "CarrierStatus",
        "Detail": json.dumps({"scans": [*scans, *scans]}),
    }
    assert cloud.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def _order(cloud: Cloud, order_id: str) -> dict[str, Any]:
    reply = cloud.api("GET", f"/v1/orders/{order_id}", token=cloud.token("operator"))
    assert reply.status == 200, reply.body
    order: dict[str, Any] = reply.json()
    return order
