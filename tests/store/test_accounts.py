"""Accounts in a hierarchy: three levels, one truth, whatever order things come in."""

import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.credit.api_manage_accounts import handler as accounts
from functions.credit.queue_recount_exposure import handler as recount
from functions.fulfillment.task_release_fulfillment import handler as release
from functions.intake.api_submit_orders import handler as submit
from oms.aws import clients, tables
from oms.aws.tables import ConditionFailedError
from oms.credit.accounts import Books, take_statement
from oms.credit.model import Account, Ledger, Statement
from oms.credit.service import CreditDesk
from oms.credit.store import AccountStore
from oms.kernel.time import to_text
from oms.orders.amounts import without_cancelled
from oms.orders.lines import replace_line
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import NOW, TestClock, body_of, canonical, company
from tests.lambda_events import api_event

SHOP, GROUP, HOLDING = "SHOP", "GROUP", "HOLDING"
LEVELS = (SHOP, GROUP, HOLDING)


@pytest.fixture(autouse=True)
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        three_levels(wiring)
        yield wiring


def three_levels(wiring: Wiring) -> None:
    below = {HOLDING: (1, 1), GROUP: (1, 0), SHOP: (0, 0)}
    for name, limit, parent in ((HOLDING, None, None), (GROUP, 50_000, HOLDING), (SHOP, 100_000, GROUP)):
        children, grandchildren = below[name]
        wiring.accounts.put(
            Account(
                id=name,
                currency="EUR",
                limit_minor=limit,
                parent=parent,
                children=children,
                grandchildren=grandchildren,
            )
        )


def post(number: str, amount: int, account: str = SHOP, units: int = 1) -> Any:
    price = -(-amount // units)
    discount = price * units - amount
    lines = [{"sku": "MUG", "quantity": units, "unit_price_minor": price, "discount_minor": discount}]
    amounts = {"shipping_minor": 0, "tax_minor": 0, "total_minor": amount}
    body = canonical(external_order_id=number, account_id=account, lines=lines, **amounts)
    return body_of(submit(api_event("POST /v1/orders", headers={"Idempotency-Key": number}, body=body), None))


def order_of(answer: dict[str, Any]) -> Order:
    return wire().orders.get(answer["order_id"])


def figures(name: str) -> tuple[int, int, int]:
    """Open orders, unbilled, unpaid invoices."""
    account = wire().accounts.find(name)
    assert account is not None
    stored = clients.dynamodb().get_item(
        TableName="baton-customers", Key={"pk": {"S": f"ACCOUNT#{name}"}, "sk": {"S": "ACCOUNT"}}
    )["Item"]
    assert int(stored["exposure_minor"]["N"]) == account.exposure_minor
    return account.open_orders_minor, account.unbilled_minor, account.unpaid_invoices_minor


def everywhere() -> set[tuple[int, int, int]]:
    return {figures(name) for name in LEVELS}


def call(method: str, name: str, what: str = "", body: Any = None, roles: tuple[str, ...] = ("finance",)) -> Any:
    route = f"{method} /v1/accounts/{{account_id}}{what}"
    answer = accounts(api_event(route, path={"account_id": name}, body=body, roles=roles), None)
    return answer["statusCode"], body_of(answer)


def state(
    as_of: str = "2026-11-23T06:00:00Z", unpaid: int = 0, billed: dict[str, int] | None = None, **more: Any
) -> Any:
    rows = [{"order_id": name, "amount_minor": amount} for name, amount in (billed or {}).items()]
    return {"as_of": as_of, "currency": "EUR", "unpaid_invoices_minor": unpaid, "billed": rows, **more}


def ship(order: Order, units: int, place: str = "ber-1") -> None:
    """`units` of the first line leave from a place, as fulfillment writes it."""
    line = FulfillmentLine(number=1, sku="MUG", quantity=units, picked=units, packed=units, shipped=units)
    work = FulfillmentOrder(
        id=f"ful_{place}",
        order_id=order.id,
        location=place,
        attempt=1,
        status="closed",
        lines=(line,),
        currency="EUR",
        entered_at=to_text(NOW),
    )
    tables.commit(wire().orders.write(work.changed(at=NOW, by="test", what="Shipped")))
    heard(order)


def heard(order: Order, times: int = 1) -> None:
    fact = {
        "id": "f",
        "type": "FulfillmentOrderShipped",
        "version": 1,
        "source": "baton.fulfillment",
        "subject": "ful",
        "order_id": order.id,
        "sequence": 1,
        "time": to_text(NOW),
        "data": {},
    }
    import json  # noqa: PLC0415

    records = [{"messageId": f"m{n}", "body": json.dumps({"route": None, "facts": [fact]})} for n in range(times)]
    assert recount({"Records": records}, None) == {"batchItemFailures": []}


def cancelled(order: Order, units: int) -> Order:
    """So many units fewer, written with their credit as a cancellation does."""
    line = order.lines[0]
    lines = replace_line(order.lines, {1: {"open": line.open - units, "cancelled": line.cancelled + units}})
    lines, amounts = without_cancelled(order, lines)
    status = "cancelled" if lines[0].cancelled == line.quantity else order.status
    after = order.changed(at=NOW, by="test", what="Cancelled", lines=lines, status=status, **amounts._asdict())
    tables.commit(wire().orders.write(after), *wire().credit.moved_writes(order, after))
    return after


def test_an_order_counts_at_every_level_and_the_tightest_level_decides() -> None:
    assert post("A", 50_000)["status"] == "confirmed"
    assert everywhere() == {(50_000, 0, 0)}
    over = order_of(post("B", 1))
    assert [(hold.reason, hold.note) for hold in over.holds] == [
        ("credit_limit", "0.01 EUR over the limit of GROUP"),
    ]
    assert everywhere() == {(50_000, 0, 0)}


def test_an_order_on_account_costs_no_call_more_at_three_levels() -> None:
    post("warm", 100)
    assert calls_of(lambda: post("A", 100)) == ["PutItem", "BatchGetItem", "BatchGetItem", "TransactWriteItems"]


def test_two_shops_of_a_group_never_exceed_its_limit_together() -> None:
    """Each has room of its own; both decide before either writes."""
    wire().accounts.put(Account(id="SHOP2", currency="EUR", limit_minor=100_000, parent=GROUP))
    answers = [
        wire().credit.assess(name, 30_000, "EUR", order_id=f"ord_{name}", at=NOW).writes for name in (SHOP, "SHOP2")
    ]
    tables.commit(*answers[0])
    with pytest.raises(ConditionFailedError) as refused:
        tables.commit(*answers[1])
    assert refused.value.labels == ("account GROUP",)
    assert (figures(GROUP), figures("SHOP2")) == ((30_000, 0, 0), (0, 0, 0))


def test_overdue_invoices_hold_the_order_for_finance() -> None:
    due = [{"on": "2026-11-01", "amount_minor": 500}]
    assert call("PUT", SHOP, "/statement", state(unpaid=500, due=due))[0] == 200
    held = order_of(post("A", 100))
    assert [(hold.reason, hold.release_by) for hold in held.holds] == [("overdue_invoices", ("finance",))]
    assert (
        call("PUT", SHOP, body={"currency": "EUR", "limit_minor": 100_000, "parent": GROUP, "grace_days": 30})[0] == 200
    )
    assert post("B", 100)["status"] == "confirmed"


def test_shipping_moves_what_left_and_billing_takes_it_off() -> None:
    order = order_of(post("A", 1_000, units=3))
    ship(order, 1)
    assert everywhere() == {(666, 334, 0)}
    ship(order, 1, "lon-1")
    heard(order, times=3)
    assert everywhere() == {(333, 667, 0)}
    status, view = call("PUT", SHOP, "/statement", state(unpaid=667, billed={order.id: 667}))
    assert (status, everywhere()) == (200, {(333, 0, 667)})
    assert view["orders"] == [{"order_id": order.id, "open_minor": 333, "unbilled_minor": 0, "billed_minor": 667}]
    cancelled(wire().orders.get(order.id), 1)
    assert everywhere() == {(0, 0, 667)}


def test_an_order_that_ended_and_is_billed_leaves_no_row() -> None:
    order = order_of(post("A", 900, units=3))
    ship(order, 3)
    done = wire().orders.get(order.id).changed(at=NOW, by="test", what="Completed", status="completed")
    tables.commit(wire().orders.write(done))
    heard(order)
    assert everywhere() == {(0, 900, 0)}
    assert call("PUT", SHOP, "/statement", state(unpaid=900, billed={order.id: 900, "ord_other": 5}))[0] == 200
    assert (everywhere(), wire().accounts.rows(SHOP, limit=10)) == ({(0, 0, 900)}, [])
    heard(order)
    assert everywhere() == {(0, 0, 900)}


def test_a_statement_is_absolute_and_a_stale_one_is_refused() -> None:
    for _ in range(2):
        assert call("PUT", SHOP, "/statement", state(unpaid=700))[0] == 200
        assert everywhere() == {(0, 0, 700)}
    assert call("PUT", SHOP, "/statement", state(as_of="2026-11-23T07:00:00.000Z", unpaid=100))[0] == 200
    status, problem = call("PUT", SHOP, "/statement", state(unpaid=700))
    assert (status, problem["code"]) == (409, "wrong_state")
    assert everywhere() == {(0, 0, 100)}


def test_a_statement_overtaken_by_a_newer_one_does_not_take_back_what_that_one_billed() -> None:
    order = order_of(post("A", 1_000))
    newer = state(as_of="2026-11-23T07:00:00Z", unpaid=1_000, billed={order.id: 1_000})

    class Meanwhile(AccountStore):
        def rows_of(self, account_id: str, order_ids: Iterable[str]) -> dict[str, Ledger]:
            assert call("PUT", SHOP, "/statement", newer)[0] == 200
            return super().rows_of(account_id, order_ids)

    books = Books(CreditDesk(Meanwhile(wire().accounts.table)), wire().clock)
    older = Statement.model_validate(state(unpaid=400, billed={order.id: 400}))
    take_statement(SHOP, older, books=books)
    assert everywhere() == {(0, 0, 1_000)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "USD"}, "currency_not_accepted"),
        ({"due": [{"on": "2026-01-01", "amount_minor": 1}]}, "invalid"),
        ({"as_of": "2026-11-23T09:30:01Z"}, "invalid"),
        ({"as_of": "2026-13-45T00:00:00Z"}, "invalid"),
        ({"billed": [{"order_id": "a", "amount_minor": 1}] * 2}, "invalid"),
        ({"unpaid_invoices_minor": -1}, "invalid"),
    ],
)
def test_a_statement_that_cannot_be_true_changes_nothing(changes: dict[str, Any], code: str) -> None:
    status, problem = call("PUT", SHOP, "/statement", {**state(), **changes})
    assert (status, problem["code"]) == (422, code)
    assert everywhere() == {(0, 0, 0)}


def test_an_override_is_remembered_with_the_order_and_counts_at_every_level() -> None:
    order = order_of(post("A", 60_000))
    assert order.status == "validating"
    confirmed = order.changed(at=NOW, by="user:erna", why="hld prepaid", what="c", status="confirmed", holds=())
    tables.commit(wire().orders.write(confirmed), *wire().credit.exposure_writes(confirmed))
    assert everywhere() == {(60_000, 0, 0)}
    (row,) = call("GET", SHOP)[1]["orders"]
    assert (row["let_in_by"], row["open_minor"]) == ("user:erna", 60_000)


def booked(order: Order) -> dict[str, str]:
    """Work of the order that waits for its release."""
    line = FulfillmentLine(number=1, sku="MUG", quantity=order.lines[0].quantity)
    fields = {"order_id": order.id, "location": "ber-1", "currency": "EUR", "entered_at": to_text(NOW)}
    work = FulfillmentOrder(id="ful_1", attempt=1, status="booked", lines=(line,), **fields)
    tables.commit(wire().orders.write(work.changed(at=NOW, by="test", what="Booked")))
    return {"order_id": order.id, "fulfillment_order_id": work.id, "attempt": "1"}


def test_an_account_that_went_bad_holds_the_release_until_finance_has_looked() -> None:
    order = order_of(post("A", 100))
    document = {**booked(order), "attempt": 1}
    due = [{"on": "2026-11-22", "amount_minor": 500}]
    call("PUT", SHOP, "/statement", state(unpaid=500, due=due))
    assert [release(document, None)["outcome"] for _ in range(2)] == ["held", "held"]
    held = wire().orders.get(order.id)
    (hold,) = held.holds
    assert (hold.reason, hold.blocks, hold.release_by, hold.note, hold.expires_at) == (
        "overdue_invoices",
        ("release",),
        ("finance",),
        "5.00 EUR overdue",
        None,
    )
    let_go = held.changed(at=NOW, by="user:erna", why=f"{hold.id} they pay today", what="OrderHoldReleased", holds=())
    tables.commit(wire().orders.write(let_go))
    assert release(document, None)["outcome"] == "released"
    assert everywhere() == {(100, 0, 500)}


def test_a_good_account_is_released_at_once() -> None:
    assert release({**booked(order_of(post("A", 100))), "attempt": 1}, None)["outcome"] == "released"


def test_an_order_is_looked_at_again_when_it_grows_and_not_when_it_shrinks() -> None:
    before = order_of(post("A", 40_000))
    more = before.model_copy(update={"total_minor": 50_001})
    assert [hold.note for hold in wire().credit.reassess(before, more).holds] == ["0.01 EUR over the limit of GROUP"]
    just = before.model_copy(update={"total_minor": 50_000})
    tables.commit(*wire().credit.reassess(before, just).writes)
    assert everywhere() == {(50_000, 0, 0)}
    less = before.model_copy(update={"total_minor": 10})
    tables.commit(*wire().credit.reassess(just, less).writes)
    assert everywhere() == {(10, 0, 0)}


def test_opening_an_order_again_asks_for_its_credit_anew() -> None:
    order = order_of(post("A", 40_000))
    ended = cancelled(order, 1)
    assert everywhere() == {(0, 0, 0)}
    post("B", 20_000)
    again = order.model_copy(update={"version": 9})
    assert [hold.reason for hold in wire().credit.reassess(ended, again).holds] == ["credit_limit"]
    assert wire().credit.reassess(ended, again.model_copy(update={"total_minor": 30_000})).fits


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


def _left(order: Order) -> int:
    """Units that neither left nor were cancelled."""
    works = wire().orders.tree(order.id).fulfillment_orders
    return order.lines[0].open - sum(line.shipped for work in works for line in work.lines)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_in_whatever_order_every_level_is_the_sum_of_its_orders(seed: int) -> None:
    """Orders come, shrink, ship, are billed and cancelled; after each step the three levels agree with the rows."""
    chance = random.Random(seed)  # noqa: S311  the same every time
    orders: list[Order] = []
    billed: dict[str, int] = {}
    for step in range(12):
        kind = chance.choice(["order", "cancel", "ship", "bill", "again"])
        live = [order for order in (wire().orders.get(each.id) for each in orders) if _left(order) > 1]
        if kind == "order" or not live:
            orders.append(order_of(post(f"{seed}-{step}", chance.randrange(100, 2_000, 7) * 3, units=3)))
        else:
            order = chance.choice(live)
            if kind == "cancel":
                cancelled(order, chance.randint(1, _left(order) - 1))
            elif kind == "ship":
                ship(order, 1, f"loc-{step}")
            elif kind == "bill":
                billed[order.id] = chance.randint(0, order.total_minor)
                as_of = to_text(NOW - timedelta(hours=1) + timedelta(seconds=step))
                call("PUT", SHOP, "/statement", state(as_of=as_of, unpaid=sum(billed.values()), billed=billed))
            else:
                heard(order, times=2)
        rows = wire().accounts.rows(SHOP, limit=100)
        totals = (sum(row.open_minor for row in rows), sum(row.unbilled_minor for row in rows), sum(billed.values()))
        assert everywhere() == {totals}
        known = {row.order_id: row for row in rows}
        for order in orders:
            now = wire().orders.get(order.id)
            row = known[order.id]
            assert row.open_minor + row.unbilled_minor == max(now.total_minor - row.billed_minor, 0)
