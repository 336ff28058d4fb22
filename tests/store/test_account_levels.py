"""How deep a hierarchy of accounts may get, from whichever end it grows, also at both at once."""

import pytest

from oms.credit.accounts import Books, agree_terms
from oms.credit.model import Chain, Terms
from oms.credit.service import CreditDesk
from oms.credit.store import AccountStore
from oms.kernel.errors import RejectedError
from oms.wiring import wire
from tests.store.test_accounts import GROUP, HOLDING, SHOP, call, figures, order_of, post, shop

__all__ = ["shop"]  # the fixture


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
