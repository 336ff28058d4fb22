"""Laws of the line, whatever comes in whichever order: orders, goods, cancellations, supplies that move."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.allocation import api_cancel_orders
from oms.reference.model import MayWait
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, clock, position, set_up, trees
from tests.aws import moto_cloud
from tests.lambda_events import api_event
from tests.waiting_scene import found, line, order, sell, serve, supply, trusted

CAP = 6
PLACES = st.sampled_from(["ber-1", "lon-1"])
WORKDAYS = [date(2026, 12, 1) + timedelta(days=n) for n in (0, 1, 2, 6, 7, 8)]  # nobody works at the weekend
STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(1, 3)),
    st.tuples(st.just("goods"), st.integers(1, 4), PLACES),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("supply"), st.integers(0, 1), st.integers(1, 5), st.sampled_from(WORKDAYS)),
)


class _Company:
    """What the test knows by itself: who came, and what is to come."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.came = 0
        self.receipts = 0
        self.coming: dict[str, tuple[int, date]] = {}

    def step(self, kind: str, *more: Any) -> None:
        if kind == "order":
            order(self.wiring, f"ord_{self.came:02}", more[0], minute=self.came)
            self.came += 1
        elif kind == "goods":
            self.receipts += 1
            for _ in range(2):  # twice
                found(self.wiring, more[0], f"f{self.receipts}", more[1])
        elif kind == "cancel" and self.came:
            path = {"order_id": f"ord_{more[0] % self.came:02}"}
            event = api_event("POST /v1/orders/{order_id}/cancel", path=path, body={"reason": "other"})
            assert api_cancel_orders.handler(event, None)["statusCode"] in (200, 409)
        elif kind == "supply":
            number, units, day = more
            name, place = f"PO-{number}", ("ber-1", "lon-1")[number]
            supply(self.wiring, name, units, day.isoformat(), place)
            self.coming[name] = (units, day)

    def promised(self, units: int) -> str:
        """The day on which supply covers so many units, reckoned without the code under test."""
        sums = 0
        for more, day in sorted(self.coming.values(), key=lambda one: one[1]):
            sums += more
            if sums >= units:
                return day.isoformat()
        return "unknown"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, max_size=12))
def test_the_line_is_served_in_order_and_no_unit_lies_idle(steps: list[tuple[Any, ...]]) -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 2), position("CUP", "lon-1", 0))
        trusted(wiring)
        sell(wiring, waiting=MayWait(cap=CAP))
        company = _Company(wiring)
        for step in steps:
            company.step(*step)
            assert sum(units for _, units, _ in line(wiring)) <= CAP
            serve()
            _obeys(company)


def _obeys(company: _Company) -> None:
    wiring = company.wiring
    assert_the_books_balance(wiring)  # never oversold, places and heads as the orders say
    waits = line(wiring)
    free = sum(max(one.available, 0) for one in wiring.stock.positions(["CUP"]).values())
    assert not (waits and free), "a unit lies idle while somebody waits"
    assert sum(units for _, units, _ in waits) <= CAP
    assert [name for name, _, _ in waits] == sorted(name for name, _, _ in waits), "somebody was overtaken"
    first = min((name for name, _, _ in waits), default="~")
    after = [one.order for one in (tree for tree in trees(wiring)) if one.order.id > first]
    assert all(not one.units_allocated for one in after), "somebody behind the first in line has got stock"
    upto = 0
    for name, units, supply_on in waits:
        upto += units
        assert supply_on == company.promised(upto), name
