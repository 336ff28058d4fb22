"""The real ASL of `resolve_exception` on the local cloud, with a fault in every task, before and after its effect."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from oms.orders.store import OrderTree
from tests.cloud import Cloud
from tests.workflow.machines import End, Machines
from tests.workflow.stuck import domain, store_order

MOMENTS = ("before", "after")
ALWAYS = 99


class Case(NamedTuple):
    """A location that has been silent since it was asked, or in the middle of its work; and the tasks that fail."""

    name: str
    status: str
    hours: float
    faults: tuple[tuple[str, str, int], ...] = ()

    @property
    def order_id(self) -> str:
        return f"ord_stuck_{self.name}"


SILENT = [
    Case("silent", "requested", 5),
    *(
        Case(f"silent_{task}_{moment}", "requested", 5, ((task, moment, 1),))
        for task in ("task_assess_order", "task_remind_location", "task_resource_order")
        for moment in MOMENTS
    ),
]
SLOW = [
    Case("slow", "in_progress", 30),
    *(Case(f"slow_hold_{moment}", "in_progress", 30, (("task_hold_order", moment, 1),)) for moment in MOMENTS),
    Case("slow_blind", "in_progress", 30, (("task_assess_order", "before", ALWAYS),)),
]
MOVED = [Case("moved", "requested", 1)]
HOPELESS = [Case("hopeless", "in_progress", 30, (("task_hold_order", "before", ALWAYS),))]
CASES = [*SILENT, *SLOW, *MOVED, *HOPELESS]


@pytest.fixture(scope="module")
def found(cloud: Cloud, machines: Machines) -> dict[str, tuple[End, OrderTree]]:
    """All cases, run side by side; by name."""
    machine = machines.deploy("resolve_exception")
    with domain(cloud) as wiring:
        for case in CASES:
            store_order(wiring, case.order_id, status=case.status, hours_ago=case.hours)
            for task, moment, times in case.faults:
                machines.fail(case.order_id, task, moment, times)

        def run(case: Case) -> End:
            work = wiring.orders.tree(case.order_id).fulfillment_orders[0]
            document = {
                "order_id": case.order_id,
                "state": f"fulfillment_order.{case.status}",
                "subject": work.id,
                "reason": "location_silent",
                "entered_at": work.entered_at,
            }
            return machines.end(machines.start(machine, document))

        with ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(run, CASES))
        return {case.name: (end, wiring.orders.tree(case.order_id)) for case, end in zip(CASES, ends, strict=True)}


@pytest.mark.parametrize("case", SILENT, ids=lambda case: case.name)
def test_a_silent_location_is_reminded_twice_and_loses_the_work(
    found: dict[str, tuple[End, OrderTree]], case: Case
) -> None:
    end, (order, works) = found[case.name]
    assert (end.status, end.error) == ("SUCCEEDED", None)
    first = works[0]
    assert (first.status, first.reminders) == ("cancelled", 2)
    said = Counter(row.what for row in first.log)
    assert (said["FulfillmentOrderReminded"], said["FulfillmentOrderWithdrawn"]) == (2, 1)
    assert Counter(row.what for row in order.log)["OrderReallocationRequested"] == 1
    assert order.holds == ()


@pytest.mark.parametrize("case", SLOW, ids=lambda case: case.name)
def test_work_that_has_begun_ends_in_one_hold_whatever_fails(
    found: dict[str, tuple[End, OrderTree]], case: Case
) -> None:
    end, (order, (work,)) = found[case.name]
    assert (end.status, end.error) == ("SUCCEEDED", None)
    assert work.status == "in_progress"
    (hold,) = order.holds
    assert (hold.reason, hold.blocks) == ("location_silent", ())
    assert Counter(row.what for row in order.log)["OrderHeld"] == 1


def test_an_order_that_moved_meanwhile_is_left_alone(found: dict[str, tuple[End, OrderTree]]) -> None:
    end, (order, (work,)) = found["moved"]
    assert (end.status, end.output["outcome"]) == ("SUCCEEDED", "resolved")
    assert (order.version, work.version) == (1, 1)


def test_an_order_that_cannot_even_be_held_fails_the_execution(found: dict[str, tuple[End, OrderTree]]) -> None:
    end, (order, _) = found["hopeless"]
    assert (end.status, end.error, order.holds) == ("FAILED", "NotHeld", ())
