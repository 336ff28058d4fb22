"""What a channel says later: made so while no location is at work on it, else left to a person; once either way."""

from typing import Any

from oms.aws.tables import commit
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, rows
from tests.amending_scene import TOTAL, allocate, allocated, body, company, exposure, said

PLACE = {"address_lines": ["Weg 9"], "city": "Berlin", "postal_code": "10999", "country": "DE"}


def amend(wiring: Wiring, order_id: str, gone: dict[str, int] | None = None, **changes: Any) -> bool:
    return wiring._amend(order_id, said(**changes), gone=gone or {}, by="channel:web")


def lines(**units: int) -> list[dict[str, Any]]:
    """The lines of `body` with other quantities; none: the line is gone."""
    known = {line["external_line_id"]: line for line in body()["lines"]}
    return [{**known[name], "quantity": count} for name, count in units.items() if count]


def test_the_same_word_again_changes_nothing() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        before = rows(wiring, "ORDERS_TABLE")
        assert amend(wiring, order.id)
        assert rows(wiring, "ORDERS_TABLE") == before


def test_units_that_the_sender_took_off_are_cancelled_however_the_lines_count_them() -> None:
    for count in (3, 2):
        with company() as wiring:
            order, _ = allocated(wiring)
            for _ in range(2):
                assert amend(wiring, order.id, {"L1": 1}, lines=lines(L1=count, L2=2), total_minor=1)
            header = wiring.orders.get(order.id)
            assert [(line.quantity, line.open, line.cancelled) for line in header.lines] == [(3, 2, 1), (2, 2, 0)]
            # Without a word on what is left, one cup takes its third of discount and tax.
            if count == 3:
                assert header.total_minor == TOTAL - 1000 + 33 - 183
            assert (header.version, exposure(wiring)) == (order.version + 1, header.total_minor)
            assert [fact.type for fact in header.facts] == ["OrderChanged", "OrderReallocationRequested"]
            assert_the_books_balance(wiring)


def test_lines_that_come_and_go_take_the_senders_own_amounts() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        new = [*lines(L1=3), {"sku": "INK", "external_line_id": "L3", "quantity": 1, "unit_price_minor": 300}]
        assert amend(wiring, order.id, lines=new, tax_minor=646, total_minor=2900 + 300 + 500 + 646)
        header = wiring.orders.get(order.id)
        assert [(line.sku, line.open, line.cancelled) for line in header.lines] == [
            ("CUP", 3, 0),
            ("PEN", 0, 2),
            ("INK", 1, 0),
        ]
        assert (header.total_minor, header.tax_minor, exposure(wiring)) == (4346, 646, 4346)
        assert allocate(wiring, header).order.units_allocated == 4
        assert_the_books_balance(wiring)


def test_units_that_we_cancelled_do_not_come_back_because_the_sender_still_counts_them() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        assert wiring._cancel(order.id, units={1: 1}, reason="other", by="channel:web")
        assert amend(wiring, order.id, shipping_minor=900, total_minor=TOTAL + 400)
        assert [(line.quantity, line.cancelled) for line in wiring.orders.get(order.id).lines] == [(3, 1), (2, 0)]


def test_another_address_makes_another_person_and_labels_are_made_anew() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        for _ in range(2):
            assert amend(wiring, order.id, ship_to=PLACE)
        header, (old,) = wiring.orders.tree(order.id)
        assert (old.id, old.status, header.version) == (work.id, "cancelled", order.version + 1)
        assert wiring.people.read(header.person_id, purpose="test").address_lines == ("Weg 9",)
        assert header.destination.postal_area == "109"
        assert_the_books_balance(wiring)


def test_another_way_to_reach_the_buyer_touches_no_work() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        assert amend(wiring, order.id, customer={"name": "Zoë Krüger", "email": "new@example.com"})
        header, (kept,) = wiring.orders.tree(order.id)
        assert (kept.version, header.units_allocated) == (work.version, 5)
        assert wiring.people.read(header.person_id, purpose="test").email == "new@example.com"


def test_what_a_location_knows_of_is_for_a_person() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        commit(wiring.orders.write(work.changed(at=START, by="system:test", what="x", status="requested")))
        before = rows(wiring, "ORDERS_TABLE")
        assert not amend(wiring, order.id, {"L1": 1})
        assert not amend(wiring, order.id, ship_to=PLACE)
        assert not amend(wiring, order.id, lines=[{**lines(L1=3)[0], "sku": "NOTHING"}])
        assert rows(wiring, "ORDERS_TABLE") == before
        assert wiring._cancel(order.id, units={1: 1}, reason="other", by="channel:web")
        assert wiring.orders.get(order.id).lines[0].cancelled == 1


def test_amounts_in_another_currency_or_with_the_tax_in_them_do_not_become_ours() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        before = rows(wiring, "ORDERS_TABLE")
        assert not amend(wiring, order.id, currency="USD", total_minor=5_000)
        assert not amend(wiring, order.id, taxes_included=True, total_minor=3_800)
        assert rows(wiring, "ORDERS_TABLE") == before


def test_what_exceeds_the_limit_is_sold_already_so_it_is_counted_and_held() -> None:
    with company(cups=50) as wiring:
        order, _ = allocated(wiring)
        assert amend(wiring, order.id, lines=lines(L1=12, L2=2), total_minor=13_522)
        header = wiring.orders.get(order.id)
        assert [(hold.reason, hold.blocks) for hold in header.holds] == [("credit_limit", ("allocate", "release"))]
        assert (exposure(wiring), header.lines[0].quantity) == (13_522, 12)
        assert "OrderHeld" in [fact.type for fact in header.facts]
