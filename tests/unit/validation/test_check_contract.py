"""The contract of every check: a new file in oms/validation/checks/ is tested here without another edit.

A check brings its specimen as tests/unit/validation/specimens/<name>.py: `BAD`, what is changed about a good order;
`FAULTS`, what the check says of that; and where it needs them `ITEMS`, `PARAMS`, `SCORE`, `TRIPPED` (its guards have
found one too many).
"""

import importlib
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oms.entry.problems import PROBLEMS
from oms.intake.model import NewOrder
from oms.kernel.plugins import plugin_names
from oms.orders.holding import REASONS
from oms.validation.check import Check, Facts, Params
from oms.validation.policy import all_checks
from tests.unit.validation.scene import facts, new

NAMES = plugin_names("oms.validation.checks")
CANARY = "Qxzvw Zzkry"


def specimen(name: str) -> ModuleType:
    return importlib.import_module(f"tests.unit.validation.specimens.{name}")


def scene(name: str) -> tuple[Check, NewOrder, Facts, Params]:
    """The check with an order that it does not like."""
    module, check = specimen(name), all_checks()[name]
    params = check.params.model_validate(getattr(module, "PARAMS", {}), strict=False)
    order = new(**module.BAD)
    known = facts(getattr(module, "ITEMS", None), score=getattr(module, "SCORE", None))
    if getattr(module, "TRIPPED", False):
        assert check.guards is not None
        labels = {guard.label for guard in check.guards(order, known, params)}
        known = facts(getattr(module, "ITEMS", None), tripped=labels)
    return check, order, known, params


@pytest.mark.parametrize("name", NAMES)
def test_a_check_names_a_problem_and_a_hold_that_exist_and_needs_no_parameters(name: str) -> None:
    check = all_checks()[name]
    assert check.code in PROBLEMS
    assert check.reason in REASONS
    assert check.params().model_dump() == check.params.model_validate_json("{}").model_dump()
    with pytest.raises(ValidationError):
        check.params.model_validate_json('{"no_such_parameter": 1}')


@pytest.mark.parametrize("name", NAMES)
def test_a_good_order_passes(name: str) -> None:
    check = all_checks()[name]
    assert list(check.run(new(), facts(), check.params())) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_specimen_is_found_out_word_for_word_and_every_time(name: str) -> None:
    check, order, known, params = scene(name)
    before = order.model_dump()
    for _ in range(2):
        assert [tuple(fault) for fault in check.run(order, known, params)] == specimen(name).FAULTS
    assert order.model_dump() == before


@pytest.mark.parametrize("name", NAMES)
def test_no_fault_says_anything_of_the_person(name: str) -> None:
    check, order, known, params = scene(name)
    person: dict[str, Any] = {
        "customer": {"name": CANARY, "email": f"{CANARY.replace(' ', '')}@gmail.com", "phone": f"+44 {CANARY}"},
        "ship_to": {
            "address_lines": [f"PO Box {CANARY}"],
            "city": CANARY,
            "region": CANARY,
            "postal_code": CANARY,
            "country": order.ship_to.country,
        },
        "bill_to": {"name": CANARY, "address_lines": [CANARY], "city": CANARY, "country": "GB"},
        "note": CANARY,
    }
    changed = new(**{**specimen(name).BAD, **person})
    for fault in check.run(changed, known, params):
        assert not {"qxzvw", "zzkry"} & set(fault.message.casefold().replace("@", " ").split())
        assert CANARY not in fault.field + fault.message


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)
_PLAIN = _TEXT.filter(lambda text: text.strip() and text.isprintable())


@st.composite
def any_orders(draw: st.DrawFn) -> dict[str, Any]:
    minor = st.integers(0, 999_999_999_999_999)
    line = st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["LAMP", "MUG", "GIN", "?"]),
            "quantity": st.integers(1, 1_000_000),
            "unit_price_minor": minor,
            "discount_minor": minor,
            "tax_minor": minor,
        }
    )
    return {
        "currency": draw(st.sampled_from(["EUR", "JPY", "KWD", "XTS"])),
        "lines": draw(st.lists(line, min_size=1, max_size=4)),
        **{name: draw(minor) for name in ("shipping_minor", "discount_minor", "tax_minor", "total_minor")},
        "taxes_included": draw(st.booleans()),
        "customer": draw(st.fixed_dictionaries({"name": _PLAIN}, optional={"phone": _PLAIN})),
        "ship_to": draw(
            st.fixed_dictionaries(
                {
                    "address_lines": st.lists(_PLAIN, min_size=1, max_size=3),
                    "city": _PLAIN,
                    "postal_code": _PLAIN,
                    "country": st.sampled_from(["DE", "US", "CN", "JP", "IE", "HK", "AQ", "ZZ", "XK", "BR"]),
                },
                optional={"region": _PLAIN},
            )
        ),
        "payment": draw(st.none() | st.fixed_dictionaries({"status": st.sampled_from(["none", "pending", "paid"])})),
    }


@pytest.mark.parametrize("name", NAMES)
@given(changes=any_orders())
def test_any_order_at_all_is_answered_with_faults_or_none(name: str, changes: dict[str, Any]) -> None:
    check = all_checks()[name]
    for fault in check.run(new(**changes), facts({"GIN": {"min_age": 18, "hazmat": "UN1170"}}), check.params()):
        assert fault.field
        assert fault.message.isprintable()
