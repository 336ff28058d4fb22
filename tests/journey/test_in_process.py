"""The main job on moto: every handler of an order's way, in one process, from the posted webhook to delivered."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from infra.local import seed
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.conductor import Conductor
from tests.journey.orders import deliver, hand_over, parcels_of, post, webhook
from tests.lambda_events import api_event

LINES = [("MUG-BLUE", 2), ("LAMP-MINI", 1)]


@pytest.fixture
def company() -> Iterator[Wiring]:
    with moto_cloud() as wiring:
        seed.fill(wiring)
        yield wiring


def test_orders_are_delivered_and_their_stock_leaves_the_books(company: Wiring) -> None:
    conductor = Conductor(company)
    before = company.stock.positions_at([("MUG-BLUE", "ber-1")])["MUG-BLUE", "ber-1"]
    ids = [post(conductor, webhook(number, LINES)) for number in (1, 2, 3)]
    conductor.pump()
    hand_over(conductor)
    parcels = parcels_of(company, ids)
    deliver(conductor, parcels)

    assert [company.orders.get(order_id).status for order_id in ids] == ["completed"] * 3
    assert [parcel.tracking_status for parcel in parcels_of(company, ids)] == ["delivered"] * 3
    after = company.stock.positions_at([("MUG-BLUE", "ber-1")])["MUG-BLUE", "ber-1"]
    assert (after.on_hand, after.committed) == (before.on_hand - 6, 0)
    said = Counter(fact["type"] for fact in conductor.published)
    assert said["OrderConfirmed"] == said["OrderAllocated"] == said["OrderCompleted"] == 3
    assert said["ParcelDelivered"] == 3


def test_every_fact_is_said_once_and_in_the_order_of_its_subject(company: Wiring) -> None:
    conductor = Conductor(company)
    ids = [post(conductor, webhook(number, LINES)) for number in (1, 2)]
    conductor.pump()
    hand_over(conductor)
    deliver(conductor, parcels_of(company, ids))
    assert len({fact["id"] for fact in conductor.published}) == len(conductor.published)
    for subject in {fact["subject"] for fact in conductor.published}:
        sequence = [fact["sequence"] for fact in conductor.published if fact["subject"] == subject]
        assert sequence == sorted(sequence)


def test_the_same_webhook_ten_times_is_one_order_with_one_answer(company: Wiring) -> None:
    conductor = Conductor(company)
    event = webhook(7, LINES)
    answers = [conductor.call("intake/api_receive_webhooks", event) for _ in range(10)]
    assert {(answer["statusCode"], answer["body"]) for answer in answers} == {(202, answers[0]["body"])}
    assert len(conductor.arrived) == 1
    conductor.pump()
    assert Counter(fact["type"] for fact in conductor.published)["OrderConfirmed"] == 1


def test_a_rejected_share_is_sourced_elsewhere_and_still_arrives(company: Wiring) -> None:
    conductor = Conductor(company)
    order_id = post(conductor, webhook(8, LINES))
    conductor.pump()
    (fact,) = conductor.released
    conductor.released = []
    body = {
        "confirmations": [
            {
                "confirmation_id": "no",
                "order_id": order_id,
                "fulfillment_order_id": fact["subject"],
                "kind": "rejected",
                "reason": "damaged",
            }
        ]
    }
    location = fact["data"]["location"]
    route = "POST /v1/locations/{location}/confirmations"
    answer = conductor.call(
        "fulfillment/api_confirm_fulfillment", api_event(route, path={"location": location}, body=body)
    )
    assert json.loads(answer["body"])["results"][0]["outcome"] == "applied"
    conductor.pump()
    assert [again["data"]["location"] for again in conductor.released] != [location]
    hand_over(conductor)
    live = [parcel for parcel in parcels_of(company, [order_id]) if parcel.status != "voided"]
    deliver(conductor, live)
    assert company.orders.get(order_id).status == "completed"
