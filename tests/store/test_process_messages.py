"""An archived message on its way to its effect: once, whatever comes twice, late or out of order."""

from collections.abc import Iterator
from typing import Any

import pytest

from oms.intake.rules import person_id_of
from oms.orders.model import Order
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import TestClock, archived, body_of, company, count, hook, message_rows, shopify, work_off

ORDER_ID = order_id_of("shopify_eu", "5678901234567")


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def row_of(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = message_rows()[body_of(answer)["message_id"]]
    return found


def the_order() -> Order:
    return wire().orders.get(ORDER_ID)


def test_a_message_makes_its_order_and_its_row_in_one_transaction() -> None:
    answer = hook(shopify())
    assert work_off() == []
    order = the_order()
    assert (order.status, order.total_minor, order.tax_minor, order.taxes_included) == ("confirmed", 19390, 3096, True)
    assert order.log[0].by == "channel:shopify_eu"
    assert wire().people.read(person_id_of(ORDER_ID), purpose="test").name == "Zoë Krüger"
    row = row_of(answer)
    assert (row["status"], row["outcome"], row["order_ids"], row["tries"]) == ("processed", "created", [ORDER_ID], 1)
    assert (row["received_at"], row["source"]) == ("2026-11-23T09:30:00.000Z", "webhook")
    assert "reason" not in row


def test_a_warm_message_costs_four_calls_of_which_a_batch_shares_one() -> None:
    hook(shopify())
    work_off()
    done = archived()
    hook(shopify(id=2, email="b@example.com"))
    fresh = [key for key in archived() if key not in done]
    assert calls_of(lambda: work_off(*fresh)) == ["GetObject", "BatchGetItem", "BatchGetItem", "TransactWriteItems"]


def test_a_message_that_is_delivered_again_has_no_second_effect() -> None:
    hook(shopify())
    work_off()
    before = (the_order(), message_rows())
    assert work_off(*archived() * 3) == []
    assert (the_order(), message_rows()) == before
    assert count("orders", "ORDER#") == count("people", "PERSON#") == 1


def test_an_order_that_is_refused_is_parked_with_its_faults_and_no_value_of_the_sender() -> None:
    line = {"sku": "Zoë Krüger", "quantity": 1, "price": "187.00", "tax_lines": [{"price": "30.96"}]}
    answer = hook(shopify(line_items=[line]))
    assert work_off() == []
    row = row_of(answer)
    assert (row["status"], row["reason"]) == ("parked", "unknown_sku")
    assert count("orders", "ORDER#") == count("people", "PERSON#") == 0
    assert row["faults"][0].startswith("lines.0.sku: ")


def test_a_parked_message_is_processed_once_its_cause_is_mended() -> None:
    wiring = wire()
    closed = wiring.reference.channels()["shopify_eu"].model_copy(update={"active": False})
    wiring.reference.put_setting("CHANNEL", "shopify_eu", closed)
    answer = hook(shopify())
    work_off()
    assert (row_of(answer)["reason"], count("orders", "ORDER#")) == ("channel_paused", 0)
    wiring.reference.put_setting("CHANNEL", "shopify_eu", closed.model_copy(update={"active": True}))
    work_off()
    row = row_of(answer)
    assert (row["status"], row["outcome"], row["tries"]) == ("processed", "created", 2)
    assert "reason" not in row
    assert row["received_sk"].startswith("processed#")


def test_a_channel_that_is_gone_parks_its_messages() -> None:
    answer = hook(shopify())
    (key,) = archived()
    assert work_off(key.replace("shopify_eu", "nobody")) == []
    assert row_of(answer)["reason"] == "archive_gone"
