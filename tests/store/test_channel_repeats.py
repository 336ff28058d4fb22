"""Messages that come again, or were lost half way: what they did is neither undone nor done twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from oms.aws import tables
from oms.wiring import Wiring, wire
from tests.intake import TestClock, archived, company, work_off
from tests.store.test_channel_news import create, tell, the_order, units, version


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def test_a_message_that_died_between_its_version_and_its_goods_is_taken_over_by_its_repeat() -> None:
    paid = {"financial_status": "paid"}
    assert tell(create(1, **paid)) == ["created"]
    body = version(2, **paid, total_price="208.40")
    body["line_items"][1] |= {"quantity": 5}
    order = the_order()
    known = order.model_copy(
        update={"external_version": "2026-11-23T09:02:00.000Z", "version": order.version + 1, "facts": ()}
    )
    tables.commit(wire().orders.write(known))
    assert tell(("orders/updated", body)) == ["updated"]
    assert units() == [1, 5]


def test_a_message_without_a_version_that_is_delivered_again_does_not_undo_the_one_after_it() -> None:
    def goods(units: int, total: str) -> tuple[str, dict[str, Any]]:
        body = version(1, updated_at=None, financial_status="paid", total_price=total)
        body["line_items"][1] |= {"quantity": units}
        return "orders/updated", body

    assert tell(create(1, updated_at=None, financial_status="paid")) == ["created"]
    before = set(archived())
    assert tell(goods(5, "208.40")) == ["updated"]
    (late,) = set(archived()) - before
    assert tell(goods(6, "222.90")) == ["updated"]
    newest = the_order()
    assert work_off(late) == []
    assert the_order() == newest
