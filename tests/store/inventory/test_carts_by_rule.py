"""A cart keeps units only where the strategy in force lets its order ship from."""

from collections.abc import Iterator

import pytest

from oms.allocation.sourcing.strategy import Filters, Rule, Scope, Strategy
from oms.allocation.strategies.store import KIND
from oms.reference.model import Location
from oms.wiring import Wiring
from tests.allocation_scene import Hands, assert_the_books_balance, position
from tests.aws import moto_cloud
from tests.reservation_scene import START, ask, done, free, open_shop, refused
from tests.store.inventory.test_reservations import places

BERLIN = {"country": "DE", "postal_area": "101"}
BRITISH = Rule(name="british", filters=Filters(countries=("GB",)), hard=("country",))
RATHER_BRITISH = BRITISH.model_copy(update={"hard": (), "soft": ("country",)})


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with moto_cloud(Hands(START)) as wiring:
        open_shop(wiring, position("CUP", "ber-1", 5), position("CUP", "lon-1", 3), position("PEN", "ber-1", 2))
        yield wiring
        assert_the_books_balance(wiring)


def in_force(wiring: Wiring, rule: Rule) -> None:
    made = Strategy(name="default", version=1, by="user:tester", at="2026-11-01T00:00:00.000Z", rules=(rule,))
    wiring.reference.put_setting(KIND, "default", made)


def test_a_cart_keeps_nothing_where_its_order_may_not_ship_from(shop: Wiring) -> None:
    in_force(shop, BRITISH)
    assert places(done(ask("cart-1", {"CUP": 2}, ships_to=BERLIN))) == {"lon-1": 2}
    problem = refused(ask("cart-2", {"CUP": 2}, ships_to=BERLIN))
    assert problem["faults"] == [{"field": "lines.0.quantity", "message": "2 of CUP wanted, 1 available"}]
    assert free(shop) == {"ber-1": 5, "lon-1": 1}


def test_a_soft_constraint_is_dropped_where_not_all_of_it_is_there(shop: Wiring) -> None:
    in_force(shop, RATHER_BRITISH)
    assert places(done(ask("cart-1", {"CUP": 3}, ships_to=BERLIN))) == {"lon-1": 3}
    assert places(done(ask("cart-2", {"CUP": 2}, ships_to=BERLIN))) == {"ber-1": 2}


def test_a_rule_for_one_article_decides_for_the_whole_cart_as_for_an_order(shop: Wiring) -> None:
    in_force(shop, BRITISH.model_copy(update={"scope": Scope(sku="CUP")}))
    problem = refused(ask("cart-1", {"CUP": 1, "PEN": 1}, ships_to=BERLIN))
    assert [fault["field"] for fault in problem["faults"]] == ["lines.1.quantity"]
    assert places(done(ask("cart-1", {"PEN": 1}, ships_to=BERLIN))) == {"ber-1": 1}


def test_a_cart_that_says_only_later_where_it_goes_moves_there(shop: Wiring) -> None:
    in_force(shop, BRITISH)
    assert places(done(ask("cart-1", {"CUP": 2}))) == {"ber-1": 2}
    assert places(done(ask("cart-1", {"CUP": 2}, key="then", ships_to=BERLIN))) == {"lon-1": 2}
    assert free(shop) == {"ber-1": 5, "lon-1": 1}


def test_a_partial_cart_takes_what_may_ship(shop: Wiring) -> None:
    in_force(shop, BRITISH)
    assert places(done(ask("cart-1", {"CUP": 7}, ships_to=BERLIN, allow_partial=True))) == {"lon-1": 3}


def test_what_lies_at_a_suppliers_place_is_not_kept_for_a_cart(shop: Wiring) -> None:
    berlin: Location = shop.reference.locations()["ber-1"]
    shop.reference.put_setting("LOCATION", "ber-1", berlin.model_copy(update={"supplier": "SUP-1"}))
    assert places(done(ask("cart-1", {"CUP": 2}))) == {"lon-1": 2}
    assert refused(ask("cart-2", {"CUP": 2}))["code"] == "short_stock"
