"""Policies: layers, drafts, and what cannot be used."""

from typing import Any

import pytest

from oms.kernel.errors import RejectedError
from oms.validation.policy import Rule, Set, all_checks, compiled, refuse_unusable


def rules(**rows: dict[str, Any]) -> dict[str, Rule]:
    return {name: Rule.model_validate(row) for name, row in rows.items()}


def one(found: tuple[Set, ...], name: str) -> Set | None:
    return next((each for each in found if each.name == name), None)


def test_without_a_policy_each_check_does_what_it_proposes_in_the_order_of_their_ranks() -> None:
    found = compiled([], None)
    assert found.drafts == ()
    assert [each.name for each in found.decides][:6] == [
        "sku",
        "amounts",
        "currency",
        "destination",
        "export",
        "address",
    ]
    assert {each.name for each in found.decides} == {
        name for name, check in all_checks().items() if check.mode != "off"
    }
    for each in found.decides:
        assert (each.mode, each.reason, each.params) == (each.check.mode, each.check.reason, each.check.params())


def test_a_channel_says_what_is_different_and_keeps_the_rest() -> None:
    general = rules(order_size={"params": {"units": 100, "lines": 10}}, tax={"mode": "off"})
    own = rules(order_size={"mode": "reject", "params": {"lines": 5}}, address={"reason": "validation"})
    decides = compiled([general, own], None).decides
    size, address = one(decides, "order_size"), one(decides, "address")
    assert size is not None
    assert (size.mode, size.params.model_dump()["units"], size.params.model_dump()["lines"]) == ("reject", 100, 5)
    assert address is not None
    assert (address.mode, address.reason) == ("hold", "validation")
    assert one(decides, "tax") is None


def test_of_a_draft_only_what_differs_runs_beside_and_nothing_of_it_decides() -> None:
    general = rules(order_size={"params": {"units": 100}}, tax={"mode": "off"})
    draft = rules(order_size={"params": {"units": 50}}, tax={"mode": "off"}, age={"mode": "reject"})
    found = compiled([general], [draft])
    assert sorted(each.name for each in found.drafts) == ["age", "order_size"]
    size = one(found.decides, "order_size")
    assert size is not None
    assert size.params.model_dump()["units"] == 100
    assert compiled([general], [general]).drafts == ()


def test_a_draft_that_switches_a_check_off_has_nothing_to_say() -> None:
    assert compiled([], [rules(address={"mode": "off"})]).drafts == ()


def test_what_no_check_would_understand_is_refused_by_field() -> None:
    with pytest.raises(RejectedError) as refused:
        refuse_unusable(
            rules(
                sku={"mode": "reject"},
                adress={},
                tax={"reason": "because"},
                quantity={"params": {"per_line": -1, "per_lime": 1}},
            )
        )
    assert refused.value.code == "invalid"
    assert [fault.field for fault in refused.value.faults] == [
        "rules.adress",
        "rules.tax.reason",
        "rules.quantity.params.per_line",
        "rules.quantity.params.per_lime",
    ]
