"""What a decision says about its proof."""

from typing import Any

import pytest

from oms.allocation.decisions.model import Considered, DecisionRecord, Scored, TriedFallback, record_of
from oms.allocation.decisions.rules import words_of
from oms.allocation.sourcing.engine import source
from oms.allocation.sourcing.strategy import Scope, Split
from tests.unit.allocation.sourcing.test_engine import case, strategy

NOT_PROVEN = "no cheaper plan was found within the steps of a decision (not proven: {})."


def decision(**more: Any) -> DecisionRecord:
    about = {"order_id": "ord_1", "attempt": 1, "at": "2026-11-23T09:00:00Z", "inputs": "0" * 32}
    return DecisionRecord(**{**about, "strategy": "default", "version": 1, "rule": "only", **more})


@pytest.mark.parametrize(
    ("cost", "bound", "proof"),
    [
        (1_000_000, 1_000_000, "no allowed plan costs less."),
        (1_031_001, 1_000_000, NOT_PROVEN.format("it is at most 3.2 % above the cheapest")),
        (5, -7, NOT_PROVEN.format("how far it is from the cheapest is not known")),
    ],
)
def test_a_plan_that_is_not_proven_says_how_far_it_may_be_from_the_cheapest(cost: int, bound: int, proof: str) -> None:
    record = decision(scores=(Scored(location="ber-1", parts={"shipping": cost}),), cost=cost, bound=bound)
    assert words_of(record)[1] == f"One location is enough, and {proof}"


@pytest.mark.parametrize(
    ("micro", "currency", "told"),
    [
        (5_141_960_000, "EUR", "51.42 EUR"),
        (5_141_960_000, "JPY", "5142 JPY"),
        (5_141_960_000, "KWD", "5.142 KWD"),
        (1_500_000, "EUR", "0.02 EUR"),
        (400_000, "EUR", "less than 0.01 EUR"),
        (-250_000_000, "EUR", "-2.50 EUR"),
        (250_000_000, "", "2.50"),
    ],
)
def test_money_has_its_currency_and_the_decimals_of_it(micro: int, currency: str, told: str) -> None:
    record = decision(scores=(Scored(location="ber-1", parts={"shipping": micro}),), currency=currency)
    assert words_of(record)[0] == f"ber-1 ships 0 unit(s) of line(s) , for {told}: shipping {told}."


def test_a_rival_is_said_to_cost_more_in_money_with_a_currency() -> None:
    rival = Considered(location="lon-1", km=900, instead_of="ber-1", more=5_141_960_000)
    assert words_of(decision(considered=(rival,), currency="EUR")) == (
        "lon-1 (900 km) instead of ber-1 would cost 51.42 EUR more.",
    )


def said(units: int, stock: dict[str, int], ships: dict[str, int] | None = None, **rule: Any) -> tuple[str, ...]:
    """What is said besides the costs."""
    problem = case({"A": units}, {"A": stock}, ships=ships or {})
    record = record_of("ord_1", 1, "2026-11-23T09:00:00Z", "0" * 32, source(problem, strategy(**rule)))
    words = words_of(record.model_copy(update={"ships_from": tuple(sorted(problem.ships))}))
    return tuple(one for one in words if ", for " not in one and " would cost " not in one and " lacks " not in one)


def test_units_that_wait_because_of_the_split_are_said_to() -> None:
    assert said(5, {"ber-1": 3, "ham-1": 3}, split=Split(mode="none")) == (
        "What ships now comes from one location, and no allowed plan costs less.",
        "lon-1 was out (stock): it has none of it.",
        "2 unit(s) wait only because of the rule's split: the order is not split.",
    )
    assert said(8, {"ber-1": 3, "ham-1": 3}, split=Split(max_locations=1, ship_complete=True)) == (
        "lon-1 was out (stock): it has none of it.",
        "No location has 2 of the 8 unit(s) that are missing.",
        "6 unit(s) wait only because of the rule's split: from 1 location(s) at the most, all units or none.",
        "2 unit(s) of line(s) 1 nobody may ship now.",
    )


def test_what_nobody_has_is_said_of_what_waits() -> None:
    assert said(5, {"ber-1": 3}) == (
        "What ships now comes from one location, and no allowed plan costs less.",
        "ham-1 was out (stock): it has none of it.",
        "lon-1 was out (stock): it has none of it.",
        "No location has 2 of the 2 unit(s) that are missing.",
        "2 unit(s) of line(s) 1 nobody may ship now.",
    )
    assert said(1, {"ber-1": 1})[0] == "One location is enough, and no allowed plan costs less."


def test_where_the_order_ships_already_is_said_of_what_comes_later() -> None:
    assert said(1, {"ber-1": 1, "ham-1": 1, "lon-1": 1}, {"ham-1": 1}, split=Split(mode="none"))[:2] == (
        "Other units of the order ship from ham-1.",
        "What ships now comes from one location, and no allowed plan costs less.",
    )


def test_a_rule_that_names_an_article_says_why_it_speaks_for_the_other_lines_too() -> None:
    problem = case({"A": 1, "B": 1}, {"A": {"ber-1": 1}, "B": {"ber-1": 1}})
    outcome = source(problem, strategy(scope=Scope(sku="B", item_class=None)))
    assert words_of(record_of("ord_1", 1, "2026-11-23T09:00:00Z", "0" * 32, outcome))[0] == (
        "Rule only speaks for all lines, because the order has one of SKU B."
    )


def test_what_may_not_wait_is_not_said_to_be_taken() -> None:
    tried = (TriedFallback(fallback="preorder", units={1: 3}, in_all=3, how="they wait for the day of release"),)
    record = decision(tried=tried, refused=(1,), why_refused="A: cap_reached, 3 of 3 wait, 3 more wanted")
    assert words_of(record) == (
        "preorder would take 3 unit(s) of line(s) 1, which may not wait: A: cap_reached, 3 of 3 wait, 3 more wanted.",
    )
