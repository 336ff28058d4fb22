"""Change sets over the handler: a preview that is kept to, all or nothing, once."""

from typing import Any

import pytest

from oms.aws.tables import commit
from oms.orders.model import FulfillmentOrder
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, rows
from tests.amending_scene import (
    TOTAL,
    Clock,
    allocate,
    allocated,
    company,
    confirm,
    decline,
    exposure,
    look,
    place,
    propose,
    quantity,
)

ADDRESS = {"address_lines": ["Rue 2"], "city": "Paris", "postal_code": "75001", "country": "FR"}


def put_work(wiring: Wiring, work: FulfillmentOrder, status: str) -> None:
    commit(wiring.orders.write(work.changed(at=START, by="system:test", what=status, status=status)))


def money(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["before_minor"], row["after_minor"], row["difference_minor"]


def test_a_preview_says_price_tax_credit_stock_and_promise_and_changes_nothing() -> None:
    with company(cups=5) as wiring:
        order, (work,) = allocated(wiring)
        status, view, tag = propose(
            order.id, quantity(1, 1), quantity(2, 4), {"kind": "discount", "discount_minor": 50}
        )
        assert (status, view["status"], bool(tag)) == (201, "pending", True)
        preview = view["preview"]
        assert preview["lines"] == [
            {"number": 1, "sku": "CUP", "before": 3, "after": 1},
            {"number": 2, "sku": "PEN", "before": 2, "after": 4},
        ]
        price = preview["price"]
        # One cup of three keeps 34 of 100 cents discount and 184 of 551 tax; two more pens double their tax.
        assert money(price["goods"]) == (3300, 966 + 800, -1534)
        assert money(price["tax"]) == (722, 184 + 152 + 95, -291)
        assert money(price["discount"]) == (0, 50, 50)
        assert money(price["total"]) == (TOTAL, 966 + 800 - 50 + 500 + 431, -1875)
        assert preview["credit"] == {"account_id": "ACME", "difference_minor": -1875, "fits": True, "waits_for": []}
        assert preview["stock"] == [
            {"sku": "CUP", "wanted": 1, "available": 5, "short": 0},
            {"sku": "PEN", "wanted": 4, "available": 9, "short": 0},
        ]
        assert preview["promise"]["after"]["latest_on"] is not None
        assert preview["taken_back"] == [work.id]
        after = wiring.orders.get(order.id)
        assert (after.lines, after.total_minor, after.change and after.change.id) == (order.lines, TOTAL, view["id"])
        assert [fact.type for fact in after.facts] == ["OrderChangeRequested"]
        assert exposure(wiring) == TOTAL
        assert_the_books_balance(wiring)


def test_a_confirmed_change_moves_amounts_stock_and_credit_together_and_is_sourced_again() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        _, view, tag = propose(order.id, quantity(1, 1), quantity(2, 4))
        status, done, _ = confirm(order.id, view["id"], tag)
        assert (status, done["status"], done["decided_by"]) == (200, "confirmed", "user:tester")
        header, (old,) = wiring.orders.tree(order.id)
        total = view["preview"]["price"]["total"]["after_minor"]
        assert (header.total_minor, exposure(wiring), header.change) == (total, total, None)
        assert [(line.quantity, line.open, line.allocated, line.cancelled) for line in header.lines] == [
            (3, 1, 0, 2),
            (4, 4, 0, 0),
        ]
        assert (header.status, old.status, old.id) == ("confirmed", "cancelled", work.id)
        assert [fact.type for fact in header.facts] == ["OrderChanged", "OrderReallocationRequested"]
        assert header.facts[0].data["units"] == {"1": -2, "2": 2}
        assert_the_books_balance(wiring)
        tree = allocate(wiring, header)
        assert [work.status for work in tree.fulfillment_orders] == ["cancelled", "open"]
        assert {line.sku: line.quantity for line in tree.fulfillment_orders[1].lines} == {"CUP": 1, "PEN": 4}
        assert_the_books_balance(wiring)


def test_confirming_again_answers_the_same_and_writes_nothing() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        _, view, tag = propose(order.id, quantity(2, 1))
        first = confirm(order.id, view["id"], tag)
        before = rows(wiring, "ORDERS_TABLE")
        assert confirm(order.id, view["id"], tag) == first
        assert rows(wiring, "ORDERS_TABLE") == before


def test_what_was_seen_is_what_happens_or_it_is_412() -> None:
    with company() as wiring:
        order = place(wiring)
        _, view, tag = propose(order.id, quantity(2, 1))
        allocate(wiring, order)
        assert confirm(order.id, view["id"], tag)[0] == 412
        assert confirm(order.id, view["id"], "")[0] == 428
        assert wiring.orders.get(order.id).lines[1].cancelled == 0
        again = look(order.id, view["id"])
        assert again[2] != tag
        assert confirm(order.id, view["id"], again[2])[0] == 200


def test_the_watchdog_moving_a_deadline_does_not_make_a_preview_stale() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        _, view, tag = propose(order.id, quantity(2, 1))
        commit(wiring.orders.write(wiring.orders.get(order.id).rearmed(START)))
        assert confirm(order.id, view["id"], tag)[0] == 200


def test_one_change_set_is_open_at_a_time_and_the_refusal_says_what_to_do() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        _, first, _ = propose(order.id, quantity(2, 1))
        assert propose(order.id, quantity(2, 1))[1]["id"] == first["id"]
        status, problem, _ = propose(order.id, quantity(1, 1), key="k-2")
        assert (status, problem["code"], problem["why_not"][0]["code"]) == (409, "wrong_state", "change_open")
        assert propose(order.id, quantity(1, 1))[1]["code"] == "idempotency_key_reused"
        assert decline(order.id, first["id"])[1]["status"] == "declined"
        assert decline(order.id, first["id"])[0] == 200
        assert propose(order.id, quantity(1, 1), key="k-2")[0] == 201
        assert confirm(order.id, first["id"])[1]["why_not"][0]["code"] == "change_closed"
        assert wiring.orders.get(order.id).lines == order.lines


def test_units_that_a_location_knows_of_are_not_edited_and_the_answer_says_how_many_are() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        _, view, _ = propose(order.id, quantity(1, 1))
        put_work(wiring, work, "requested")
        status, problem, _ = confirm(order.id, view["id"])
        assert (status, problem["why_not"][0]["code"]) == (409, "units_not_free")
        _, seen, _ = look(order.id, view["id"])
        assert ("preview" in seen, seen["why_not"][0]["code"]) == (False, "units_not_free")
        decline(order.id, view["id"])
        assert propose(order.id, quantity(1, 1), key="k-2")[0] == 409
        status, view, tag = propose(
            order.id, {"kind": "add_line", "sku": "INK", "quantity": 2, "unit_price_minor": 300}, key="k-3"
        )
        assert (status, view["preview"]["taken_back"]) == (201, [])
        assert confirm(order.id, view["id"], tag)[0] == 200
        header, (kept,) = wiring.orders.tree(order.id)
        assert (header.status, kept.status, header.lines[2].number, header.lines[2].open) == (
            "in_fulfillment",
            "requested",
            3,
            2,
        )
        assert header.total_minor == TOTAL + 600
        assert_the_books_balance(wiring)


def test_another_address_is_another_person_sourced_again_and_gone_when_it_is_declined() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        edit = {"kind": "ship_to", "ship_to": ADDRESS, "name": "Ana Čapek"}
        _, view, _ = propose(order.id, edit)
        assert view["edits"] == [{"kind": "ship_to", "fields": {"country": "FR"}}]
        stored = str([row for row in rows(wiring, "ORDERS_TABLE") if "CHANGE#" in row["sk"]])
        assert "Paris" not in stored
        decline(order.id, view["id"])
        assert [row["pk"] for row in rows(wiring, "PEOPLE_TABLE") if row["sk"] == "PERSON"] == [
            f"PERSON#{order.person_id}"
        ]
        _, view, tag = propose(order.id, edit, key="k-2")
        assert confirm(order.id, view["id"], tag)[0] == 200
        header = wiring.orders.get(order.id)
        assert (header.destination.country, header.lines[0].open) == ("FR", 3)
        person = wiring.people.read(header.person_id, purpose="test")
        assert (person.name, person.city, person.email) == ("Ana Čapek", "Paris", "zoe@example.com")
        assert wiring.people.read(order.person_id, purpose="test").city == "Berlin"
        assert_the_books_balance(wiring)


def test_a_change_beyond_the_credit_limit_needs_finance_and_leaves_a_reason() -> None:
    with company(cups=50) as wiring:
        order, _ = allocated(wiring)
        _, view, tag = propose(order.id, quantity(1, 12))
        assert (view["preview"]["credit"]["fits"], view["preview"]["credit"]["waits_for"]) == (False, ["credit_limit"])
        status, problem, _ = confirm(order.id, view["id"], tag)
        assert (status, problem["code"], exposure(wiring)) == (409, "over_credit_limit", TOTAL)
        over = {"over_credit_limit": "paid in advance"}
        assert confirm(order.id, view["id"], tag, over)[0] == 403
        assert wiring.orders.get(order.id).total_minor == TOTAL
        assert confirm(order.id, view["id"], tag, over, roles=("finance",))[0] == 200
        header = wiring.orders.get(order.id)
        assert exposure(wiring) == header.total_minor > 10_000
        assert "over limit: paid in advance" in (header.log[-1].why or "")
        (row,) = wiring.accounts.rows("ACME", limit=2)
        assert (row.let_in_by, wiring.credit.standing(header)) == ("user:tester", None)


def test_taking_everything_off_cancels_the_order_and_gives_all_back() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        _, view, tag = propose(order.id, quantity(1, 0), quantity(2, 0))
        assert view["preview"]["price"]["total"]["after_minor"] == 0
        assert confirm(order.id, view["id"], tag)[0] == 200
        header = wiring.orders.get(order.id)
        assert (header.status, header.total_minor, exposure(wiring)) == ("cancelled", 0, 0)
        assert wiring.stock.available(["CUP", "PEN"]) == {"CUP": {"ber-1": 5}, "PEN": {"ber-1": 9}}
        assert_the_books_balance(wiring)


def test_an_expired_change_set_cannot_be_confirmed_and_makes_room_for_another() -> None:
    clock = Clock()
    with company(clock) as wiring:
        order, _ = allocated(wiring)
        _, view, _ = propose(order.id, quantity(2, 1), {"kind": "ship_to", "ship_to": ADDRESS})
        clock.passes(hours=24)
        assert confirm(order.id, view["id"])[1]["why_not"][0]["message"] == "the change set is expired"
        assert propose(order.id, quantity(1, 2), key="k-2")[0] == 201
        assert look(order.id, view["id"])[1]["status"] == "expired"
        assert len([row for row in rows(wiring, "PEOPLE_TABLE") if row["sk"] == "PERSON"]) == 1


@pytest.mark.parametrize(
    ("ended", "code"), [({"status": "completed"}, "order_ended"), ({"cancelling": "fraud"}, "order_cancelled")]
)
def test_an_order_that_ended_while_a_change_set_was_open_is_changed_no_more(ended: dict[str, str], code: str) -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        _, view, _ = propose(order.id, {"kind": "add_line", "sku": "INK", "quantity": 1, "unit_price_minor": 300})
        before = wiring.orders.get(order.id).changed(at=START, by="system:test", what="Ended", **ended)
        commit(wiring.orders.write(before))
        _, seen, tag = look(order.id, view["id"])
        assert (seen.get("preview"), [why["code"] for why in seen["why_not"]]) == (None, [code])
        status, problem, _ = confirm(order.id, view["id"], tag)
        assert (status, [why["code"] for why in problem["why_not"]]) == (409, [code])
        assert (wiring.orders.get(order.id), exposure(wiring)) == (before, TOTAL)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (quantity(9, 1), "invalid"),
        ({"kind": "add_line", "sku": "NOTHING", "quantity": 1, "unit_price_minor": 1}, "unknown_sku"),
        ({"kind": "discount", "discount_minor": 99_999}, "totals_do_not_add_up"),
        ({"kind": "discount", "number": 2, "discount_minor": 401}, "totals_do_not_add_up"),
        ({"kind": "ship_to", "ship_to": {**ADDRESS, "country": "AQ"}}, "destination_not_served"),
        ({"kind": "paint_it_red"}, "invalid"),
        ({**quantity(1, 1), "colour": "red"}, "invalid"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_and_nothing_is_open(edit: dict[str, Any], code: str) -> None:
    with company() as wiring:
        order = place(wiring)
        status, problem, _ = propose(order.id, edit)
        assert (status, problem["code"]) == (422, code)
        assert wiring.orders.get(order.id).version == order.version
