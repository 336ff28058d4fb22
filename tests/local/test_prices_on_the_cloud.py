"""The function with the solver, deployed: its second layer is found, and it solves."""

import json
from datetime import timedelta

from infra.local.seed import domain
from oms.allocation.prices.counting import last_hour
from oms.allocation.prices.model import Basket
from oms.kernel.time import utc_now
from tests.cloud import Cloud


def test_the_deployed_function_solves_and_publishes(cloud: Cloud) -> None:
    with domain(cloud.clients.endpoint, cloud.outputs) as wiring:
        store = wiring.prices
        end = last_hour(utc_now())
        for back in range(1, 25):
            store.put_hour(end - timedelta(hours=back), {Basket((("MUG-BLUE", 1),), "DE-1", 1): 1_000})
        answer = cloud.client("lambda").invoke(FunctionName="baton-local-cron-price-stock")
        report = json.loads(answer["Payload"].read())
        current = store.current()
    assert report["days"] == 1, report
    assert (report["groups"], report["failed"]) == (1, 0)
    assert report["priced"] > 0
    assert current is not None
    assert current.version == report["version"]
