"""Why an order ships from where it does: written with the allocation, read in plain words."""

from datetime import datetime
from typing import Any

import pytest

from functions.allocation.api_explain_orders import handler as explain
from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.decisions.model import inputs_of, record_of
from oms.allocation.rules import Demand
from oms.allocation.sourcing.engine import source
from oms.allocation.sourcing.strategy import BUILT_IN
from oms.wiring import Wiring
from tests.allocation_scene import batch, position, put_order, set_up
from tests.intake import body_of
from tests.lambda_events import api_event


@pytest.fixture
def scene(cloud_on_moto: Wiring) -> Wiring:
    set_up(cloud_on_moto, position("A", "ber-1", 5), position("A", "lon-1", 5), position("B", "lon-1", 1))
    return cloud_on_moto


def read(order_id: str) -> Any:
    event = api_event("GET /v1/orders/{order_id}/decisions", path={"order_id": order_id}, roles=("operator",))
    return body_of(explain(event, None))


def test_a_decision_says_why_this_place_and_why_not_the_other(scene: Wiring) -> None:
    allocate(batch(put_order(scene, "ord_1", {"A": 2})), None)
    page = read("ord_1")
    assert page["order_id"] == "ord_1"
    (decision,) = page["decisions"]
    assert decision["record"]["shipped"] == [{"line": 1, "sku": "A", "location": "ber-1", "units": 2}]
    assert decision["record"]["cost"] == decision["record"]["bound"]
    words = decision["words"]
    assert words[0].startswith("ber-1 ships 2 unit(s) of line(s) 1, for ")
    assert words[1] == "One location is enough, and no allowed plan costs less."
    assert words[2].startswith("lon-1 (")
    assert words[2].endswith(" more.")


def test_the_same_inputs_and_version_decide_the_same_again(scene: Wiring) -> None:
    order = put_order(scene, "ord_1", {"A": 2, "B": 1})
    allocate(batch(order), None)
    (kept,) = scene.decisions.about("ord_1", scene.orders.get("ord_1").decided_in)
    stock = {"A": {"ber-1": 5, "lon-1": 5}, "B": {"lon-1": 1}}
    demands = [Demand(1, "A", 2), Demand(2, "B", 1)]
    case = scene.sourcing().case(order, demands, stock, (), datetime.fromisoformat(kept.at))
    again = record_of("ord_1", kept.attempt, kept.at, inputs_of(case), source(case, BUILT_IN), kept.prices)
    assert again == kept


def test_what_waits_and_where_it_is_out_is_said(scene: Wiring) -> None:
    allocate(batch(put_order(scene, "ord_1", {"B": 3})), None)
    (decision,) = read("ord_1")["decisions"]
    assert decision["record"]["waiting"] == {"1": 2}
    assert "2 unit(s) of line(s) 1 nobody may ship now." in decision["words"]
    assert "backorder takes 2 unit(s) of line(s) 1: they wait for stock." in decision["words"]


def test_orders_of_one_transaction_share_an_item_and_each_shows_only_its_own(scene: Wiring) -> None:
    orders = [put_order(scene, f"ord_{n}", {"A": 1}, minute=n) for n in (1, 2)]
    allocate(batch(*orders), None)
    first, second = scene.orders.get("ord_1"), scene.orders.get("ord_2")
    assert first.decided_in == second.decided_in
    assert len(first.decided_in) == 1
    assert [row["record"]["order_id"] for row in read("ord_2")["decisions"]] == ["ord_2"]
