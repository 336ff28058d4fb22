"""Counts of lots and of serials: each lot is put right, what does not fit is named and stands as an exception."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.inventory import api_mend_exceptions, api_take_counts, api_trace_lots, queue_take_counts
from oms.aws import clients
from oms.aws.tables import commit, put
from oms.inventory.model import Cause, Change, Lot, Movement, Position
from oms.kernel.time import to_text
from oms.reference.model import Item
from oms.wiring import Wiring
from tests.allocation_scene import (
    Hands,
    assert_the_journal_explains_the_balances,
    item_of,
    position,
    rows,
    set_up,
    text_of,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.dropped import objects
from tests.lambda_events import api_event, sqs_event
from tests.store.inventory.test_lots import BRIE, block, lots, post, stock
from tests.store.inventory.test_lots import HANDS as LOT_HANDS

HANDS = LOT_HANDS
ROUTE = "POST /v1/locations/{location}/counts"
DRILL = item_of("DRILL").model_copy(update={"serial_tracked": True})
BOTH = Item(**{**BRIE.model_dump(), "sku": "VACCINE", "serial_tracked": True})


def seed(wiring: Wiring) -> None:
    HANDS.now = Hands().now
    set_up(wiring, *(position(sku, "ber-1", 0) for sku in ("BRIE", "DRILL", "VACCINE")), position("CUP", "ber-1", 3))
    for item in (BRIE, DRILL, BOTH, item_of("CUP")):
        wiring.reference.put_item(item)
    HANDS.forward(hours=1)


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(HANDS) as wiring:
        seed(wiring)
        yield wiring


def count(units: int | None, *, sku: str = "BRIE", at: str = "", **more: Any) -> dict[str, Any]:
    """One row over the API: its result."""
    row = {"sku": sku, **({} if units is None else {"units": units, "counted_at": at or to_text(HANDS.now)}), **more}
    if "lots" in row:
        row["lots"] = [
            {"id": lot[0], "units": lot[1], **({"expires_on": lot[2]} if lot[2:] else {})} for lot in row["lots"]
        ]
    event = api_event(ROUTE, path={"location": "ber-1"}, body={"counts": [row]}, roles=["operator"])
    answer = text_of(api_take_counts.handler(event, None))
    HANDS.forward(seconds=1)
    result: dict[str, Any] = answer["results"][0] if "results" in answer else answer
    return result


def exceptions(status: str = "open") -> list[dict[str, Any]]:
    query = {"kind": "serials", "status": status}
    found: list[dict[str, Any]] = text_of(
        api_mend_exceptions.handler(api_event("GET /v1/exceptions", query=query, roles=["operator"]), None)
    )["exceptions"]
    return found


def where(serial: str, sku: str = "DRILL") -> str:
    path = {"sku": sku, "serial": serial}
    answer = text_of(api_trace_lots.handler(api_event("GET /v1/stock/{sku}/serials/{serial}", path=path), None))
    return str(answer.get("status"))


def stored(wiring: Wiring, sku: str) -> Position:
    return wiring.stock.positions_at([(sku, "ber-1")])[sku, "ber-1"]


def test_a_count_of_lots_puts_each_lot_right(wiring: Wiring) -> None:
    post("received", 5, "A", "2026-12-31")
    post("received", 4, "B", "2027-02-28")
    HANDS.forward(minutes=1)
    told = count(9, lots=[("A", 3), ("B", 4), ("C", 2, "2027-01-15")])
    assert (told["outcome"], told["moved"], told["on_hand"], told["lots"]) == ("applied", 0, 9, {"A": -2, "C": 2})
    assert lots() == [("A", 3, 3), ("C", 2, 2), ("B", 4, 4)]
    HANDS.forward(minutes=1)
    assert count(4, lots=[("B", 4)])["moved"] == -5
    assert lots() == [("B", 4, 4)]
    assert count(0)["lots"] == {"B": -4}
    assert stored(wiring, "BRIE").lots == ()
    assert_the_journal_explains_the_balances(wiring)


def test_an_article_of_lots_is_counted_by_lots_and_no_other_is(wiring: Wiring) -> None:
    post("received", 5, "A", "2026-12-31")
    HANDS.forward(minutes=1)
    before = rows(wiring, "INVENTORY_TABLE")
    assert count(5)["code"] == "lot_needed"
    assert count(None, delta=1, id="d")["code"] == "lot_needed"
    assert count(3, sku="CUP", lots=[("A", 3)])["code"] == "invalid"
    assert count(3, sku="CUP", serials=["1", "2", "3"])["code"] == "invalid"
    assert count(5, lots=[("A", 4)])["code"] == "invalid"
    assert count(5, lots=[("A", 3), ("A", 2)])["code"] == "invalid"
    assert count(5, lots=[("A", 6), ("B", -1)])["code"] == "invalid"
    assert count(5, lots=[("A", 5, "2026-12-30")])["message"] == "A expires on 2026-12-31"
    assert rows(wiring, "INVENTORY_TABLE") == before


def test_what_moved_since_the_count_is_added_lot_by_lot_and_wrong_guesses_are_corrected(wiring: Wiring) -> None:
    post("received", 5, "A", "2026-12-31")
    post("received", 5, "B", "2027-02-28")
    HANDS.forward(minutes=1)
    at = to_text(HANDS.now)
    HANDS.forward(minutes=1)
    post("received", 2, "C", "2027-03-31")
    sent = Movement("shipped", ("BRIE", "ber-1"), Change(on_hand=-3), ref="x")  # of A, as the books guess
    commit(*wiring.stock.writes([sent], wiring.stock.positions_at([sent.key]), Cause("t", to_text(HANDS.now))))
    assert lots() == [("A", 2, 2), ("B", 5, 5), ("C", 2, 2)]
    HANDS.forward(minutes=1)
    told = count(9, at=at, lots=[("A", 1), ("B", 8)])  # A had but one: two of the three were of B
    assert (told["moved"], told["on_hand"], told["lots"]) == (-1, 8, {"A": -2, "B": 1})
    assert lots() == [("B", 6, 6), ("C", 2, 2)]
    assert count(9, at=at, lots=[("A", 1), ("B", 8)])["outcome"] == "repeated"
    assert count(9, at=at.replace(".000Z", "Z"), lots=[("B", 8), ("A", 1)])["outcome"] == "repeated"
    other = count(9, at=at, lots=[("A", 2), ("B", 7)])
    assert (other["outcome"], other["code"]) == ("refused", "counted_differently")
    assert count(1, at="2026-11-23T10:00:30.000Z", lots=[("A", 1)])["outcome"] == "stale"
    assert_the_journal_explains_the_balances(wiring)


def test_a_difference_names_its_lots_once_and_moves_units_from_one_to_another(wiring: Wiring) -> None:
    post("received", 5, "A", "2026-12-31")
    assert count(None, delta=0, id="label", lots=[("A", -2), ("B", 2, "2027-01-01")])["lots"] == {"A": -2, "B": 2}
    assert lots() == [("A", 3, 3), ("B", 2, 2)]
    assert count(None, delta=-4, id="gone", lots=[("A", -4)])["code"] == "short_stock"
    assert count(None, delta=-3, id="gone", lots=[("A", -3)])["on_hand"] == 2
    assert count(None, delta=-3, id="gone", lots=[("A", -3)])["outcome"] == "repeated"
    assert count(None, delta=-3, id="gone", lots=[("B", -3)])["code"] == "id_reused"
    assert_the_journal_explains_the_balances(wiring)


def test_a_count_below_what_is_committed_says_so_and_what_is_set_apart_shrinks_with_its_lot(wiring: Wiring) -> None:
    post("received", 5, "A", "2026-12-31")
    post("received", 5, "B", "2027-12-31")
    post("damaged", 3, "A", reason="broken")
    taken = Movement("committed", ("BRIE", "ber-1"), Change(committed=6), ref="ord_1")
    commit(*wiring.stock.writes([taken], wiring.stock.positions_at([taken.key]), Cause("t", to_text(HANDS.now))))
    HANDS.forward(minutes=1)
    assert count(6, lots=[("A", 2), ("B", 4)])["outcome"] == "applied"
    after = stored(wiring, "BRIE")
    assert (after.on_hand, after.damaged, after.committed, after.shortfall) == (6, 3, 6, 3)
    assert [(lot.id, lot.units, lot.apart) for lot in after.lots] == [("A", 2, 2), ("B", 4, 0)]


@pytest.mark.usefixtures("wiring")
def test_what_is_found_of_a_blocked_lot_is_set_apart() -> None:
    post("received", 2, "A", "2026-12-31")
    block()
    HANDS.forward(minutes=1)
    assert count(5, lots=[("A", 5)])["lots"] == {"A": 3}
    assert (stock()["available"], stock()["quality_control"], lots()) == (0, 5, [("A", 5, 0)])


def test_serials_that_do_not_fit_are_named_and_stand_as_an_exception_until_they_do(wiring: Wiring) -> None:
    assert count(3, sku="DRILL", serials=["D1", "D2", "D3"])["unknown"] == ["D1", "D2", "D3"]  # the first count of all
    assert count(3, sku="DRILL", serials=["D1", "D2", "D3"])["outcome"] == "applied"
    assert exceptions() == []
    told = count(3, sku="DRILL", serials=["D1", "D3", "D9"])
    assert (told["outcome"], told["missing"], told["unknown"]) == ("applied", ["D2"], ["D9"])
    assert [where(one) for one in ("D1", "D2", "D3", "D9")] == ["in_stock", "lost", "in_stock", "in_stock"]
    (open_one,) = exceptions()
    assert (open_one["missing"], open_one["unknown"], open_one["actions"]) == (["D2"], ["D9"], ["count"])
    assert (stored(wiring, "DRILL").on_hand, stored(wiring, "DRILL").serials) == (3, 3)
    assert count(2, sku="DRILL")["code"] == "serials_needed"  # units whose numbers are known do not go without
    assert count(2, sku="DRILL", serials=["D1", "D9"])["missing"] == ["D3"]
    assert count(2, sku="DRILL", serials=["D1", "D9"])["outcome"] == "applied"
    assert (exceptions(), exceptions("resolved")[0]["resolved_by"]) == ([], "user:tester")
    assert_the_journal_explains_the_balances(wiring)


def test_serials_that_came_and_went_since_the_count_fit_it(wiring: Wiring) -> None:
    count(2, sku="DRILL", serials=["D1", "D2"])
    HANDS.forward(minutes=1)
    at = to_text(HANDS.now)
    HANDS.forward(minutes=1)
    count(None, sku="DRILL", delta=-1, id="gone", serials=["D1"])
    count(None, sku="DRILL", delta=1, id="came", serials=["D5"])
    assert (where("D1"), where("D5")) == ("lost", "in_stock")
    told = count(2, sku="DRILL", at=at, serials=["D1", "D2"])
    assert (told["outcome"], told["on_hand"], told.get("missing"), told.get("unknown")) == ("applied", 2, None, None)
    assert count(None, sku="DRILL", delta=1, id="twice", serials=["D5"])["code"] == "serial_elsewhere"
    assert stored(wiring, "DRILL").serials == 2


def test_a_serial_that_is_in_stock_elsewhere_is_named_and_stays_there(wiring: Wiring) -> None:
    assert wiring.stock.open_position(position("DRILL", "lon-1", 0))
    assert post("received", 1, sku="DRILL", location="lon-1", serials=["D1"])["http"] == 201
    HANDS.forward(minutes=1)
    assert count(1, sku="DRILL", serials=["D1"])["unknown"] == ["D1"]
    assert (stored(wiring, "DRILL").on_hand, stored(wiring, "DRILL").serials) == (1, 0)
    assert wiring.serials.in_stock(("DRILL", "lon-1"), 1) == {"D1"}
    assert len(exceptions()) == 1


def test_an_index_that_is_behind_hides_no_serial(wiring: Wiring) -> None:
    count(2, sku="DRILL", serials=["D1", "D2"])
    row = next(row for row in rows(wiring, "INVENTORY_TABLE") if row["sk"] == "SERIAL#D2")
    bare = {name: value for name, value in row.items() if not name.startswith("listed_")}
    commit(put(wiring.serials.table, bare, condition="attribute_exists(pk)", label="as if not listed yet"))
    assert wiring.serials.in_stock(("DRILL", "ber-1"), 2) == {"D1", "D2"}
    assert count(1, sku="DRILL", serials=["D1"])["missing"] == ["D2"]


def test_lots_and_serials_of_one_article_are_counted_together(wiring: Wiring) -> None:
    both = [("A", 1, "2027-01-01"), ("B", 2, "2027-02-01")]
    assert count(3, lots=both, sku="VACCINE", serials=["V1", "V2", "V3"])["on_hand"] == 3
    assert count(2, lots=[("A", 1), ("B", 1)], sku="VACCINE", serials=["V1", "V7"])["missing"] == ["V2", "V3"]
    after = stored(wiring, "VACCINE")
    assert (after.on_hand, after.serials, sum(lot.units for lot in after.lots)) == (2, 2, 2)
    assert after.lots == (Lot("A", 1, 0, "2027-01-01T23:00:00.000Z"), Lot("B", 1, 0, "2027-02-01T23:00:00.000Z"))
    assert_the_journal_explains_the_balances(wiring)


@pytest.mark.usefixtures("wiring")
def test_more_names_than_one_transaction_takes_are_refused() -> None:
    many = [f"D{number}" for number in range(91)]
    assert count(91, sku="DRILL", serials=many)["code"] == "too_many_names"
    assert count(90, sku="DRILL", serials=many[:90])["outcome"] == "applied"


def test_a_plain_count_costs_no_call_more_than_its_position_and_its_history(wiring: Wiring) -> None:
    HANDS.forward(minutes=1)
    restart(HANDS)
    body = {"counts": [{"sku": "CUP", "units": 2, "counted_at": to_text(HANDS.now)}]}
    event = api_event(ROUTE, path={"location": "ber-1"}, body=body, roles=["operator"])
    calls = calls_of(lambda: api_take_counts.handler(event, None))
    assert [name for name in calls if name != "UpdateItem"] == [
        "Query",
        "BatchGetItem",
        "GetItem",
        "TransactWriteItems",
    ]
    assert stored(wiring, "CUP").on_hand == 2


def test_a_file_names_lots_and_serials_and_tells_what_did_not_fit(wiring: Wiring) -> None:
    at = to_text(HANDS.now)
    raw = f"sku,units,counted_at,lots,serials\nBRIE,5,{at},A:3:2027-01-01; B:2:2027-02-01,\nDRILL,2,{at},,D1;D2\n"
    raw += f"BRIE,1,{at},A,\n"
    clients.s3().put_object(Bucket="baton-files", Key="counts/ber-1/n.csv", Body=raw.encode())
    told = {"Records": [{"s3": {"bucket": {"name": "baton-files"}, "object": {"key": "counts/ber-1/n.csv"}}}]}
    assert queue_take_counts.handler(sqs_event([told]), None)["batchItemFailures"] == []
    assert lots() == [("A", 3, 3), ("B", 2, 2)]
    assert stored(wiring, "DRILL").serials == 2
    (lines,) = objects("outbox/").values()
    assert lines.splitlines() == [
        '{"row":3,"sku":"DRILL","outcome":"applied","moved":2,"on_hand":2,"unknown":["D1","D2"]}',
        (
            '{"row":4,"sku":"","outcome":"refused","code":"invalid","message":'
            '"lots: must be <number>:<units> or <number>:<units>:<last good day>, with ; between"}'
        ),
    ]


def test_a_count_of_lots_and_serials_killed_anywhere_is_taken_once() -> None:
    at = ""

    def begin(wiring: Wiring) -> None:
        nonlocal at
        seed(wiring)
        count(3, sku="VACCINE", lots=[("A", 3, "2027-01-01")], serials=["V1", "V2", "V3"])
        HANDS.forward(minutes=1)
        at = to_text(HANDS.now)

    def run() -> dict[str, Any]:
        return count(3, at=at, sku="VACCINE", lots=[("A", 2), ("B", 1, "2027-01-01")], serials=["V1", "V3", "V9"])

    with moto_cloud(HANDS) as wiring:
        begin(wiring)
        calls = calls_of(run)
    for point in crash_points(calls)[-2:]:  # before and after the one write: who dies reading has written nothing
        assert point.operation == "TransactWriteItems"
        with moto_cloud(HANDS) as wiring:
            begin(wiring)
            crash(point, run)
            again = restart(HANDS)
            told = run()
            assert (told["missing"], told["unknown"]) == (["V2"], ["V9"]), point
            after = stored(again, "VACCINE")
            assert (after.on_hand, after.serials, [lot[:2] for lot in after.lots]) == (3, 3, [("A", 2), ("B", 1)]), (
                point
            )
            assert len(exceptions()) == 1, point
            assert_the_journal_explains_the_balances(again)
