"""The credit decision."""

from hypothesis import given
from hypothesis import strategies as st

from oms.credit.model import Account
from oms.credit.rules import room, within_limit

_AMOUNT = st.integers(0, 10**9)


@given(_AMOUNT, _AMOUNT, _AMOUNT, _AMOUNT)
def test_an_order_fits_exactly_when_all_that_is_owed_stays_within_the_limit(
    limit: int, open_orders: int, unpaid: int, amount: int
) -> None:
    account = Account(
        id="A", currency="EUR", limit_minor=limit, open_orders_minor=open_orders, unpaid_invoices_minor=unpaid
    )
    assert within_limit(account, amount) is (open_orders + unpaid + amount <= limit)
    assert room(account) == limit - open_orders - unpaid
