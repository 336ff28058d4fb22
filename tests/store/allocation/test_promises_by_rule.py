"""What is promised before anything is allocated counts only on locations from which the order may ship."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from functions.inventory.api_ask_availability import handler as ask_availability
from oms.allocation.sourcing.strategy import Filters, Rule, Scope, Split, Strategy
from oms.allocation.strategies.store import KIND
from oms.orders.model import Destination
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, clock, position, put_order, set_up, text_of
from tests.aws import moto_cloud
from tests.intake import canonical, open_desk
from tests.lambda_events import api_event
from tests.shipping_builders import CARDS
from tests.waiting_scene import come, found, line, order, receive, sell, serve, supply, trusted

BRITISH = Rule(name="british", filters=Filters(countries=("GB",)), hard=("country",))


def in_force(wiring: Wiring, *rules: Rule) -> None:
    made = Strategy(name="default", version=1, by="user:tester", at="2026-11-01T00:00:00.000Z", rules=rules)
    wiring.reference.put_setting(KIND, "default", made)


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 5), position("CUP", "lon-1", 0))
        trusted(wiring)
        sell(wiring)
        for name in ("desk", "web", "shopify_eu"):
            channel = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}))
            wiring.reference.put_setting("CHANNEL", name, channel)
        yield wiring
        assert_the_books_balance(wiring)


def ask(quantity: int = 1, *, status: int = 200, **more: str) -> dict[str, Any]:
    query = {"sku": "CUP", "country": "DE", "channel": "desk", "quantity": str(quantity), **more}
    answer = ask_availability(api_event("GET /v1/availability", query=query, roles=["sales"]), None)
    assert answer["statusCode"] == status, answer
    found: dict[str, Any] = text_of(answer)
    return found


def told(**more: Any) -> tuple[int, str | None, str | None]:
    """What can be had now, from when on one can be promised, and until when it would be there."""
    found = ask(**more)
    one = found["skus"][0]
    return one["now"], one.get("promisable_on"), found["delivery"].get("latest_on")


def test_what_lies_or_comes_where_the_rule_excludes_is_not_there_for_a_shop(shop: Wiring) -> None:
    supply(shop, "PO-1", 9, "2026-11-27")
    assert told() == (5, "2026-11-23", "2026-12-01")
    in_force(shop, BRITISH)
    assert told() == (0, None, None)
    supply(shop, "PO-2", 2, "2026-12-07", "lon-1")
    now, promisable_on, latest_on = told()
    assert (now, promisable_on) == (0, "2026-12-07")
    assert latest_on is None  # no carrier of this company starts from Great Britain
    in_force(shop, BRITISH.model_copy(update={"hard": (), "soft": ("country",)}))
    assert told() == (5, "2026-11-23", "2026-12-01")


def test_a_blocked_location_sells_nothing_under_any_rule(shop: Wiring) -> None:
    place = shop.reference.locations()["ber-1"].model_copy(update={"blocked": True})
    shop.reference.put_setting("LOCATION", "ber-1", place)
    supply(shop, "PO-1", 9, "2026-11-27")
    assert told() == (0, None, None)


def test_a_rule_for_accounts_or_for_the_near_is_asked_with_what_the_shop_says_of_the_buyer(shop: Wiring) -> None:
    near = Rule(name="near", filters=Filters(max_km=50), hard=("distance",))
    in_force(shop, near, BRITISH.model_copy(update={"scope": Scope(order_class="business")}))
    assert told()[0] == 0  # from the middle of Germany it is farther
    assert told(postal_code="10115")[0] == 5
    assert told(postal_code="10115", on_account="true")[0] == 0


def test_a_country_that_there_is_not_is_refused_with_its_field(shop: Wiring) -> None:
    del shop
    for country in ("XX", "ZZ"):
        problem = ask(status=400, country=country)
        assert (problem["code"], [fault["field"] for fault in problem["faults"]]) == ("malformed", ["country"])


def test_the_first_promise_of_an_order_is_made_from_where_it_may_ship() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("MUG", "ber-1", 5), position("LAMP", "ber-1", 5))
        for sku in ("MUG", "LAMP"):
            sell(wiring, sku)
        desk = Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR"}))
        wiring.reference.put_setting("CHANNEL", "sales_desk", desk)
        for card in CARDS:
            wiring.reference.put_setting("CARRIER", card.carrier, card)
        wiring.intake = replace(open_desk(wiring), stock=wiring.offer, promise=wiring.promise)
        promised = submitted("S-1")
        assert (promised["promise"].get("latest_on"), promised["backorder_expected"]) == ("2026-12-01", False)
        in_force(wiring, BRITISH)
        wiring.reference.look_again()
        promised = submitted("S-2")
        assert (promised["promise"].get("latest_on"), promised["backorder_expected"]) == (None, True)
        assert submitted("S-1")["promise"]["latest_on"] == "2026-12-01"  # what was told once stays told


def submitted(number: str) -> dict[str, Any]:
    body = canonical(external_order_id=number)
    answer = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": number}, body=body), None)
    assert answer["statusCode"] in (200, 201), text_of(answer)
    found: dict[str, Any] = text_of(answer)
    return found


def test_those_who_wait_are_promised_what_may_ship_to_each_and_stay_promised_so(shop: Wiring) -> None:
    german = Rule(name="german", filters=Filters(countries=("DE",)), hard=("country",), scope=Scope(channel="web"))
    in_force(shop, BRITISH, german)
    shop.reference.look_again()
    order(shop, "ord_b1", 2)
    order(shop, "ord_g1", 7, minute=1, channel="web")
    supply(shop, "PO-DE", 9, "2026-12-01")
    supply(shop, "PO-GB", 3, "2026-12-08", "lon-1")
    serve()
    assert line(shop) == [("ord_g1", 2, "2026-12-01"), ("ord_b1", 2, "2026-12-08")]
    come(shop, put_order(shop, "ord_b2", {"CUP": 2}, minute=2), put_order(shop, "ord_b3", {"CUP": 1}, minute=3))
    come(shop, put_order(shop, "ord_g2", {"CUP": 3}, minute=4, channel="web"))
    expected = [
        ("ord_g1", 2, "2026-12-01"),
        ("ord_g2", 3, "2026-12-01"),
        ("ord_b1", 2, "2026-12-08"),
        ("ord_b2", 2, "unknown"),
        ("ord_b3", 1, "unknown"),
    ]
    assert line(shop) == expected
    before = {name: shop.orders.get(name) for name, _, _ in expected}
    serve()
    assert {name: shop.orders.get(name) for name, _, _ in expected} == before  # nothing is promised anew
    assert before["ord_g2"].promise.latest_on == "2026-12-09"
    assert [ask(channel=name)["skus"][0].get("promisable_on") for name in ("web", "desk")] == ["2026-12-01", None]
    supply(shop, "PO-DE", 6, "2026-12-01")
    assert [ask(channel=name)["skus"][0].get("promisable_on") for name in ("web", "desk")] == ["2026-12-01", None]
    assert ask(quantity=2, channel="web")["skus"][0].get("promisable_on") is None


def test_a_line_waits_in_the_books_of_a_location_that_may_ship_it(shop: Wiring) -> None:
    in_force(shop, BRITISH)
    shop.reference.look_again()
    order(shop, "ord_1", 2)
    assert shop.orders.get("ord_1").lines[0].waits_at == "lon-1"
    order(shop, "ord_2", 1, minute=1, destination=Destination(country="GB", postal_area="SW1"))
    assert [shop.stock.positions(["CUP"])["CUP", name].backordered for name in ("ber-1", "lon-1")] == [0, 3]


def test_what_one_location_must_ship_alone_is_not_promised_from_two(shop: Wiring) -> None:
    found(shop, 3, location="lon-1")
    assert told(quantity=6)[:2] == (8, "2026-11-23")
    in_force(shop, Rule(name="one", split=Split(mode="none")))
    shop.reference.look_again()
    assert told(quantity=5)[:2] == (8, "2026-11-23")
    assert told(quantity=6) == (8, None, None)
    supply(shop, "PO-GB", 3, "2026-12-04", "lon-1")
    assert told(quantity=6)[:2] == (8, "2026-12-04")
    order(shop, "ord_1", 7)
    assert (shop.orders.get("ord_1").kept_to, line(shop)) == (("ber-1",), [("ord_1", 2, "unknown")])
    assert shop.orders.get("ord_1").promise.latest_on is None
    serve()
    assert line(shop) == [("ord_1", 2, "unknown")]  # neither what lies in London nor what comes there is for it
    supply(shop, "PO-DE", 2, "2026-12-01")
    serve()
    assert line(shop) == [("ord_1", 2, "2026-12-01")]
    assert shop.orders.get("ord_1").promise.latest_on == "2026-12-09"
    receive(shop, "PO-DE", 2)
    serve()
    assert {work.location for work in shop.orders.tree("ord_1").fulfillment_orders} == {"ber-1"}
    assert line(shop) == []


def test_the_rule_that_speaks_for_an_order_speaks_for_what_waits_of_it(shop: Wiring) -> None:
    assert shop.stock.open_position(position("PEN", "ber-1", 5))
    sell(shop, "PEN")
    german = Rule(name="pens", filters=Filters(countries=("DE",)), hard=("country",), scope=Scope(sku="PEN"))
    in_force(shop, german, BRITISH.model_copy(update={"scope": Scope(sku="CUP")}))
    shop.reference.look_again()
    both = put_order(shop, "ord_1", {"PEN": 1, "CUP": 6})
    come(shop, both)
    waiting = shop.orders.get("ord_1")
    assert [(one.allocated, one.backordered, one.waits_at) for one in waiting.lines] == [(1, 0, None), (5, 1, "ber-1")]
    supply(shop, "PO-DE", 2, "2026-12-01")
    serve()
    assert line(shop) == [("ord_1", 1, "2026-12-01")]
    receive(shop, "PO-DE", 2)
    serve()
    assert [one.allocated for one in shop.orders.get("ord_1").lines] == [1, 6]
    assert {work.location for work in shop.orders.tree("ord_1").fulfillment_orders} == {"ber-1"}
