"""Workflows: every task is bounded, retried and caught into its undo; Express holds its five minutes."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.constructs.workflow import load_definition, tasks_of
from infra.stacks.functions import FUNCTIONS
from tests.infra.assembly import Assembly

WORKFLOWS = ("fulfill_order", "resolve_exception")
EXPRESS_LIMIT_S = 300
STEPS = ("PlanParcels", "SelectCarrier", "BookParcels", "WritePackingLists", "ReleaseFulfillment")
UNDOS = ("WithdrawRelease", "DiscardPackingLists", "VoidParcels", "ParkFulfillment")
States = dict[str, dict[str, Any]]


def machines(states: States) -> Iterator[States]:
    """This level of states and every level inside its maps."""
    yield states
    for state in states.values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"]["States"])


def level_of(state: str) -> States:
    """The states of fulfill_order beside `state`."""
    (level,) = [level for level in machines(load_definition("fulfill_order")["States"]) if state in level]
    return level


def tasks(name: str) -> dict[str, dict[str, Any]]:
    levels = machines(load_definition(name)["States"])
    return {key: state for level in levels for key, state in level.items() if state["Type"] == "Task"}


def worst_s(state: dict[str, Any]) -> float:
    """Seconds until a task has failed for good."""
    (retry,) = state["Retry"]
    waits = [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt, retry["MaxDelaySeconds"])
        for attempt in range(retry["MaxAttempts"])
    ]
    return float(state["TimeoutSeconds"] * (retry["MaxAttempts"] + 1) + sum(waits))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_task_has_a_timeout_a_bounded_retry_and_a_catch_all(name: str) -> None:
    for key, state in tasks(name).items():
        assert 0 < state["TimeoutSeconds"] <= 30, key
        assert [retry["ErrorEquals"] for retry in state["Retry"]] == [["States.ALL"]], key
        assert state["Retry"][0]["JitterStrategy"] == "FULL", key
        assert [catch["ErrorEquals"] for catch in state["Catch"]] == [["States.ALL"]], key
        assert state["Catch"][0]["ResultPath"] != "$", key


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_task_is_never_given_less_time_than_its_function_takes(name: str) -> None:
    timeouts = {spec.stem: spec.timeout_s for spec in FUNCTIONS}
    for key, state in tasks(name).items():
        stem = state["Resource"].removeprefix("${").removesuffix("}")
        assert timeouts[stem] <= state["TimeoutSeconds"], key


def test_every_task_function_is_used_by_a_workflow_and_none_is_missing() -> None:
    used = {stem for name in WORKFLOWS for stem in tasks_of(load_definition(name))}
    assert used == {spec.stem for spec in FUNCTIONS if spec.kind == "task"}


def test_the_worst_case_of_fulfill_order_fits_into_an_express_execution() -> None:
    states = tasks("fulfill_order")
    assert set(states) == {*STEPS, *UNDOS}
    assert sum(worst_s(states[key]) for key in (*STEPS, *UNDOS)) == 249 < EXPRESS_LIMIT_S


@pytest.mark.parametrize(
    ("step", "undone"),
    [
        ("PlanParcels", ["ParkFulfillment"]),
        ("SelectCarrier", ["ParkFulfillment"]),
        ("BookParcels", ["VoidParcels", "ParkFulfillment"]),
        ("WritePackingLists", ["DiscardPackingLists", "VoidParcels", "ParkFulfillment"]),
        ("ReleaseFulfillment", ["WithdrawRelease", "DiscardPackingLists", "VoidParcels", "ParkFulfillment"]),
    ],
)
def test_a_failed_step_undoes_what_was_done_last_first_and_ends_on_hold(step: str, undone: list[str]) -> None:
    states = level_of(step)
    code = states[states[step]["Catch"][0]["Next"]]
    assert code["ResultPath"] == "$.failed_step"
    chain, current = [], code["Next"]
    while states[current]["Type"] == "Task":
        chain.append(current)
        current = states[current]["Next"]
        if current == "Withdrawn?":
            (withdrawn,) = states[current]["Choices"]
            current = withdrawn["Next"]
    assert chain == undone
    assert current == "Ended"


def test_an_undo_that_fails_stops_no_other_but_nothing_is_undone_behind_a_release_that_may_stand() -> None:
    states = level_of("PlanParcels")
    failed = {key: states[key]["Catch"][0]["Next"] for key in states if key in UNDOS}
    assert failed == {
        "WithdrawRelease": "ParkFulfillment",
        "DiscardPackingLists": "VoidParcels",
        "VoidParcels": "ParkFulfillment",
        "ParkFulfillment": "NotParked",
    }


def test_only_a_steps_own_success_goes_on() -> None:
    states = level_of("PlanParcels")
    questions = {
        key: (state["Choices"][0]["StringEquals"], state["Default"])
        for key, state in states.items()
        if state["Type"] == "Choice"
    }
    assert questions == {
        "Planned?": ("planned", "Ended"),
        "Selected?": ("selected", "Ended"),
        "Booked?": ("booked", "Ended"),
        "Written?": ("documented", "Ended"),
        "Withdrawn?": ("withdrawn", "Ended"),
    }


def test_one_orders_failure_does_not_abort_the_orders_beside_it() -> None:
    states = level_of("PlanParcels")
    assert "Fail" not in {state["Type"] for state in states.values()}


def test_the_machines_have_the_type_that_their_duration_asks_for(production: Assembly) -> None:
    types = {
        machine["StateMachineName"]: machine["StateMachineType"]
        for machine in production.properties("AWS::StepFunctions::StateMachine").values()
    }
    assert types == {"baton-prod-fulfill-order": "EXPRESS", "baton-prod-resolve-exception": "STANDARD"}


def test_machines_log_what_failed_or_waits_and_never_the_data(production: Assembly) -> None:
    for machine in production.properties("AWS::StepFunctions::StateMachine").values():
        assert machine["LoggingConfiguration"]["Level"] == {"EXPRESS": "ERROR"}.get(machine["StateMachineType"], "ALL")
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert machine["TracingConfiguration"] == {"Enabled": True}
