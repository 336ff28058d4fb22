"""Every AWS call of intake killed before and after, then delivered again: one order, one person, exposure once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from functions.orders.api_manage_orders import handler as manage
from oms.intake.rules import person_id_of
from oms.orders.holding import hold_id_of
from oms.orders.natural import order_id_of
from oms.wiring import wire
from tests.crash import CrashPoint, calls_of, crash, crash_points, restart
from tests.intake import (
    LIMIT,
    TestClock,
    archived,
    canonical,
    company,
    count,
    hook,
    message_rows,
    open_desk,
    shopify,
    work_off,
)
from tests.lambda_events import api_event

_SENT = canonical(account_id="ACME")


def _post() -> dict[str, Any]:
    return submit(api_event("POST /v1/orders", headers={"Idempotency-Key": "k"}, body=_SENT), None)


def _hook() -> dict[str, Any]:
    """The shop posts until it is told 202; the queue delivers until nothing comes again."""
    answer = hook(shopify())
    assert work_off() == []
    return answer


def _exposure() -> int:
    account = wire().accounts.find("ACME")
    assert account is not None
    return account.open_orders_minor


def _points(run: Callable[[], object]) -> list[CrashPoint]:
    with company(TestClock()):
        restart(TestClock())
        open_desk(wire())
        return crash_points(calls_of(run))


@pytest.mark.parametrize(
    ("run", "status", "channel", "external_id", "exposure"),
    [(_post, 201, "sales_desk", "A-1", 13209), (_hook, 202, "shopify_eu", "5678901234567", 0)],
    ids=["canonical", "webhook"],
)
def test_a_lost_process_neither_loses_nor_doubles_an_order(
    run: Callable[[], dict[str, Any]], status: int, channel: str, external_id: str, exposure: int
) -> None:
    points = _points(run)
    assert len(points) >= 16
    order_id = order_id_of(channel, external_id)
    for point in points:
        clock = TestClock()
        with company(clock):
            restart(clock)
            open_desk(wire())
            crash(point, run)
            clock.pass_time(seconds=31)
            open_desk(restart(clock))
            answer = run()
            assert answer["statusCode"] == status, point
            assert run()["body"] == answer["body"], point
            assert count("orders", "ORDER#") == count("people", "PERSON#") == 1, point
            assert wire().orders.get(order_id).version == 1, point
            assert wire().people.read(person_id_of(order_id), purpose="test").name == "Zoë Krüger", point
            assert _exposure() == exposure, point
            outcomes = [row["outcome"] for row in message_rows().values()]
            assert outcomes == (["created"] if channel == "shopify_eu" else []), point


def _news(kind: str) -> tuple[str, dict[str, Any]]:
    """A later word of the shop on its order."""
    later = {**shopify(updated_at="2026-11-23T09:05:00Z", financial_status="paid")}
    later["line_items"] = [{**row, "id": 100 + place} for place, row in enumerate(later["line_items"])]
    if kind == "cancelled":
        return "orders/cancelled", {**later, "cancelled_at": "2026-11-23T09:05:00Z"}
    if kind == "refunded":
        paid_back = [{"id": 9, "kind": "refund", "status": "success", "amount": "14.50", "currency": "EUR"}]
        about = {"id": 77, "order_id": later["id"], "refund_line_items": [], "transactions": paid_back}
        return "refunds/create", about
    if kind == "changed":
        later["line_items"][1] |= {"quantity": 5}
        later["total_price"] = "208.40"
    return "orders/updated", later


@pytest.mark.parametrize("kind", ["paid", "changed", "cancelled", "refunded"])
def test_a_lost_process_takes_a_channels_later_word_over_once(kind: str) -> None:
    first = shopify(updated_at="2026-11-23T09:01:00Z", financial_status="pending")
    first["line_items"] = [{**row, "id": 100 + place} for place, row in enumerate(first["line_items"])]
    order_id = order_id_of("shopify_eu", "5678901234567")
    topic, later = _news(kind)

    def seed() -> list[str]:
        hook(first)
        work_off()
        known = archived()
        hook(later, topic=topic)
        return [key for key in archived() if key not in known]

    def state() -> tuple[Any, ...]:
        order = wire().orders.get(order_id)
        said = [row.what for row in order.log]
        holds = sorted(hold.reason for hold in order.holds)
        money = (order.total_minor, order.payment_status, order.external_version)
        return order.status, order.lines, holds, money, said, len(message_rows())

    with company(TestClock()):
        keys = seed()
        points = crash_points(calls_of(lambda: work_off(*keys)))
        expected = state()
    assert len(points) >= 6
    for point in points:
        with company(TestClock()):
            keys = seed()
            crash(point, lambda keys=keys: work_off(*keys))  # type: ignore[misc]
            open_desk(restart(TestClock()))
            assert work_off(*keys) == [], point
            assert work_off(*keys) == [], point
            assert state() == expected, point
            assert {row["status"] for row in message_rows().values()} == {"processed"}, point


@pytest.mark.parametrize(
    ("verb", "status", "exposure", "calls"),
    [("release", "confirmed", 2 * LIMIT, 3), ("reject", "rejected", 0, 2)],
)
def test_a_lost_process_decides_a_hold_once(verb: str, status: str, exposure: int, calls: int) -> None:
    order_id = order_id_of("sales_desk", "A-1")
    hold_id = hold_id_of(order_id, "credit_limit")
    lines = [{"sku": "LAMP", "quantity": 2, "unit_price_minor": LIMIT}]
    held = canonical(account_id="ACME", lines=lines, shipping_minor=0, tax_minor=0, total_minor=2 * LIMIT)

    def seed() -> None:
        assert (
            submit(api_event("POST /v1/orders", headers={"Idempotency-Key": "k"}, body=held), None)["statusCode"] == 201
        )

    def run() -> dict[str, Any]:
        path = {"order_id": order_id, "hold_id": hold_id}
        return manage(
            api_event(
                f"POST /v1/orders/{{order_id}}/holds/{{hold_id}}/{verb}",
                path=path,
                body={"reason": "asked"},
                roles=("finance",),
            ),
            None,
        )

    with company(TestClock()):
        seed()
        points = crash_points(calls_of(run))
    assert len(points) == 2 * calls
    for point in points:
        with company(TestClock()):
            seed()
            crash(point, run)
            open_desk(restart(TestClock()))
            answers = [run(), run()]
            assert [answer["statusCode"] for answer in answers] == [200, 200], point
            order = wire().orders.get(order_id)
            assert (order.status, order.version, order.holds) == (status, 2, ()), point
            assert _exposure() == exposure, point
