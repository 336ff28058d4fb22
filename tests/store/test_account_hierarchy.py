"""Who stands above whom: at most three levels, from wherever a hierarchy grows."""

from collections.abc import Iterator
from typing import Any

import pytest

from oms.credit.accounts import Books, agree_terms
from oms.credit.model import Chain, Terms
from oms.credit.service import CreditDesk
from oms.credit.store import AccountStore
from oms.kernel.errors import RejectedError
from oms.wiring import Wiring, wire
from tests.accounts_scene import (
    GROUP,
    HOLDING,
    LEVELS,
    SHOP,
    call,
    everywhere,
    figures,
    order_of,
    post,
    state,
    three_levels,
)
from tests.intake import TestClock, company


@pytest.fixture(autouse=True)
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        three_levels(wiring)
        yield wiring


def test_an_account_that_joins_a_group_brings_its_exposure_and_takes_it_away_again() -> None:
    terms = {"currency": "EUR", "limit_minor": 9_000}
    assert call("PUT", "NEW", body=terms)[0] == 200
    post("A", 5_000, account="NEW")
    assert call("PUT", "NEW", "/statement", state(unpaid=70))[0] == 200
    assert call("PUT", "NEW", body={**terms, "parent": GROUP})[0] == 200
    assert (figures("NEW"), figures(GROUP), figures(HOLDING)) == ((5_000, 0, 70),) * 3
    assert call("PUT", "NEW", body={**terms, "parent": HOLDING})[0] == 200
    assert (figures(GROUP), figures(HOLDING)) == ((0, 0, 0), (5_000, 0, 70))
    post("B", 1_000, account="NEW")
    assert figures(HOLDING) == (6_000, 0, 70)


@pytest.mark.parametrize(
    ("name", "terms", "message"),
    [
        ("NEW", {"parent": "NOBODY"}, "is not an account"),
        ("NEW", {"parent": "DOLLAR"}, "is kept in USD"),
        ("NEW", {"parent": SHOP}, "is at the lowest of 3 levels already"),
        (HOLDING, {"parent": GROUP}, "is below this account"),
        (SHOP, {"currency": "USD"}, "is EUR and stays so"),
    ],
)
def test_terms_that_make_no_hierarchy_are_refused(name: str, terms: dict[str, Any], message: str) -> None:
    status, problem = call("PUT", name, body={"currency": "EUR", **terms})
    assert (status, [fault["message"] for fault in problem["faults"]]) == (422, [message])
    assert everywhere() == {(0, 0, 0)}


def reach(name: str) -> tuple[int, int]:
    account = wire().accounts.find(name)
    assert account is not None
    return account.children, account.grandchildren


def put(name: str, parent: str | None = None) -> int:
    status, _ = call("PUT", name, body={"currency": "EUR", **({"parent": parent} if parent else {})})
    return int(status)


def test_a_hierarchy_grows_no_fourth_level_from_above_or_by_joining_two_halves() -> None:
    assert put("TOP") == 200
    body = {"currency": "EUR", "parent": "TOP"}
    status, problem = call("PUT", HOLDING, body=body)
    assert (status, problem["code"], problem["faults"]) == (
        422,
        "invalid",
        [{"field": "parent", "message": "would be above 3 levels; there are 3 in all"}],
    )
    assert call("PUT", GROUP, body=body)[0] == 200
    assert (reach("TOP"), reach(HOLDING), reach(GROUP)) == ((1, 1), (0, 0), (1, 0))
    assert put("ABOVE") == 200
    assert put("TOP", "ABOVE") == 422
    assert (put(HOLDING, "ABOVE"), put("TOP", HOLDING)) == (200, 422)
    assert (reach("ABOVE"), reach("TOP")) == ((1, 0), (1, 1))
    assert order_of(post("A", 700)).status == "confirmed"
    assert [figures(name)[0] for name in (SHOP, GROUP, "TOP", HOLDING)] == [700, 700, 700, 0]


def test_an_account_that_leaves_takes_its_own_below_along() -> None:
    assert (put(SHOP), reach(GROUP), reach(HOLDING)) == (200, (0, 0), (1, 0))
    assert (put("NEW", SHOP), put(SHOP, HOLDING)) == (200, 200)
    assert (reach(SHOP), reach(HOLDING)) == ((1, 0), (2, 1))
    assert (put("NEW", GROUP), reach(SHOP), reach(HOLDING)) == (200, (0, 0), (2, 1))


def agreed(name: str, parent: str, books: Books) -> str:
    try:
        agree_terms(name, Terms(currency="EUR", parent=parent), books=books)
    except RejectedError as error:
        return f"{error.code} {error.faults[0].field}"
    return "agreed"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("B", "A"), ("A", "TOP")),
        (("A", "TOP"), ("B", "A")),
        (("NEW", "C"), ("B", "A")),
        (("B", "A"), ("NEW", "C")),
    ],
)
def test_a_hierarchy_that_grows_at_both_ends_at_once_is_refused_at_one(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    """Of C below B: the second is decided from what was there before the first, and written after it."""
    assert [put(name) for name in ("TOP", "A", "B")] == [200, 200, 200]
    assert put("C", "B") == 200
    outcomes: list[str] = []

    class Late(AccountStore):
        def chain(self, account_id: str) -> Chain | None:
            found = super().chain(account_id)
            if account_id == second[1] and not outcomes:  # the last that is read before the write
                outcomes.append(agreed(*first, wire().books))
            return found

    store = Late(wire().accounts.table)
    books = wire().books
    outcomes.append(agreed(*second, books._replace(desk=CreditDesk(store))))
    assert outcomes == ["agreed", "invalid parent"]
    child, parent = second
    account = wire().accounts.find(child)
    assert account is None or account.parent != parent


def test_only_finance_changes_an_account_and_nobody_reads_one_that_is_not_there() -> None:
    assert call("PUT", SHOP, body={"currency": "EUR"}, roles=("operator",))[0] == 403
    assert call("PUT", SHOP, "/statement", state(unpaid=1), roles=("sales",))[0] == 403
    assert call("GET", SHOP, roles=("warehouse",))[0] == 403
    assert call("GET", "NOBODY")[0] == 404
    assert call("PUT", "NOBODY", "/statement", state())[0] == 404
    status, view = call("GET", SHOP, roles=("auditor",))
    assert (status, view["limit_minor"], view["room_minor"], [each["account_id"] for each in view["levels"]]) == (
        200,
        100_000,
        50_000,
        list(LEVELS),
    )
