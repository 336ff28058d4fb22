"""Prices of stock, from counted orders to what sourcing is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.allocation import cron_count_demand, cron_price_stock
from oms.allocation.prices.book import KEPT_S, PriceBook
from oms.allocation.prices.counting import WINDOW_DAYS, count_demand, counted_days, last_hour
from oms.allocation.prices.model import Basket, Program, Solution
from oms.allocation.prices.service import ALL_GROUPS_S, HORIZON_DAYS, price_stock
from oms.allocation.prices.store import PART_BASKETS
from oms.aws.documents import unpack
from oms.kernel.time import from_text, to_text
from oms.orders.model import Destination
from oms.reference.model import Channel, Item
from oms.shipping.model import Break, RateCard, Service, ZoneRate
from oms.wiring import Wiring
from tests.allocation_scene import START, clock, position, put_order, rows, set_up
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart

CUP = Basket((("CUP", 1),), "DE-1", 1)
PEN = Basket((("PEN", 1),), "DE-1", 1)
END = last_hour(START)


def sells(wiring: Wiring, demand: Mapping[Basket, int], *, days: int = 2) -> None:
    """The same demand in each hour of some days."""
    for back in range(1, days * 24 + 1):
        assert wiring.prices.put_hour(END - timedelta(hours=back), demand)


def company(wiring: Wiring) -> None:
    """A parcel within Germany costs 4.00; from Great Britain to Germany 9.00. Cups are scarce in Berlin."""
    set_up(wiring, position("CUP", "ber-1", 100), position("CUP", "lon-1", 500), position("PEN", "ber-1", 9_000))
    for sku in ("CUP", "PEN"):
        size = {"length_mm": 100, "width_mm": 100, "height_mm": 100}
        wiring.reference.put_item(Item(sku=sku, name=sku, weight_g=300, **size))
    for origin, price in (("DE", 400), ("GB", 900)):
        wiring.reference.put_setting("CARRIER", origin, card(origin, price))
    wiring.reference.put_setting("CHANNEL", "web", Channel(name="web", kind="canonical", currencies=frozenset({"EUR"})))


def card(origin: str, price_minor: int) -> RateCard:
    rate = ZoneRate(breaks=(Break(up_to_g=31_000, price_minor=price_minor),), transit_days_min=1, transit_days_max=2)
    service = Service(
        code="std", name="Standard", zones={"DE": "z"}, rates={"z": rate}, max_weight_g=31_000, max_side_mm=1_000
    )
    return RateCard(
        carrier="swift",
        region=origin,
        valid_from=(START - timedelta(days=30)).date(),
        currency="EUR",
        origins=frozenset({origin}),
        services=(service,),
        number_prefix="SW",
    )


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    company(cloud_on_moto)
    return cloud_on_moto


def test_a_scarce_unit_is_worth_the_dearer_parcel_that_it_saves(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1})  # 24 a day, 336 in two weeks: more than Berlin has, less than both have
    report = cron_price_stock.handler({}, None)
    assert {name: report[name] for name in ("days", "groups", "priced", "failed")} == {
        "days": 2,
        "groups": 1,
        "priced": 1,
        "failed": 0,
    }
    keys = [("CUP", "ber-1"), ("CUP", "lon-1"), ("PEN", "ber-1"), ("MUG", "nowhere")]
    assert wiring.stock_prices(keys) == {keys[0]: 500, keys[1]: 0, keys[2]: 0, keys[3]: 0}


def test_before_anything_is_counted_nothing_is_published_and_everything_is_free(wiring: Wiring) -> None:
    assert cron_price_stock.handler({}, None)["version"] is None
    assert wiring.prices.current() is None
    assert wiring.stock_prices([("CUP", "ber-1")]) == {("CUP", "ber-1"): 0}


def test_what_comes_in_counts_as_supply(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1})
    positions = wiring.stock.positions(["CUP"])
    berlin = positions["CUP", "ber-1"]
    desk = replace(wiring.pricing, positions=lambda _skus: {**positions, berlin.key: berlin._replace(incoming=236)})
    assert price_stock(desk).priced == 0


def test_prices_end_with_their_horizon(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1})
    price_stock(wiring.pricing)
    until = START + timedelta(days=HORIZON_DAYS)
    late, in_time = (PriceBook(wiring.prices, lambda at=at: at) for at in (until, until - timedelta(seconds=1)))  # type: ignore[misc]
    assert in_time([("CUP", "ber-1")]) == {("CUP", "ber-1"): 500}
    assert late([("CUP", "ber-1")]) == {("CUP", "ber-1"): 0}


def test_a_book_asks_for_a_newer_list_every_five_minutes_and_otherwise_reads_nothing(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1})
    price_stock(wiring.pricing)
    now = 0.0
    book = PriceBook(wiring.prices, clock, timer=lambda: now)
    key = ("CUP", "ber-1")
    assert calls_of(lambda: book([key])) == ["GetItem", "BatchGetItem"]
    wiring.prices.publish({key: 70}, as_of=START + timedelta(hours=6), until=START + timedelta(days=14))
    now = KEPT_S - 1
    assert calls_of(lambda: book([key])) == []
    assert book([key]) == {key: 500}
    now = KEPT_S
    assert book([key]) == {key: 70}


def test_lists_are_kept_by_version_and_an_older_one_never_replaces_a_newer(wiring: Wiring) -> None:
    keys = {("CUP", "ber-1"): 70}
    until = START + timedelta(days=14)
    newer = wiring.prices.publish(keys, as_of=START + timedelta(hours=1), until=until)
    older = wiring.prices.publish({("CUP", "ber-1"): 60}, as_of=START, until=until)
    assert older == newer == wiring.prices.current()
    assert wiring.prices.publish(keys, as_of=START + timedelta(hours=1), until=until) == newer
    lists = [row for row in rows(wiring, "PRICES_TABLE") if row["sk"] == "LIST"]
    assert len(lists) == 2
    assert wiring.prices.prices_of(newer) == keys


def test_what_is_not_solved_keeps_its_former_price_and_the_rest_is_renewed(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1, PEN: 20})
    former = {("CUP", "ber-1"): 123, ("PEN", "ber-1"): 45, ("MUG", "ber-1"): 6}
    wiring.prices.publish(former, as_of=START - timedelta(hours=6), until=START + timedelta(days=13))
    wiring.stock.open_position(position("PEN", "lon-1", 200))

    def not_for_pens(program: Program, limit_s: float) -> Solution | None:
        assert 0 < limit_s <= ALL_GROUPS_S
        pens = any(sku == "PEN" for sku, _ in program.supply_rows)
        return None if pens else wiring.pricing.solve(program, limit_s)

    report = price_stock(replace(wiring.pricing, solve=not_for_pens))
    assert (report.groups, report.failed) == (2, 1)
    made = wiring.prices.in_force(START)
    assert made is not None
    assert wiring.prices.prices_of(made) == {("CUP", "ber-1"): 500, ("PEN", "ber-1"): 45}


def test_former_prices_are_not_kept_beyond_their_own_horizon(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1})
    wiring.prices.publish({("CUP", "ber-1"): 9}, as_of=START - timedelta(days=15), until=START - timedelta(days=1))
    assert price_stock(replace(wiring.pricing, solve=lambda _program, _limit_s: None)).failed == 1
    assert wiring.stock_prices([("CUP", "ber-1")]) == {("CUP", "ber-1"): 0}


def test_groups_for_which_no_time_is_left_are_not_begun(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1, PEN: 20})
    wiring.stock.open_position(position("PEN", "lon-1", 200))
    ticks = iter(range(0, 10_000, 40))
    # seconds, as `time.monotonic` has them
    report = price_stock(replace(wiring.pricing, timer=lambda: float(next(ticks))))
    assert report.failed == report.groups == 2


def ordered(wiring: Wiring, name: str, units: dict[str, int], at: datetime, *, status: str = "confirmed") -> None:
    to = Destination(country="DE", postal_area="10")
    put_order(wiring, name, units, channel="web", submitted_at=to_text(at), status=status, destination=to)


def test_each_hour_is_counted_once_from_its_orders(wiring: Wiring) -> None:
    hour = END - timedelta(hours=1)
    ordered(wiring, "ord_1", {"CUP": 2}, hour + timedelta(minutes=0))
    ordered(wiring, "ord_2", {"CUP": 2}, hour + timedelta(minutes=59))
    ordered(wiring, "ord_3", {"CUP": 2, "PEN": 1}, hour + timedelta(minutes=5))
    ordered(wiring, "ord_4", {"PEN": 9}, hour + timedelta(minutes=6), status="rejected")
    ordered(wiring, "ord_5", {"PEN": 9}, END + timedelta(minutes=0))  # of the hour after
    first = cron_count_demand.handler({}, None)
    assert first == {"hours": 48, "orders": 4, "missing": WINDOW_DAYS * 24 - 48}
    ordered(wiring, "ord_6", {"PEN": 1}, hour + timedelta(minutes=7))  # came too late to be seen
    assert cron_count_demand.handler({}, None)["orders"] == 0
    day = hour.strftime("%Y-%m-%d")
    counts = {
        (one.units, one.orders)
        for name, one in wiring.prices.demand_of(day, wiring.prices.counted_hours(day))
        if name == hour.strftime("%H")
    }
    assert counts == {((("CUP", 2),), 2), ((("CUP", 2), ("PEN", 1)), 1)}


def test_only_days_that_are_counted_from_end_to_end_are_a_history(wiring: Wiring) -> None:
    sells(wiring, {CUP: 1}, days=3)
    assert wiring.prices.put_hour(END - timedelta(hours=100), {CUP: 1})
    assert counted_days(wiring.prices, START) == [{CUP: 24}] * 3


def test_an_hour_of_many_baskets_is_kept_in_parts_and_counted_by_the_first_who_ends(wiring: Wiring) -> None:
    hour = END - timedelta(hours=1)
    many = {Basket(((f"S{number}", 1),), "DE-1", 1): 1 for number in range(PART_BASKETS + 1)}
    assert wiring.prices.put_hour(hour, many)
    assert not wiring.prices.put_hour(hour, {CUP: 5})
    day = hour.strftime("%Y-%m-%d")
    hours = wiring.prices.counted_hours(day)
    assert len(list(wiring.prices.demand_of(day, hours))) == PART_BASKETS + 1
    parts = [row for row in rows(wiring, "PRICES_TABLE") if row["sk"].startswith("PART#")]
    assert len(parts) == 3  # one is of the run that came too late: nobody reads it, and it expires
    assert all(row["expires_at"] > (hour + timedelta(days=WINDOW_DAYS)).timestamp() for row in parts)


def test_counting_killed_at_any_write_counts_each_order_once() -> None:
    def scene(wiring: Wiring) -> None:
        company(wiring)
        ordered(wiring, "ord_1", {"CUP": 1}, END - timedelta(hours=1) + timedelta(minutes=5))
        ordered(wiring, "ord_2", {"PEN": 1}, END - timedelta(hours=2) + timedelta(minutes=5))

    def run(wiring: Wiring) -> None:
        count_demand(replace(wiring.counting, hours=2))

    with moto_cloud(clock) as wiring:
        scene(wiring)
        calls = calls_of(lambda: run(wiring))
    assert calls.count("PutItem") == 4
    for point in crash_points(calls):
        if point.operation != "PutItem":
            continue
        with moto_cloud(clock) as wiring:
            scene(wiring)
            crash(point, lambda wiring=wiring: run(wiring))  # type: ignore[misc]
            again = restart(clock)
            run(again)
            counts = [
                one.orders
                for day in {(END - timedelta(hours=back)).strftime("%Y-%m-%d") for back in (1, 2)}
                for _, one in again.prices.demand_of(day, again.prices.counted_hours(day))
            ]
            assert counts == [1, 1], point


def test_pricing_killed_at_any_write_leaves_a_whole_list_in_force() -> None:
    with moto_cloud(clock) as wiring:
        company(wiring)
        sells(wiring, {CUP: 1}, days=1)
        calls = calls_of(lambda: price_stock(wiring.pricing))
    points = [point for point in crash_points(calls) if point.operation == "PutItem"]
    assert len(points) == 2 * 3
    for point in points:
        with moto_cloud(clock) as wiring:
            company(wiring)
            sells(wiring, {CUP: 1}, days=1)
            wiring.prices.publish(
                {("CUP", "ber-1"): 9}, as_of=START - timedelta(hours=6), until=START + timedelta(days=1)
            )
            crash(point, lambda wiring=wiring: price_stock(wiring.pricing))  # type: ignore[misc]
            again = restart(clock)
            done = point == points[-1]
            assert again.stock_prices([("CUP", "ber-1")]) == {("CUP", "ber-1"): 500 if done else 9}, point
            price_stock(again.pricing)
            made = again.prices.current()
            assert made is not None
            assert from_text(made.until) == START + timedelta(days=HORIZON_DAYS)
            assert again.prices.prices_of(made) == {("CUP", "ber-1"): 500}


def test_a_list_says_when_it_was_made_and_until_when_it_is_good(wiring: Wiring) -> None:
    made = wiring.prices.publish({("CUP", "ber-1"): 1}, as_of=START, until=START + timedelta(days=14))
    row = next(row for row in rows(wiring, "PRICES_TABLE") if row["sk"] == "LIST")
    assert unpack(type(made), row["doc"]) == made
    assert (made.as_of, made.until) == ("2026-11-23T09:00:00.000Z", "2026-12-07T09:00:00.000Z")
