"""Lots that are over: not to be taken from the instant on, said once, and who was promised them is served anew."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.allocation import queue_allocate_orders, queue_mend_shortfalls
from functions.inventory import cron_expire_lots
from oms.aws.documents import unpack
from oms.aws.tables import commit
from oms.inventory.model import Cause, Change, Entry, Movement, Position
from oms.kernel.time import to_text
from oms.wiring import Wiring
from tests.allocation_scene import (
    assert_the_books_balance,
    assert_the_journal_explains_the_balances,
    batch,
    put_order,
    rows,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import sqs_event
from tests.store.inventory.test_lots import HANDS, lots, post, seed, stock

MIDNIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # in Berlin, where the cheese lies
KEY = ("BRIE", "ber-1")


def begin(wiring: Wiring) -> None:
    """Five units that are good until tomorrow, three for longer; four are committed."""
    seed(wiring)
    post("received", 5, "SOON", "2026-11-24")
    post("received", 3, "LATE", "2027-01-31")
    commit_units(wiring, 4)


def commit_units(wiring: Wiring, units: int) -> None:
    taken = Movement("committed", KEY, Change(committed=units), ref="ord_1")
    commit(*wiring.stock.writes([taken], wiring.stock.positions_at([KEY]), Cause("t", to_text(HANDS.now))))


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(HANDS) as wiring:
        begin(wiring)
        yield wiring


def sweep() -> dict[str, int]:
    told: dict[str, int] = cron_expire_lots.handler({}, None)
    return told


def stored(wiring: Wiring) -> Position:
    return wiring.stock.positions_at([KEY])[KEY]


def said(wiring: Wiring) -> list[tuple[str, dict[str, Any]]]:
    """The facts of expiry and shortfall in the whole journal, in order."""
    entries = [unpack(Entry, row["doc"]) for row in rows(wiring, "INVENTORY_TABLE") if row["pk"].startswith("JOURNAL#")]
    facts = [fact for entry in sorted(entries, key=lambda one: one.at) for fact in entry.facts]
    return [(fact.type, fact.data) for fact in facts if fact.type in ("StockExpired", "StockFellShort")]


def test_units_are_gone_at_the_instant_and_it_is_said_once(wiring: Wiring) -> None:
    HANDS.now = MIDNIGHT - timedelta(milliseconds=1)
    assert (sweep(), stock()["available"]) == ({"over": 0, "short": 0, "lost": 0}, 4)
    HANDS.now = MIDNIGHT
    assert (stock()["available"], stock()["shortfall"], stock()["expired"]) == (-1, 1, 5)  # before anybody sweeps
    assert said(wiring) == []
    assert sweep() == {"over": 1, "short": 1, "lost": 0}
    same = {"sku": "BRIE", "location": "ber-1"}
    expected = [("StockExpired", {**same, "lots": {"SOON": 5}}), ("StockFellShort", {**same, "shortfall": 1})]
    assert said(wiring) == expected
    before = rows(wiring, "INVENTORY_TABLE")
    assert sweep() == {"over": 0, "short": 0, "lost": 0}
    assert rows(wiring, "INVENTORY_TABLE") == before
    assert (stock()["on_hand"], stock()["available"], lots()) == (8, -1, [("SOON", 5, 5), ("LATE", 3, 3)])
    (newest,) = wiring.stock.history(stored(wiring), limit=1)
    assert (newest[1].kind, newest[1].ref, newest[1].lots, newest[1].by) == (
        "expired",
        "lot:SOON",
        (("SOON", 0, 0),),
        (),
    )
    assert_the_journal_explains_the_balances(wiring)


def test_whoever_writes_first_says_it_and_the_sweep_finds_nothing_more(wiring: Wiring) -> None:
    HANDS.now = MIDNIGHT + timedelta(seconds=1)
    assert post("received", 1, "NEW", "2027-03-01")["http"] == 201
    assert [name for name, _ in said(wiring)] == ["StockExpired"]  # the one that came makes good for it
    assert sweep() == {"over": 0, "short": 0, "lost": 0}
    kinds = [posting.kind for _, posting in wiring.stock.history(stored(wiring), limit=1)]
    assert kinds == ["received", "expired"]


def test_the_next_end_is_found_after_the_last_and_what_comes_too_late_is_over_at_once(wiring: Wiring) -> None:
    HANDS.now = MIDNIGHT
    sweep()
    row = next(row for row in rows(wiring, "INVENTORY_TABLE") if row["pk"] == "STOCK#BRIE" and row["sk"] == "LOC#ber-1")
    assert row["expiring_sk"] == "2027-01-31T23:00:00.000Z#ber-1#BRIE"
    assert post("received", 2, "OLD", "2026-11-20")["http"] == 201
    assert (sweep()["over"], stock()["available"]) == (0, -1)
    HANDS.now = datetime(2027, 1, 31, 23, 0, tzinfo=UTC)
    assert sweep() == {"over": 1, "short": 1, "lost": 0}
    assert said(wiring)[-1] == ("StockFellShort", {"sku": "BRIE", "location": "ber-1", "shortfall": 4})
    row = next(row for row in rows(wiring, "INVENTORY_TABLE") if row["pk"] == "STOCK#BRIE" and row["sk"] == "LOC#ber-1")
    assert "expiring_pk" not in row


def test_what_was_packed_in_time_may_be_confirmed_later_and_is_written_off_by_its_lot(wiring: Wiring) -> None:
    HANDS.now = MIDNIGHT
    sweep()
    before = wiring.stock.positions_at([KEY])
    gone = Movement("shipped", KEY, Change(on_hand=-4, committed=-4), ref="ord_1")
    commit(*wiring.stock.writes([gone], before, Cause("t", to_text(HANDS.now))))
    assert lots() == [("SOON", 4, 4)]  # what is good goes first
    assert post("lost", 4, "SOON", reason="spoiled")["http"] == 201
    assert (stock()["on_hand"], stock()["expired"], lots()) == (0, 0, [])
    assert_the_journal_explains_the_balances(wiring)


def test_orders_that_were_promised_what_is_over_go_elsewhere() -> None:
    with moto_cloud(HANDS) as wiring:
        seed(wiring)
        post("received", 4, "SOON", "2026-11-24")
        post("received", 4, "GOOD", "2027-01-31", location="lon-1")
        for minute, name in enumerate(("ord_1", "ord_2")):
            order = put_order(wiring, name, {"BRIE": 2}, minute=minute)
            assert queue_allocate_orders.handler(batch(order), None) == {"batchItemFailures": []}
        assert stored(wiring).committed == 4
        HANDS.now = MIDNIGHT
        assert sweep()["short"] == 1
        entry = wiring.stock.entry(stored(wiring).entry or "")
        assert entry is not None
        told = [fact.model_dump() for fact in entry.facts if fact.type == "StockFellShort"]
        message = sqs_event([{"route": None, "facts": told}])
        assert queue_mend_shortfalls.handler(message, None) == {"batchItemFailures": []}
        assert (stored(wiring).committed, stored(wiring).shortfall) == (0, 0)
        orders = [wiring.orders.tree(name).order for name in ("ord_1", "ord_2")]
        assert queue_allocate_orders.handler(batch(*orders), None) == {"batchItemFailures": []}
        places = [
            [one.location for one in wiring.orders.tree(name).fulfillment_orders if one.status == "open"]
            for name in ("ord_1", "ord_2")
        ]
        assert places == [["lon-1"], ["lon-1"]]
        assert_the_books_balance(wiring)


def test_an_article_without_lots_is_not_in_the_index_and_is_never_written(wiring: Wiring) -> None:
    cup = next(row for row in rows(wiring, "INVENTORY_TABLE") if row["pk"] == "STOCK#CUP")
    assert {"expiring_pk", "lots", "serials"} & cup.keys() == set()
    HANDS.now = MIDNIGHT
    sweep()
    assert next(row for row in rows(wiring, "INVENTORY_TABLE") if row["pk"] == "STOCK#CUP") == cup


def test_a_sweep_killed_anywhere_says_it_once() -> None:
    with moto_cloud(HANDS) as wiring:
        begin(wiring)
        HANDS.now = MIDNIGHT
        calls = calls_of(sweep)
    assert calls.count("TransactWriteItems") == 1
    for point in [one for one in crash_points(calls) if one.operation == "TransactWriteItems"]:
        with moto_cloud(HANDS) as wiring:
            begin(wiring)
            HANDS.now = MIDNIGHT
            crash(point, sweep)
            again = restart(HANDS)
            sweep()
            assert [name for name, _ in said(again)] == ["StockExpired", "StockFellShort"], point
            assert_the_journal_explains_the_balances(again)
