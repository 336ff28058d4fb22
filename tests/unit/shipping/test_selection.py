"""Which service is chosen, and what the record says of the others."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.orders.model import Destination, Promise
from oms.shipping.model import Lane, RateCard, Selection
from oms.shipping.rules import select_service
from oms.shipping.service import first_promise, served_countries
from tests.shipping_builders import CARDS, ECONOMY, EXPRESS, MONDAY_NOON, card, location, rate, service, size

HOME = Lane("DE", "10")
BERLIN = location()


def select(
    promised_on: date | None, *, cards: tuple[RateCard, ...] = CARDS, lane: Lane = HOME, n: int = 1
) -> Selection:
    return select_service([size()] * n, cards, location=BERLIN, lane=lane, promised_on=promised_on, at=MONDAY_NOON)


def test_the_cheapest_service_that_meets_the_promise_is_chosen_and_the_losers_say_why() -> None:
    selection = select(date(2026, 11, 27))
    assert selection.outcome == "in_time"
    assert selection.decision == (
        "swift_post/standard chosen:400",
        "meridian_express/express cost:2090",
        "swift_post/economy too_late:2026-12-01",
    )
    (choice,) = selection.choices
    assert (choice.carrier, choice.service, choice.cost_minor) == ("swift_post", "standard", 400)
    assert (choice.ship_on, choice.deliver_on) == (date(2026, 11, 24), date(2026, 11, 26))
    assert choice.decision == selection.decision


def test_without_a_promise_the_cheapest_wins() -> None:
    assert select(None).decision[0] == "swift_post/economy chosen:300"


def test_when_nothing_is_in_time_the_fastest_goes_and_is_marked_late() -> None:
    selection = select(date(2026, 11, 24))
    assert selection.outcome == "late"
    assert selection.decision == (
        "meridian_express/express chosen_late:2090",
        "swift_post/economy too_late:2026-12-01",
        "swift_post/standard too_late:2026-11-26",
    )


def test_all_parcels_go_with_one_service_and_its_total_decides() -> None:
    flat = card("flat_rate", service("one", rates={"home": rate((31_500, 500)), "near": rate((1, 1))}))
    selection = select_service(
        [size(900), size(6_000)],
        (flat, card()),
        location=BERLIN,
        lane=HOME,
        promised_on=None,
        at=MONDAY_NOON,
    )
    assert [choice.service for choice in selection.choices] == ["one", "one"]
    assert [choice.cost_minor for choice in selection.choices] == [500, 500]
    assert selection.decision == ("flat_rate/one chosen:1000", "swift_post/standard cost:1300")


def test_a_full_day_is_a_reason_and_so_is_too_small_a_day() -> None:
    full = frozenset({("meridian_express", "express", "2026-11-24")})
    selection = select_service([size()], CARDS, location=BERLIN, lane=HOME, promised_on=None, at=MONDAY_NOON, full=full)
    assert "meridian_express/express capacity:2026-11-24" in selection.decision
    assert "meridian_express/express capacity:2026-11-24" in select(None, n=3).decision


def test_nobody_goes_there() -> None:
    selection = select(None, lane=Lane("US", "100"))
    assert selection.outcome == "none"
    assert selection.choices == ()
    assert selection.decision == (
        "meridian_express/express zone_not_served",
        "swift_post/economy zone_not_served",
        "swift_post/standard zone_not_served",
    )


def test_the_card_valid_on_the_ship_date_counts_not_the_one_of_today() -> None:
    old = card("swift_post", service(), valid_until=date(2026, 11, 23))
    new = card(
        "swift_post",
        service(rates={"home": rate((31_500, 450)), "near": rate((1, 1))}),
        valid_from=date(2026, 11, 24),
    )
    assert select(None, cards=(old, new)).decision == ("swift_post/standard chosen:450",)
    assert select(None, cards=(old,)).decision == ("swift_post/standard not_valid:2026-11-24",)


def test_costs_in_different_currencies_are_not_compared() -> None:
    other = card("zz_dollar", currency="USD")
    assert select(None, cards=(card(), other)).decision == (
        "swift_post/standard chosen:400",
        "zz_dollar/standard currency:USD",
    )


def test_ties_go_to_the_earlier_delivery_then_to_the_name() -> None:
    slow = service("a_slow", rates={"home": rate((31_500, 400), days=(3, 3)), "near": rate((1, 1))})
    quick = service("z_quick", rates={"home": rate((31_500, 400), days=(1, 1)), "near": rate((1, 1))})
    assert select(None, cards=(card("swift_post", slow, quick),)).choices[0].service == "z_quick"
    twin = quick.model_copy(update={"code": "b_quick"})
    assert select(None, cards=(card("swift_post", quick, twin),)).choices[0].service == "b_quick"


@st.composite
def worlds(draw: st.DrawFn) -> tuple[RateCard, ...]:
    cards = []
    for name in draw(st.lists(st.sampled_from(["aa", "bb", "cc", "dd"]), unique=True, min_size=1)):
        days = draw(st.integers(0, 6))
        home = rate((31_500, draw(st.integers(0, 50))), days=(days, days + draw(st.integers(0, 3))))
        cards.append(card(name, service("only", rates={"home": home}, zones={"DE": "home"})))
    return tuple(cards)


@given(worlds(), st.dates(date(2026, 11, 23), date(2026, 12, 10)))
def test_the_choice_is_never_dominated_and_never_depends_on_the_order_of_the_cards(
    cards: tuple[RateCard, ...], promised_on: date
) -> None:
    selection = select(promised_on, cards=cards)
    chosen = selection.choices[0]
    for rival in cards:
        alone = select(promised_on, cards=(rival,)).choices[0]
        in_time = alone.deliver_on <= promised_on
        if selection.outcome == "in_time":
            assert not (in_time and alone.cost_minor < chosen.cost_minor)
            assert chosen.deliver_on <= promised_on
        else:
            assert not in_time
            assert alone.deliver_on >= chosen.deliver_on
    assert len(selection.decision) == len(cards)
    assert select(promised_on, cards=tuple(reversed(cards))) == selection


def promise(stock: dict[str, dict[str, int]], country: str = "DE") -> Promise:
    locations = {"ber-1": BERLIN, "lon-1": location("lon-1", "GB", "Europe/London")}
    british = card("swift_post", ECONOMY, origins=frozenset({"GB"}), region="gb")
    return first_promise(
        Destination(country=country, postal_area="101"),
        {"MUG-1": 2},
        stock,
        MONDAY_NOON,
        cards=(*CARDS, british),
        locations=locations,
    )


def test_the_first_promise_is_the_window_of_the_cheapest_service_without_a_capacity() -> None:
    assert promise({"MUG-1": {"ber-1": 2}}) == Promise(earliest_on="2026-11-27", latest_on="2026-12-01")
    only_express = first_promise(
        Destination(country="DE", postal_area="101"),
        {"MUG-1": 1},
        {"MUG-1": {"ber-1": 1}},
        MONDAY_NOON,
        cards=(card("meridian_express", EXPRESS),),
        locations={"ber-1": BERLIN},
    )
    assert only_express == Promise()


def test_a_split_order_is_promised_for_its_slowest_part() -> None:
    assert promise({"MUG-1": {"ber-1": 1, "lon-1": 1}}, "FR") == promise({"MUG-1": {"lon-1": 2}}, "FR")


@pytest.mark.parametrize("stock", [{}, {"MUG-1": {}}, {"MUG-1": {"ber-1": 1}}, {"MUG-1": {"ber-1": 0}}])
def test_too_little_stock_is_no_promise(stock: dict[str, dict[str, int]]) -> None:
    assert promise(stock) == Promise()


def test_a_destination_nobody_goes_to_is_no_promise() -> None:
    assert promise({"MUG-1": {"ber-1": 5}}, "US") == Promise()
    assert served_countries(CARDS) == {"DE", "FR"}


def test_the_promise_moves_at_the_cut_off() -> None:
    def at(hour: int) -> Promise:
        return first_promise(
            Destination(country="DE", postal_area="1"),
            {"MUG-1": 1},
            {"MUG-1": {"ber-1": 1}},
            datetime(2026, 11, 23, hour, 0, 1, tzinfo=UTC),
            cards=CARDS,
            locations={"ber-1": location(cutoff=time(15, 0))},
        )

    assert at(13).latest_on == "2026-12-01"
    assert at(14).latest_on == "2026-12-02"


def test_abroad_the_nearest_location_that_has_everything_is_promised_from_not_the_first_by_name() -> None:
    lax = location("lax-1", "US", "America/Los_Angeles", latitude=34, longitude=-118)
    lon = location("lon-1", "GB", "Europe/London", latitude=51.5, longitude=0)
    slow = card("slow_sea", service(rates={"home": rate((31_500, 400), days=(20, 30)), "near": rate((1, 1))}))
    cards = (slow.model_copy(update={"origins": frozenset({"US"})}), card(origins=frozenset({"GB"})))
    found = first_promise(
        Destination(country="DE", postal_area="101"),
        {"MUG-1": 1},
        {"MUG-1": {"lax-1": 3, "lon-1": 3}},
        MONDAY_NOON,
        cards=cards,
        locations={"lax-1": lax, "lon-1": lon},
    )
    assert found == Promise(earliest_on="2026-11-25", latest_on="2026-11-26")
