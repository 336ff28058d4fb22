"""Reservations of carts, from the first request to their end: whose units they are is never in doubt."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.inventory import api_reserve_stock, cron_expire_reservations
from oms.aws.tables import commit
from oms.inventory.model import Change, Movement
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, Hands, assert_the_books_balance, item_of, position, text_of
from tests.aws import moto_cloud
from tests.lambda_events import api_event
from tests.reservation_scene import SHOP, START, ask, done, event, free, open_shop, refused


@pytest.fixture
def hands() -> Hands:
    return Hands(START)


@pytest.fixture
def shop(hands: Hands) -> Iterator[Wiring]:
    with moto_cloud(hands) as wiring:
        open_shop(wiring, position("CUP", "ber-1", 5), position("CUP", "lon-1", 8), position("PEN", "lon-1", 3))
        yield wiring
        assert_the_books_balance(wiring)


def places(body: dict[str, object], line: int = 0) -> dict[str, int]:
    lines: list[dict[str, list[dict[str, object]]]] = body["lines"]  # type: ignore[assignment]
    return {str(at["location"]): int(str(at["units"])) for at in lines[line]["locations"]}


def test_a_cart_that_goes_nowhere_yet_keeps_its_units_where_most_are(shop: Wiring) -> None:
    body = done(ask("cart-1", {"CUP": 3, "PEN": 1}))
    assert (body["status"], body["expires_at"]) == ("created", "2026-11-23T09:11:00.000Z")  # ten minutes, rounded up
    assert (places(body), places(body, 1)) == ({"lon-1": 3}, {"lon-1": 1})
    assert free(shop) == {"ber-1": 5, "lon-1": 5}


def test_a_cart_that_goes_to_berlin_keeps_its_units_there(shop: Wiring) -> None:
    body = done(ask("cart-1", {"CUP": 3}, ships_to={"country": "DE", "postal_area": "101"}))
    assert places(body) == {"ber-1": 3}
    assert free(shop) == {"ber-1": 2, "lon-1": 8}


@pytest.mark.usefixtures("shop")
def test_what_no_place_has_alone_is_kept_at_several() -> None:
    assert places(done(ask("cart-1", {"CUP": 10}))) == {"ber-1": 2, "lon-1": 8}


def test_all_or_nothing_says_of_each_line_what_there_is_and_keeps_nothing(shop: Wiring) -> None:
    shop.reference.put_item(item_of("HAT"))
    problem = refused(ask("cart-1", {"CUP": 2, "PEN": 4, "HAT": 1}))
    assert (problem["status"], problem["code"]) == (409, "short_stock")
    assert problem["faults"] == [
        {"field": "lines.1.quantity", "message": "4 of PEN wanted, 3 available"},
        {"field": "lines.2.quantity", "message": "1 of HAT wanted, 0 available"},
    ]
    assert (free(shop), free(shop, "PEN")) == ({"ber-1": 5, "lon-1": 8}, {"lon-1": 3})


def test_what_is_not_in_the_catalogue_is_unknown_and_not_short(shop: Wiring) -> None:
    problem = refused(ask("cart-1", {"CUP": 2, "SPOON": 1}, allow_partial=True))
    assert (problem["status"], problem["code"]) == (422, "unknown_sku")
    assert problem["faults"] == [{"field": "lines.1.sku", "message": "SPOON is not in the catalogue"}]
    kept = done(ask("cart-1", {"CUP": 2}))
    change = {"lines": [{"sku": "SPOON", "quantity": 1}]}
    assert refused(event("PATCH", kept["reservation_id"], change))["code"] == "unknown_sku"
    assert free(shop) == {"ber-1": 5, "lon-1": 6}


def test_who_takes_part_of_it_gets_what_there_is(shop: Wiring) -> None:
    body = done(ask("cart-1", {"CUP": 2, "PEN": 4}, allow_partial=True))
    assert [(line["quantity"], line["reserved"]) for line in body["lines"]] == [(2, 2), (4, 3)]
    assert free(shop, "PEN") == {"lon-1": 0}
    assert refused(ask("cart-2", {"PEN": 1}, allow_partial=True))["code"] == "short_stock"


def test_own_units_are_free_to_their_owner_and_to_nobody_else(shop: Wiring) -> None:
    first = done(ask("cart-1", {"PEN": 3}))
    assert refused(ask("cart-2", {"PEN": 1}))["code"] == "short_stock"
    assert refused(ask("cart-1", {"PEN": 1}, channel="marketplace"))["code"] == "short_stock"  # another shop's cart 1
    again = done(ask("cart-1", {"PEN": 3, "CUP": 1}, key="k-2"))
    assert (again["reservation_id"], again["status"]) == (first["reservation_id"], "updated")
    assert done(ask("cart-1", {"PEN": 2}, key="k-3"))["lines"][0]["reserved"] == 2
    assert (free(shop, "PEN"), free(shop)) == ({"lon-1": 1}, {"ber-1": 5, "lon-1": 8})


def test_the_same_request_again_changes_nothing_even_after_its_end(shop: Wiring) -> None:
    first = done(ask("cart-1", {"PEN": 3}))
    assert done(ask("cart-1", {"PEN": 3})) == first
    done(event("release", first["reservation_id"], {"reason": "abandoned"}))
    late = done(ask("cart-1", {"PEN": 3}))
    assert (late["status"], free(shop, "PEN")) == ("released", {"lon-1": 3})
    assert refused(ask("cart-1", {"PEN": 2}))["code"] == "idempotency_key_reused"
    assert done(ask("cart-1", {"PEN": 1}, key="k-2"))["status"] == "created"


def test_a_key_is_known_whoever_owns_the_cart_and_for_a_day_whatever_came_since(shop: Wiring, hands: Hands) -> None:
    first = done(ask("cart-1", {"CUP": 1}, key="k-1"))
    other = refused(ask("cart-2", {"CUP": 1}, key="k-1"))
    assert (other["status"], other["code"]) == (422, "idempotency_key_reused")
    assert "1 of CUP for cart-1" in other["detail"]
    for number in range(25):
        done(ask("cart-1", {"CUP": 1 + number % 2}, key=f"later-{number}"))
    hands.forward(hours=23, minutes=59)
    again = api_reserve_stock.handler(ask("cart-1", {"CUP": 1}, key="k-1"), None)
    assert (again["statusCode"], again["headers"]["idempotent-replayed"]) == (200, "true")
    assert (text_of(again)["reservation_id"], free(shop)) == (first["reservation_id"], {"ber-1": 5, "lon-1": 8})
    hands.forward(minutes=2)
    assert done(ask("cart-2", {"CUP": 1}, key="k-1"))["status"] == "created"  # after a day, the key is nobody's


def test_it_counts_for_nothing_from_its_instant_on_before_anybody_has_swept(shop: Wiring, hands: Hands) -> None:
    body = done(ask("cart-1", {"PEN": 3}))
    hands.now = START.replace(minute=11, second=0) - timedelta(milliseconds=1)
    assert (free(shop, "PEN"), done(event("GET", body["reservation_id"]))["status"]) == ({"lon-1": 0}, "created")
    hands.forward(milliseconds=1)
    ended = done(event("GET", body["reservation_id"]))
    assert (free(shop, "PEN"), ended["status"], ended["lines"][0]["reserved"]) == ({"lon-1": 3}, "expired", 0)
    assert done(ask("cart-2", {"PEN": 3}))["status"] == "created"
    for verb in ("touch", "freeze", "thaw"):
        problem = refused(event(verb, body["reservation_id"]))
        assert (problem["code"], problem["why_not"][0]["code"]) == ("wrong_state", "reservation_expired")


def test_the_sweep_writes_down_what_is_over_and_decides_nothing(shop: Wiring, hands: Hands) -> None:
    one, two = done(ask("cart-1", {"PEN": 1})), done(ask("cart-2", {"PEN": 1, "CUP": 2}))
    hands.forward(minutes=5)
    kept = done(event("touch", two["reservation_id"]))
    hands.forward(minutes=6)
    assert cron_expire_reservations.handler({}, None) == {"expired": 1, "later": 1, "lost": 0}
    assert done(event("GET", one["reservation_id"]))["reason"] == "time_is_up"
    assert done(event("GET", two["reservation_id"]))["expires_at"] == kept["expires_at"] == "2026-11-23T09:16:00.000Z"
    assert cron_expire_reservations.handler({}, None) == {"expired": 0, "later": 0, "lost": 0}
    pen = shop.stock.positions_at([("PEN", "lon-1")])["PEN", "lon-1"]
    moved = [posting.kind for _, posting in shop.stock.history(pen, limit=9)]
    assert (moved.count("expired"), pen.lapsed, pen.available) == (2, (), 2)  # whose it was, and the units
    hands.forward(minutes=5)
    assert cron_expire_reservations.handler({}, None) == {"expired": 1, "later": 0, "lost": 0}
    assert free(shop, "PEN") == {"lon-1": 3}


@pytest.mark.usefixtures("shop")
def test_activity_extends_it_once_a_minute_and_not_beyond_the_longest_time(hands: Hands) -> None:
    body = done(ask("cart-1", {"PEN": 1}))
    hands.forward(seconds=20)
    assert done(event("touch", body["reservation_id"]))["version"] == 1  # the same minute: nothing to write
    for _ in range(11):
        hands.forward(minutes=5)
        body = done(event("touch", body["reservation_id"]))
    assert body["expires_at"] == "2026-11-23T10:01:00.000Z"
    hands.forward(minutes=5)
    assert done(event("GET", body["reservation_id"]))["status"] == "updated"
    hands.forward(minutes=1)
    assert done(event("GET", body["reservation_id"]))["status"] == "expired"


def test_while_the_buyer_pays_no_clock_runs_but_that_of_the_payment(shop: Wiring, hands: Hands) -> None:
    body = done(ask("cart-1", {"PEN": 3}))
    hands.forward(minutes=9)
    frozen = done(event("freeze", body["reservation_id"]))
    assert (frozen["frozen"], frozen["expires_at"]) == (True, "2026-11-23T09:30:00.000Z")
    hands.forward(minutes=15)
    assert done(event("freeze", body["reservation_id"])) == frozen  # asking again does not make it longer
    assert done(event("touch", body["reservation_id"])) == frozen
    change = {"lines": [{"sku": "PEN", "quantity": 1}]}
    assert refused(event("PATCH", body["reservation_id"], change))["why_not"][0]["code"] == "reservation_frozen"
    assert refused(ask("cart-1", {"PEN": 1}, key="k-2"))["code"] == "wrong_state"
    assert free(shop, "PEN") == {"lon-1": 0}
    hands.forward(minutes=6)  # nobody thawed it: it is over all the same
    assert (free(shop, "PEN"), done(event("GET", body["reservation_id"]))["status"]) == ({"lon-1": 3}, "expired")


@pytest.mark.usefixtures("shop")
def test_a_buyer_who_stops_paying_is_a_buyer_in_the_shop_again(hands: Hands) -> None:
    body = done(ask("cart-1", {"PEN": 3}))
    done(event("freeze", body["reservation_id"]))
    hands.forward(minutes=2)
    thawed = done(event("thaw", body["reservation_id"]))
    assert (thawed["frozen"], thawed["expires_at"]) == (False, "2026-11-23T09:13:00.000Z")
    assert done(event("thaw", body["reservation_id"])) == thawed
    hands.forward(minutes=11)
    assert cron_expire_reservations.handler({}, None)["expired"] == 1


def test_lines_are_set_and_the_others_stay(shop: Wiring) -> None:
    body = done(ask("cart-1", {"PEN": 3, "CUP": 4}))
    changed = done(event("PATCH", body["reservation_id"], {"lines": [{"sku": "PEN", "quantity": 1}]}))
    assert [(line["sku"], line["reserved"]) for line in changed["lines"]] == [("PEN", 1), ("CUP", 4)]
    problem = refused(event("PATCH", body["reservation_id"], {"lines": [{"sku": "CUP", "quantity": 14}]}))
    assert problem["faults"] == [{"field": "lines.1.quantity", "message": "14 of CUP wanted, 13 available"}]
    gone = {"lines": [{"sku": "PEN", "quantity": 0}, {"sku": "CUP", "quantity": 0}]}
    assert done(event("PATCH", body["reservation_id"], gone))["status"] == "released"
    assert (free(shop), free(shop, "PEN")) == ({"ber-1": 5, "lon-1": 8}, {"lon-1": 3})


@pytest.mark.usefixtures("shop")
def test_a_release_says_why_and_comes_once() -> None:
    body = done(ask("cart-1", {"PEN": 3}))
    released = done(event("release", body["reservation_id"], {"reason": "payment_failed"}))
    assert (released["status"], released["reason"]) == ("released", "payment_failed")
    assert done(event("release", body["reservation_id"], {"reason": "other"})) == released
    assert refused(event("touch", body["reservation_id"]))["code"] == "wrong_state"


def test_bad_requests_change_nothing(shop: Wiring) -> None:
    bodies: tuple[dict[str, Any], ...] = (
        {"owner": "rsv_1"},
        {"lines": []},
        {"lines": [{"sku": "PEN", "quantity": 0}]},
        {"lines": [{"sku": "PEN", "quantity": 1}, {"sku": "PEN", "quantity": 1}]},
        {"minutes": 241},
        {"ships_to": {"country": "Germany"}},
        {"until": "2027-01-01T00:00:00Z"},
    )
    for body in bodies:
        sent = api_event(
            "POST /v1/reservations",
            headers={"Idempotency-Key": "k-1"},
            body={"channel": SHOP, "owner": "cart-1", "lines": [{"sku": "PEN", "quantity": 1}], **body},
        )
        assert refused(sent)["code"] == "invalid", body
    assert refused(ask("cart-1", {"PEN": 1}, key=""))["code"] == "missing_idempotency_key"
    assert refused(ask("cart-1", {"PEN": 1}, channel="nowhere"))["code"] == "unknown_channel"
    assert refused(event("GET", "rsv_nobody"))["code"] == "not_found"
    assert free(shop, "PEN") == {"lon-1": 3}


def test_safety_stock_eaten_by_others_does_not_take_an_owner_what_it_has(shop: Wiring) -> None:
    body = done(ask("cart-1", {"PEN": 2}))
    before = shop.stock.positions_at([("PEN", "lon-1")])
    commit(*shop.stock.writes([Movement("lost", ("PEN", "lon-1"), Change(on_hand=-2))], before, CAUSE))
    assert free(shop, "PEN") == {"lon-1": -1}
    change = {"lines": [{"sku": "PEN", "quantity": 2}, {"sku": "CUP", "quantity": 1}]}
    assert [line["reserved"] for line in done(event("PATCH", body["reservation_id"], change))["lines"]] == [2, 1]
