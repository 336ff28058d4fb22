"""Work that does not fit the day at hand goes on a later one, if that costs less than another location today."""

import json
from typing import Any

import pytest

from functions.allocation import api_cancel_orders, api_explain_orders, api_manage_limits, queue_allocate_orders
from functions.fulfillment import task_plan_parcels
from oms.allocation.sourcing.strategy import Rule, Strategy, Weights
from oms.orders.workload.model import Load, Workday
from oms.wiring import Wiring
from tests.allocation_scene import (
    assert_the_books_balance,
    assert_the_days_balance,
    batch,
    clock,
    item_of,
    position,
    put_order,
    set_up,
    text_of,
    trees,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

MONDAY, TUESDAY, WEDNESDAY = (Workday("ber-1", f"2026-11-{day}") for day in (23, 24, 25))
PATH = {"location": "ber-1"}


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    return cloud_on_moto


def scene(wiring: Wiring, late_day_minor: int = 300, **limits: int) -> None:
    """A is in Berlin and London, B in Berlin alone; the buyers are in Berlin."""
    set_up(wiring, position("A", "ber-1", 50), position("A", "lon-1", 50), position("B", "ber-1", 50))
    weights = Weights(late_day_minor=late_day_minor, km_1000_minor=200)
    rule = Rule(name="all", hard=("capacity",), soft=("carrier",), weights=weights)
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)
    assert put({"days_ahead": 2, **limits}, **{"If-Match": '"0"'})[0] == 200


def put(body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    lowered = {name.lower(): value for name, value in headers.items()}
    event = api_event("PUT /v1/locations/{location}/limits", path=PATH, headers=lowered, body=body)
    return _said(api_manage_limits.handler(event, None))


def get(what: str, **query: str) -> tuple[int, dict[str, Any]]:
    event = api_event(f"GET /v1/locations/{{location}}/{what}", path=PATH, query=query)
    return _said(api_manage_limits.handler(event, None))


def _said(answer: Any) -> tuple[int, dict[str, Any]]:
    return answer["statusCode"], json.loads(answer["body"])


def allocate(*orders: Any) -> None:
    assert queue_allocate_orders.handler(batch(*orders), None) == {"batchItemFailures": []}


def went(wiring: Wiring) -> list[list[tuple[str, str | None]]]:
    """By order, who ships and on which day that was counted."""
    return [
        [(work.location, work.counted.on if work.counted else None) for work in works] for _, works in trees(wiring)
    ]


def test_what_the_day_has_no_room_for_goes_on_the_next_with_room_and_then_waits(wiring: Wiring) -> None:
    scene(wiring, daily_orders=1)
    allocate(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(4)))
    assert went(wiring) == [[("ber-1", day.on)] for day in (MONDAY, TUESDAY, WEDNESDAY)] + [[]]
    assert wiring.orders.get("ord_3").units_waiting == 1
    words = text_of(
        api_explain_orders.handler(api_event("GET /v1/orders/{order_id}/decisions", path={"order_id": "ord_1"}), None)
    )["decisions"][0]["words"]
    assert "ber-1 has no room for it before 2026-11-24, and works on it then." in words
    assert_the_books_balance(wiring)
    assert_the_days_balance(wiring)


@pytest.mark.parametrize(("late_day_minor", "place"), [(10, ("ber-1", TUESDAY.on)), (1_000, ("lon-1", None))])
def test_tomorrow_here_or_today_there_is_a_matter_of_price(
    wiring: Wiring, late_day_minor: int, place: tuple[str, str | None]
) -> None:
    """London is 930 km away, at 2.00 for a thousand: a day later costs 0.10 or 10.00."""
    scene(wiring, late_day_minor, daily_units=2)
    allocate(*(put_order(wiring, f"ord_{n}", {"A": 2}, minute=n) for n in range(2)))
    assert went(wiring) == [[("ber-1", MONDAY.on)], [place]]


def test_an_order_that_needs_more_than_is_left_goes_whole_on_the_day_that_has_it(wiring: Wiring) -> None:
    scene(wiring, daily_units=5)
    allocate(put_order(wiring, "ord_0", {"B": 3}))
    allocate(put_order(wiring, "ord_1", {"B": 4}))
    allocate(put_order(wiring, "ord_2", {"B": 2}))
    assert went(wiring) == [[("ber-1", MONDAY.on)], [("ber-1", TUESDAY.on)], [("ber-1", MONDAY.on)]]
    days = get("workload", days="3")[1]["days"]
    assert [(day["on"], day["given_out"]["units"], day["full"]) for day in days] == [
        ("2026-11-23", 5, True),
        ("2026-11-24", 4, False),
        ("2026-11-25", 0, False),
    ]


def test_a_weekend_and_the_cut_off_are_no_days(wiring: Wiring) -> None:
    scene(wiring, daily_orders=1)
    wiring.clock = lambda: clock().replace(day=27, hour=16)  # Friday, after the cut-off
    allocate(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(2)))
    assert went(wiring) == [[("ber-1", "2026-11-30")], [("ber-1", "2026-12-01")]]


def test_the_parcels_of_a_later_day_leave_after_it(wiring: Wiring) -> None:
    scene(wiring, daily_orders=1)
    wiring.reference.put_item(item_of("B"))
    allocate(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(2)))
    (work,) = wiring.orders.tree("ord_1").fulfillment_orders
    planned = task_plan_parcels.handler({"order_id": "ord_1", "fulfillment_order_id": work.id}, None)
    assert planned["works_on"] == "2026-11-24"


def test_what_was_planned_on_a_later_day_gives_that_day_back(wiring: Wiring) -> None:
    scene(wiring, daily_orders=1)
    allocate(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(2)))
    event = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "ord_1"}, body={"reason": "other"})
    assert api_cancel_orders.handler(event, None)["statusCode"] == 200
    used = wiring.workload.used([MONDAY, TUESDAY])
    assert (used[MONDAY], used[TUESDAY]) == (Load(1, 1, 1), Load())


def test_killed_anywhere_each_order_takes_of_one_day_once() -> None:
    def seeded(wiring: Wiring) -> list[Any]:
        scene(wiring, daily_orders=1)
        return [put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(2)]

    with moto_cloud(clock) as wiring:
        orders = seeded(wiring)
        points = crash_points(calls_of(lambda: allocate(*orders)))
    for point in (each for each in points if each.operation == "TransactWriteItems"):
        with moto_cloud(clock) as wiring:
            orders = seeded(wiring)
            crash(point, lambda orders=orders: allocate(*orders))  # type: ignore[misc]
            again = restart(clock)
            allocate(*orders)
            assert went(again) == [[("ber-1", MONDAY.on)], [("ber-1", TUESDAY.on)]], point
            assert_the_days_balance(again)


def test_limits_are_set_seen_and_kept(wiring: Wiring) -> None:
    set_up(wiring)
    assert get("limits") == (
        200,
        {
            "location": "ber-1",
            "version": 0,
            **dict.fromkeys(("daily_orders", "daily_lines", "daily_units", "days_ahead"), 0),
        },
    )
    assert (put({"daily_orders": 5})[0], put({"daily_orders": 5}, **{"If-Match": '"7"'})[0]) == (428, 412)
    status, first = put({"daily_orders": 5, "note": "winter"}, **{"If-Match": '"0"'})
    assert (status, first["version"], first["daily_orders"], first["by"]) == (200, 1, 5, "user:tester")
    assert put({"daily_orders": 5, "note": "winter"}) == (200, first)  # the same again
    assert put({"daily_orders": 6}, **{"If-Match": '"0"'})[0] == 412
    assert put({"daily_orders": 6}, **{"If-Match": '"1"'})[1]["version"] == 2
    assert wiring.reference.locations()["ber-1"].daily_orders == 6
    rows = get("limits/versions", limit="1")[1]
    assert ([row["daily_orders"] for row in rows["limits"]], rows["next_before"]) == ([6], 2)
    assert [row["note"] for row in get("limits/versions", before="2")[1]["limits"]] == ["winter"]
    for bad in ({"daily_orders": -1}, {"days_ahead": 11}, {"daily_orders": True}, {"orders": 1}):
        assert put(bad, **{"If-Match": "*"})[0] == 422
    event = api_event("GET /v1/locations/{location}/limits", path={"location": "nowhere"})
    assert api_manage_limits.handler(event, None)["statusCode"] == 404
