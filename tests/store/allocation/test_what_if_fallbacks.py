"""What-ifs decide as the allocation decides: with fallbacks, own units of channels, and later days of locations."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.allocation import api_cancel_orders
from functions.inventory import api_move_stock
from oms.allocation.serving import serve
from oms.allocation.sourcing.strategy import Filters, Rule, Weights
from oms.allocation.strategies.model import StrategyDraft
from oms.allocation.strategies.service import draft_strategy
from oms.allocation.whatif.model import NewWhatIf, Results
from oms.aws import tables
from oms.inventory.model import Cause, Change, Movement
from oms.kernel.time import to_text
from oms.reference.model import Channel, Location
from oms.wiring import Wiring
from tests.allocation_scene import Hands, item_of, position
from tests.aws import moto_cloud
from tests.lambda_events import api_event
from tests.store.allocation.test_what_if import company, order, publish, run

HERE: dict[str, Any] = {"filters": Filters(countries=("DE",)), "hard": ("country",)}
WAITS = Rule(name="waits", **HERE)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def wiring(hands: Hands) -> Iterator[Wiring]:
    with moto_cloud(hands) as wiring:
        company(wiring)
        yield wiring


def open_place(wiring: Wiring, name: str, country: str, stock: dict[str, int], **more: Any) -> None:
    place = Location(
        id=name,
        name=name,
        country=country,
        postal_code="1",
        latitude=Decimal("51.5"),
        longitude=Decimal("12.4"),
        time_zone="Europe/Berlin",
        **more,
    )
    wiring.reference.put_setting("LOCATION", name, place)
    for sku, units in stock.items():
        assert wiring.stock.open_position(position(sku, name, units))
    wiring.reference._settings_until = 0.0


def tried(wiring: Wiring, *rules: Rule) -> Results:
    """The draft of these rules on what happened."""
    draft_strategy("default", StrategyDraft(rules=rules), if_match="*", by="user:test", desk=wiring.strategy_desk)
    return run(wiring, NewWhatIf(days=1))


def units(results: Results, course: str) -> dict[str, tuple[int, int]]:
    """Orders and units of both courses, by fallback."""
    found = {name: getattr(share, course) for name, share in results.fallbacks.items()}
    return {name: (one.orders, one.units) for name, one in found.items() if one.units}


def move(wiring: Wiring, sku: str, location: str, kind: Any, on_hand: int) -> None:
    here = wiring.stock.positions_at([(sku, location)])
    movement = Movement(kind, (sku, location), Change(on_hand=on_hand), ref="rcv_1")
    tables.commit(*wiring.stock.writes([movement], here, Cause("user:test", to_text(wiring.clock()))))


def test_what_fell_back_is_decided_the_same_again_from_the_same_inputs(wiring: Wiring) -> None:
    """A supplier ships two of C, two are replaced by B, and A, of which Berlin has none, is sent from London."""
    open_place(wiring, "acme-lej", "DE", {"C": 2}, supplier="acme")
    open_place(wiring, "lon-1", "GB", {}, transfer_days={"ber-1": 2})
    wiring.reference.put_item(item_of("C").model_copy(update={"weight_g": 900, "substitutes": ("B",)}))
    move(wiring, "A", "ber-1", "adjusted", -40)
    publish(wiring, Rule(name="all", fallbacks=("drop_ship", "substitute", "transfer", "backorder"), **HERE))
    wiring.clock.forward(minutes=5)  # type: ignore[attr-defined]
    order(wiring, 1, {"C": 7})
    order(wiring, 2, {"A": 3})
    order(wiring, 3, {"B": 39})
    results = run(wiring, NewWhatIf(version=1, days=1))
    assert (results.replayed, results.changed, results.left_out) == (3, 0, 0)
    assert results.total.happened == results.total.tried
    # Of seven, Berlin has 3 and the supplier 2; the last order gets 38 of B, and no more lies where it may be sent on.
    assert units(results, "tried") == {"drop_ship": (1, 2), "substitute": (1, 2), "transfer": (2, 4)}
    assert units(results, "happened") == units(results, "tried")
    assert all(share.happened == share.tried for share in results.fallbacks.values())
    paid = {name: share.tried.cost_minor > 0 for name, share in results.fallbacks.items()}
    assert paid == {"drop_ship": True, "substitute": True, "transfer": False}
    assert {name: (share.happened, share.tried) for name, share in results.locations.items()} == {
        "ber-1": (43, 43),
        "acme-lej": (2, 2),
    }
    assert results.same_inputs == 1  # the promises of those that wait have moved


def test_another_fallback_is_tried_on_a_stock_of_its_own(wiring: Wiring) -> None:
    """All waited; the supplier would have shipped three of four, and the second order would have found none left."""
    open_place(wiring, "acme-lej", "DE", {"C": 3}, supplier="acme")
    publish(wiring, WAITS)
    order(wiring, 1, {"C": 5})
    order(wiring, 2, {"C": 2})
    results = tried(wiring, Rule(name="drops", fallbacks=("drop_ship", "backorder"), **HERE))
    assert units(results, "happened") == {"backorder": (2, 4)}
    assert units(results, "tried") == {"drop_ship": (2, 3), "backorder": (1, 1)}
    assert (results.total.happened.short_units, results.total.tried.short_units) == (4, 1)
    assert (results.locations["acme-lej"].happened, results.locations["acme-lej"].tried) == (0, 3)
    assert results.fallbacks["drop_ship"].tried.cost_minor > 0
    assert results.total.tried.cost_minor > results.total.happened.cost_minor
    assert (results.total.tried.split, results.changed) == (1, 2)


def test_a_transfer_that_is_tried_takes_from_its_source_and_one_that_happened_does_not_go(wiring: Wiring) -> None:
    """London may not ship: it has sent two of A to Berlin for the first order, which the draft would not have done."""
    open_place(wiring, "lon-1", "GB", {}, transfer_days={"ber-1": 2})
    move(wiring, "A", "ber-1", "adjusted", -40)
    move(wiring, "A", "lon-1", "adjusted", -38)
    wiring.clock.forward(minutes=5)  # type: ignore[attr-defined]
    publish(wiring, Rule(name="sends", fallbacks=("transfer", "backorder"), **HERE))
    order(wiring, 1, {"A": 2})
    order(wiring, 2, {"A": 2})
    assert wiring.orders.get("ord_1").lines[0].transfers
    everywhere = tried(wiring, Rule(name="everywhere"))
    assert units(everywhere, "happened") == {"transfer": (1, 2), "backorder": (1, 2)}
    assert everywhere.locations["lon-1"].tried == 2  # the two are there for the first, and for nobody else
    assert (everywhere.total.tried.short_units, units(everywhere, "tried")) == (2, {"backorder": (1, 2)})


def test_what_a_draft_sends_on_is_gone_for_who_comes_next(wiring: Wiring) -> None:
    open_place(wiring, "lon-1", "GB", {}, transfer_days={"ber-1": 2})
    move(wiring, "A", "ber-1", "adjusted", -40)
    move(wiring, "A", "lon-1", "adjusted", -37)
    wiring.clock.forward(minutes=5)  # type: ignore[attr-defined]
    publish(wiring, WAITS)
    order(wiring, 1, {"A": 2})
    order(wiring, 2, {"A": 2})
    results = tried(wiring, Rule(name="sends", fallbacks=("transfer", "backorder"), **HERE))
    assert units(results, "happened") == {"backorder": (2, 4)}
    assert units(results, "tried") == {"transfer": (2, 3), "backorder": (1, 1)}


def test_what_was_served_later_is_not_taken_again_by_who_would_have_had_it_at_once(wiring: Wiring) -> None:
    """Three of A came in for who waited; the draft has served him from London, so that they are there for the next."""
    move(wiring, "A", "ber-1", "adjusted", -40)
    wiring.clock.forward(minutes=5)  # type: ignore[attr-defined]
    publish(wiring, WAITS)
    order(wiring, 1, {"A": 3})
    move(wiring, "A", "ber-1", "received", 3)
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert wiring.orders.get("ord_1").units_allocated == 3
    order(wiring, 2, {"A": 2})
    results = tried(wiring, Rule(name="everywhere"))
    assert units(results, "happened") == {"backorder": (2, 5)}
    assert units(results, "tried") == {}
    assert (results.locations["lon-1"].tried, results.locations["ber-1"].tried) == (3, 2)


def test_who_waits_in_the_tried_course_is_served_when_it_was_served_as_it_went(wiring: Wiring) -> None:
    """Three of C come in: one for who waits, in both courses, and two for the next."""
    publish(wiring, WAITS)
    order(wiring, 1, {"C": 4})
    move(wiring, "C", "ber-1", "received", 3)
    serve(["C"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    order(wiring, 2, {"C": 2})
    results = tried(wiring, WAITS)
    assert units(results, "happened") == {"backorder": (1, 1)}
    assert (units(results, "tried"), results.changed) == ({"backorder": (1, 1)}, 0)
    assert results.locations["ber-1"].tried == 5


def test_own_units_of_another_channel_are_left_alone_in_both_courses(wiring: Wiring) -> None:
    market = Channel(name="market", kind="canonical", currencies=frozenset({"EUR"}))
    wiring.reference.put_setting("CHANNEL", "market", market)
    wiring.reference._settings_until = 0.0
    keep_own("C", "ber-1", market=2)
    publish(wiring, Rule(name="everything"))
    order(wiring, 1, {"C": 3})
    results = run(wiring, NewWhatIf(version=1, days=1))
    assert (results.total.happened.short_units, results.total.tried.short_units) == (2, 2)
    assert (results.replayed, results.changed, results.locations["ber-1"].tried) == (1, 0, 1)


def keep_own(sku: str, location: str, **channels: int) -> None:
    levels = {"reorder_point": -1000, "order_up_to": 50, "channels": channels}
    path = {"sku": sku, "location": location}
    route = "PUT /v1/stock/{sku}/locations/{location}"
    event = api_event(route, path=path, body=levels, headers={"If-Match": "*"}, roles=("operator",))
    assert api_move_stock.handler(event, None)["statusCode"] == 200


def test_work_of_later_days_fills_them_in_both_courses(wiring: Wiring, hands: Hands) -> None:
    """Berlin takes an order a day, three days ahead; the fourth order goes to London."""
    berlin = wiring.reference.locations()["ber-1"].model_copy(update={"daily_orders": 1, "days_ahead": 2})
    wiring.reference.put_setting("LOCATION", "ber-1", berlin)
    wiring.reference._settings_until = 0.0
    rule = Rule(name="all", hard=("capacity",), soft=("carrier",), weights=Weights(late_day_minor=0, km_1000_minor=900))
    publish(wiring, rule)
    for number in range(4):
        order(wiring, number, {"A": 1})
    works = [wiring.orders.tree(f"ord_{number}").fulfillment_orders[0] for number in range(4)]
    assert [(work.location, work.counted.on[-2:] if work.counted else None) for work in works] == [
        ("ber-1", "23"),
        ("ber-1", "24"),
        ("ber-1", "25"),
        ("lon-1", None),
    ]
    hands.now += timedelta(minutes=1)
    results = run(wiring, NewWhatIf(version=1, days=1))
    moved = [n for n in range(4) if wiring.orders.get(f"ord_{n}").promise.latest_on != "2026-11-27"]
    assert moved == [2, 3]  # who ships later promises later: these were decided by another promise
    assert (results.replayed, results.same_inputs, results.changed) == (4, 2, 0)
    assert (results.locations["ber-1"].tried, results.locations["lon-1"].tried) == (3, 1)


def test_a_cancelled_substitute_is_there_again_in_the_tried_course(wiring: Wiring) -> None:
    """The draft sends two of A for two of C; the cancellation of what went as C gives them back."""
    wiring.reference.put_item(item_of("C").model_copy(update={"weight_g": 900, "substitutes": ("A",)}))
    move(wiring, "A", "ber-1", "adjusted", -38)
    move(wiring, "C", "ber-1", "adjusted", -3)
    wiring.clock.forward(minutes=5)  # type: ignore[attr-defined]
    open_place(wiring, "par-1", "FR", {"C": 2})
    publish(wiring, Rule(name="from_paris", filters=Filters(countries=("FR",)), hard=("country",)))
    order(wiring, 1, {"C": 2})
    cancel = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "ord_1"}, body={"reason": "other"})
    assert api_cancel_orders.handler(cancel, None)["statusCode"] == 200
    order(wiring, 2, {"A": 2})
    results = tried(wiring, Rule(name="instead", fallbacks=("substitute", "backorder"), **HERE))
    assert units(results, "happened") == {"backorder": (1, 2)}
    assert units(results, "tried") == {"substitute": (1, 2)}
    assert (results.locations["par-1"].happened, results.locations["ber-1"].tried) == (2, 4)
