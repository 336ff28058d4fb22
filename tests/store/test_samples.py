"""Every sample of the read side goes through its handler as it stands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.console.api_show_docs import handler as show_docs
from functions.orders.api_read_orders import handler as read_orders
from functions.orders.stream_publish_facts import handler as publish_facts
from functions.tracking.api_track_parcels import handler as track_parcels
from oms.orders.store import facts_of_stream_record
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.order_builders import MONDAY, one_parcel_order, store_all

SAMPLES = Path(__file__).parents[2] / "events/samples"


@pytest.fixture(scope="module")
def shop() -> Iterator[Wiring]:
    with moto_cloud(lambda: MONDAY) as wiring:
        wiring.reference.put_setting("CHANNEL", "web", Channel(name="web", kind="canonical", currencies={"EUR"}))
        store_all(wiring.orders, *one_parcel_order())
        yield wiring


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("name", "handler", "word"),
    [
        ("orders/api_read_orders_list", read_orders, '"external_order_id":"1001"'),
        ("orders/api_read_orders_one", read_orders, '"tracking_number":"TR1"'),
        ("orders/api_read_orders_timeline", read_orders, '"what":"Seeded"'),
        ("tracking/api_track_parcels", track_parcels, '"tracking_number":"TR1"'),
        ("console/api_show_docs", show_docs, "<title>Baton API</title>"),
        ("console/api_show_docs_openapi", show_docs, '"openapi":"3.1.0"'),
    ],
)
def test_a_sample_request_is_answered(name: str, handler: Any, word: str) -> None:
    answer = handler(sample(name), None)
    assert answer["statusCode"] == 200
    assert word in answer["body"]


@pytest.mark.usefixtures("shop")
def test_the_sample_of_a_stream_is_published() -> None:
    event = sample("orders/stream_publish_facts")
    assert [len(facts_of_stream_record(record)) for record in event["Records"]] == [2, 0, 0]
    assert publish_facts(event, None) == {"batchItemFailures": []}
