"""Who is urgent: who may say so, who is served first for it, and that nobody is robbed of a day that was promised."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from functions.orders.api_read_orders import handler as read
from oms.reference.model import Channel, Fairness, FairnessPolicy, Item
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, clock, position, put_order, set_up, text_of
from tests.aws import moto_cloud
from tests.intake import canonical, open_desk
from tests.lambda_events import api_event
from tests.waiting_scene import buckets, come, found, line, order, sell, serve, supply, trusted


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0), position("CUP", "lon-1", 0))
        trusted(wiring)
        sell(wiring)
        yield wiring
        assert_the_books_balance(wiring)


def names(wiring: Wiring) -> list[str]:
    return [name for name, _, _ in line(wiring)]


def submitted(number: str, **more: Any) -> tuple[int, dict[str, Any]]:
    body = canonical(external_order_id=number, **more)
    answer = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": number}, body=body), None)
    return answer["statusCode"], text_of(answer)


def test_of_a_batch_the_most_urgent_gets_the_last_unit_where_the_rule_is_priority(shop: Wiring) -> None:
    found(shop, 1)
    decided = FairnessPolicy(name="CUP", version=1, by="user:tester", at="", terms=Fairness(rule="priority"))
    shop.reference.put_setting("FAIRNESS", "CUP", decided)
    come(shop, put_order(shop, "ord_1", {"CUP": 1}), put_order(shop, "ord_2", {"CUP": 1}, minute=1, priority=3))
    assert (buckets(shop, "ord_1"), buckets(shop, "ord_2")) == ((0, 1, 0), (0, 0, 1))


def test_in_the_line_who_is_urgent_stands_before_those_who_are_promised_the_same_day_and_no_others(
    shop: Wiring,
) -> None:
    supply(shop, "PO-1", 1, "2026-12-01")
    for number in range(3):
        order(shop, f"ord_{number}", 1, minute=number)
    order(shop, "ord_urgent", 1, minute=5, priority=9)
    order(shop, "ord_quick", 1, minute=6, priority=2)
    assert names(shop) == ["ord_0", "ord_urgent", "ord_quick", "ord_1", "ord_2"]
    supply(shop, "PO-2", 2, "2026-12-08")
    serve()
    assert [(name, day) for name, _, day in line(shop)] == [
        ("ord_0", "2026-12-01"),
        ("ord_urgent", "2026-12-08"),
        ("ord_quick", "2026-12-08"),
        ("ord_1", "unknown"),
        ("ord_2", "unknown"),
    ]
    found(shop, 2)
    serve()
    assert names(shop) == ["ord_quick", "ord_1", "ord_2"]


def test_a_channel_is_as_urgent_as_it_may_be_and_the_order_says_so() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("MUG", "ber-1", 9), position("LAMP", "ber-1", 9))
        for sku in ("MUG", "LAMP"):
            wiring.reference.put_item(Item(sku=sku, name=sku, weight_g=1, length_mm=1, width_mm=1, height_mm=1))
        desk = Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR"}), most_priority=5)
        wiring.reference.put_setting("CHANNEL", "sales_desk", desk)
        wiring.intake = replace(open_desk(wiring), stock=wiring.offer)
        status, problem = submitted("S-1", priority=6)
        assert (status, problem["code"], [one["field"] for one in problem["faults"]]) == (
            422, "priority_not_allowed", ["priority"],
        )  # fmt: skip
        assert submitted("S-1", priority=10)[0] == submitted("S-1", priority=True)[0] == 422
        status, told = submitted("S-1", priority=5)
        assert status == 201
        path = {"order_id": told["order_id"]}
        seen = text_of(read(api_event("GET /v1/orders/{order_id}", path=path, roles=("sales",)), None))
        assert seen["priority"] == 5
