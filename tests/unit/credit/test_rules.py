"""The credit decision."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from oms.credit.model import Account, Chain, Due, Ledger
from oms.credit.rules import least_room, overdue, refusals, room

_AMOUNT = st.integers(0, 10**9)
_ON = date(2026, 11, 23)


def account(name: str = "A", limit: int | None = 1000, **fields: int | str | bool | tuple[Due, ...]) -> Account:
    return Account.model_validate({"id": name, "currency": "EUR", "limit_minor": limit, **fields})


@given(limits=st.lists(st.none() | _AMOUNT, min_size=1, max_size=3), parts=st.tuples(*[_AMOUNT] * 4))
def test_an_order_fits_exactly_when_all_that_is_owed_stays_within_every_limit(
    limits: list[int | None], parts: tuple[int, int, int, int]
) -> None:
    open_orders, unbilled, unpaid, amount = parts
    owed = {"open_orders_minor": open_orders, "unbilled_minor": unbilled, "unpaid_invoices_minor": unpaid}
    chain = Chain(tuple(account(f"L{place}", limit, **owed) for place, limit in enumerate(limits)))
    fits = all(limit is None or open_orders + unbilled + unpaid + amount <= limit for limit in limits)
    assert (refusals(chain, amount, _ON) == []) is fits
    rooms = [limit - open_orders - unbilled - unpaid for limit in limits if limit is not None]
    assert least_room(chain) == min(rooms, default=None)
    assert [room(each) for each in chain.accounts] == [
        None if limit is None else limit - open_orders - unbilled - unpaid for limit in limits
    ]


def test_the_first_level_that_refuses_is_named_with_what_is_missing() -> None:
    chain = Chain((account("SHOP", 5_000), account("GROUP", 1_000, open_orders_minor=400), account("CO", 0)))
    assert refusals(chain, 600, _ON) == [("credit_limit", "6.00 EUR over the limit of CO")]
    assert refusals(Chain(chain.accounts[:2]), 601, _ON) == [("credit_limit", "0.01 EUR over the limit of GROUP")]


def test_an_invoice_is_overdue_after_its_day_and_the_days_of_grace() -> None:
    due = (Due(on="2026-11-10", amount_minor=300), Due(on="2026-11-23", amount_minor=50))
    assert [overdue(due, _ON, days) for days in (0, 12, 13)] == [300, 300, 0]
    assert overdue(due, date(2026, 11, 24), 0) == 350
    late = Chain((account(due=due),))
    assert refusals(late, 1, _ON) == [("overdue_invoices", "3.00 EUR overdue")]
    assert refusals(Chain((account(due=due, tolerated_overdue_minor=300),)), 1, _ON) == []


def test_a_blocked_level_refuses_whatever_room_there_is() -> None:
    chain = Chain((account("A", None), account("GROUP", None, blocked=True)))
    assert refusals(chain, 0, _ON) == [("credit_limit", "account GROUP is blocked")]


@given(live=_AMOUNT, billed=_AMOUNT, data=st.data())
def test_what_an_order_counts_is_what_is_neither_cancelled_nor_billed(
    live: int, billed: int, data: st.DataObject
) -> None:
    row = Ledger("ord_1", live, data.draw(st.integers(0, live)), billed)
    assert row.open_minor + row.unbilled_minor == max(live - billed, 0)
    assert 0 <= row.unbilled_minor <= row.shipped_minor
