"""Units that no location of ours may ship are shipped by a supplier, if the rule says so."""

from decimal import Decimal

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.decisions.rules import words_of
from oms.allocation.recall import request_reallocation
from oms.allocation.serving import serve
from oms.allocation.sourcing.strategy import Rule, Strategy
from oms.inventory.model import Cause, Change, Movement
from oms.kernel.time import to_text
from oms.reference.model import Location
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch, clock, position, put_order, set_up


def scene(wiring: Wiring, rule: Rule, *, theirs: int = 10) -> None:
    """Berlin has two units; the supplier's place in Leipzig, nearer to nobody, has some."""
    set_up(wiring, position("A", "ber-1", 2), position("A", "acme-lej", theirs))
    place = Location(
        id="acme-lej",
        name="Acme, Leipzig",
        country="DE",
        postal_code="04",
        latitude=Decimal("51.3"),
        longitude=Decimal("12.4"),
        time_zone="Europe/Berlin",
        supplier="acme",
    )
    wiring.reference.put_setting("LOCATION", place.id, place)
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    return cloud_on_moto


def test_the_supplier_ships_what_we_have_not_and_the_records_say_so(wiring: Wiring) -> None:
    scene(wiring, Rule(name="all", fallbacks=("drop_ship", "backorder")))
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order, works = wiring.orders.tree("ord_1")
    assert [(work.location, work.lines[0].quantity, work.status) for work in works] == [
        ("acme-lej", 3, "open"),
        ("ber-1", 2, "open"),
    ]
    assert [(line.allocated, line.backordered) for line in order.lines] == [(5, 0)]
    assert [fact.type for fact in order.facts] == ["OrderAllocated"]
    ours, theirs = wiring.decisions.about("ord_1", order.decided_in)
    assert [row.location for row in ours.shipped] == ["ber-1"]
    assert words_of(ours)[-3:-1] == (
        "3 unit(s) of line(s) 1 nobody may ship now.",
        "drop_ship takes 3 unit(s) of line(s) 1: suppliers ship them from acme-lej.",
    )
    assert words_of(theirs)[0] == "Decided again for drop_ship, among other places."
    assert words_of(theirs)[1].startswith("acme-lej ships 3 unit(s) of line(s) 1, for ")
    assert wiring.stock.positions(["A"])["A", "acme-lej"].committed == 3
    assert_the_books_balance(wiring)


def test_a_supplier_is_not_asked_without_the_fallback_and_units_do_not_wait_in_its_books(wiring: Wiring) -> None:
    scene(wiring, Rule(name="all"))
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order, works = wiring.orders.tree("ord_1")
    assert [work.location for work in works] == ["ber-1"]
    assert [(line.backordered, line.waits_at, line.supply_on) for line in order.lines] == [(3, "ber-1", "unknown")]
    assert wiring.offer.available(["A"]) == {"A": {"ber-1": 0}}


@pytest.mark.parametrize(
    ("named", "theirs", "why"),
    [
        (("emca",), 10, "emca ships nothing for us"),
        (("acme",), 0, "acme-lej has none of it free"),
        ((), 1, "no more of it is free at suppliers"),
    ],
)
def test_what_suppliers_cannot_ship_is_left_to_the_next_fallback(
    wiring: Wiring, named: tuple[str, ...], theirs: int, why: str
) -> None:
    scene(wiring, Rule(name="all", fallbacks=("drop_ship", "backorder"), suppliers=named), theirs=theirs)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order = wiring.orders.get("ord_1")
    tried = wiring.decisions.about("ord_1", order.decided_in)[0].tried
    sent = theirs if named != ("emca",) else 0
    assert [(row.fallback, sum(row.units.values()), row.why_not) for row in tried] == [
        ("drop_ship", sent, why),
        ("backorder", 3 - sent, ""),
    ]
    assert_the_books_balance(wiring)


def test_who_waits_is_served_when_the_supplier_says_that_it_has_some(wiring: Wiring) -> None:
    scene(wiring, Rule(name="all", fallbacks=("drop_ship", "backorder")), theirs=0)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    found = Movement("found", ("A", "acme-lej"), Change(on_hand=4))
    wiring.stock.move_once("feed-1", found.key, lambda _: [found], Cause("user:feed", to_text(START)), told="4 found")
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    order, works = wiring.orders.tree("ord_1")
    assert {work.location: work.lines[0].quantity for work in works} == {"ber-1": 2, "acme-lej": 3}
    assert order.lines[0].backordered == 0
    assert_the_books_balance(wiring)


def test_a_supplier_that_refuses_is_not_asked_again(wiring: Wiring) -> None:
    scene(wiring, Rule(name="all", fallbacks=("drop_ship", "backorder")))
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    names = [work.id for work in wiring.orders.tree("ord_1").fulfillment_orders if work.supplier == "acme"]
    again = request_reallocation("ord_1", withdraw=names, by="user:tester", desk=wiring.taking_back, now=START)
    allocate(batch(again), None)
    order, works = wiring.orders.tree("ord_1")
    assert [(line.allocated, line.backordered) for line in order.lines] == [(2, 3)]
    assert sorted((work.location, work.status) for work in works) == [("acme-lej", "cancelled"), ("ber-1", "open")]
    tried = wiring.decisions.about("ord_1", order.decided_in)[-1].tried
    assert tried[0].why_not == "acme-lej is out (excluded): it refused this order before, or is not to be asked"
    assert_the_books_balance(wiring)
