"""Counts of a location: never undo a newer count, nor what moved since they were made; files survive a lost process."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.inventory import api_take_counts, queue_take_counts
from oms.aws import clients
from oms.aws.tables import commit
from oms.inventory.counts import files
from oms.inventory.model import Cause, Change, Kind, Movement, Position
from oms.kernel.time import Clock, to_text
from oms.wiring import Wiring
from tests.allocation_scene import (
    START,
    assert_the_journal_explains_the_balances,
    position,
    set_up,
    text_of,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.dropped import objects
from tests.lambda_events import api_event, sqs_event

CUP = ("CUP", "ber-1")
ROUTE = "POST /v1/locations/{location}/counts"


class Time:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, minutes: int) -> str:
        """Let time pass; what time it is then."""
        self.now += timedelta(minutes=minutes)
        return to_text(self.now)


def book(wiring: Wiring, *rows: dict[str, Any]) -> list[tuple[str, int, int | None]]:
    """Counts over the API: outcome or code, moved, on hand."""
    event = api_event(ROUTE, path={"location": "ber-1"}, body={"counts": list(rows)}, roles=["operator"])
    answer = api_take_counts.handler(event, None)
    assert answer["statusCode"] == 200, text_of(answer)
    assert_the_journal_explains_the_balances(wiring)
    return [(row.get("code") or row["outcome"], row.get("moved", 0), row.get("on_hand")) for row in results(answer)]


def results(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = text_of(answer)["results"]
    return found


def stored(wiring: Wiring) -> Position:
    return wiring.stock.positions_at([CUP])[CUP]


def move(wiring: Wiring, change: Change, at: Clock) -> None:
    before = wiring.stock.positions_at([CUP])
    kind: Kind = "shipped" if change.on_hand < 0 else "received"
    commit(*wiring.stock.writes([Movement(kind, CUP, change, ref="x")], before, Cause("t", to_text(at()))))


@pytest.fixture(name="time")
def _time() -> Time:
    return Time()


@pytest.fixture(name="wiring")
def _wiring(time: Time) -> Any:
    with moto_cloud(time) as wiring:
        set_up(wiring, position("CUP", "ber-1", 10), position("PEN", "ber-1", 4))
        time.wait(60)
        yield wiring


def test_a_count_corrects_the_books_and_says_by_how_much(wiring: Wiring, time: Time) -> None:
    assert book(wiring, {"sku": "CUP", "units": 8, "counted_at": time.wait(1)}) == [("applied", -2, 8)]
    assert stored(wiring).on_hand == 8


def test_a_count_from_before_the_position_was_opened_is_stale(wiring: Wiring) -> None:
    assert book(wiring, {"sku": "CUP", "units": 1, "counted_at": "2026-11-23T08:59:00Z"}) == [("stale", 0, 10)]


def test_what_moved_after_the_count_is_not_undone_by_it(wiring: Wiring, time: Time) -> None:
    counted_at = time.wait(10)
    time.wait(5)
    move(wiring, Change(on_hand=-3), time)
    move(wiring, Change(on_hand=7), time)
    time.wait(5)
    assert book(wiring, {"sku": "CUP", "units": 9, "counted_at": counted_at}) == [("applied", -1, 13)]


def test_an_older_count_never_overwrites_a_newer_one(wiring: Wiring, time: Time) -> None:
    early, late = time.wait(10), time.wait(10)
    time.wait(1)
    assert book(wiring, {"sku": "CUP", "units": 6, "counted_at": late}) == [("applied", -4, 6)]
    assert book(wiring, {"sku": "CUP", "units": 9, "counted_at": early}) == [("stale", 0, 6)]
    assert book(wiring, {"sku": "CUP", "units": 6, "counted_at": late}) == [("repeated", 0, 6)]


def test_a_count_that_confirms_the_books_makes_older_ones_stale_too(wiring: Wiring, time: Time) -> None:
    early, late = time.wait(10), time.wait(10)
    assert book(wiring, {"sku": "CUP", "units": 10, "counted_at": late}) == [("applied", 0, 10)]
    assert book(wiring, {"sku": "CUP", "units": 2, "counted_at": early}) == [("stale", 0, 10)]


def test_a_difference_counts_once_under_its_name(wiring: Wiring) -> None:
    found = {"sku": "CUP", "delta": 2, "id": "behind-the-shelf"}
    pens = {"sku": "PEN", "delta": -1, "id": "broken"}
    assert book(wiring, found) == [("applied", 2, 12)]
    assert book(wiring, found, pens) == [("repeated", 0, None), ("applied", -1, 3)]
    assert stored(wiring).on_hand == 12


def test_an_id_that_comes_again_with_another_difference_is_refused_and_says_what_was_recorded(wiring: Wiring) -> None:
    assert book(wiring, {"sku": "CUP", "delta": -8, "id": "broken"}) == [("applied", -8, 2)]
    said = api_take_counts.handler(
        api_event(
            ROUTE,
            path={"location": "ber-1"},
            body={
                "counts": [
                    {"sku": "CUP", "delta": -7, "id": "broken"},
                    {"sku": "PEN", "delta": -8, "id": "broken"},
                    {"sku": "CUP", "delta": -8, "id": "broken"},
                ]
            },
        ),
        None,
    )
    told = "id broken was used with other content before; recorded at 2026-11-23T10:00:00.000Z: -8 of CUP"
    assert results(said) == [
        {"sku": "CUP", "outcome": "refused", "moved": 0, "code": "id_reused", "message": told},
        {"sku": "PEN", "outcome": "refused", "moved": 0, "code": "id_reused", "message": told},
        {"sku": "CUP", "outcome": "repeated", "moved": 0},
    ]
    assert (stored(wiring).on_hand, wiring.stock.available(["PEN"])["PEN"]["ber-1"]) == (2, 4)


def test_another_count_of_the_same_instant_is_refused_and_says_what_was_recorded(wiring: Wiring, time: Time) -> None:
    counted_at = time.wait(10)
    time.wait(1)
    move(wiring, Change(on_hand=-3), time)
    assert book(wiring, {"sku": "CUP", "units": 9, "counted_at": counted_at}) == [("applied", -1, 6)]
    time.wait(1)
    move(wiring, Change(on_hand=5), time)
    assert book(wiring, {"sku": "CUP", "units": 9, "counted_at": counted_at}) == [("repeated", 0, 11)]
    body = {"counts": [{"sku": "CUP", "units": 7, "counted_at": counted_at}]}
    (row,) = results(api_take_counts.handler(api_event(ROUTE, path={"location": "ber-1"}, body=body), None))
    assert (row["outcome"], row["code"], row["on_hand"]) == ("refused", "counted_differently", 11)
    assert row["message"] == "9 units were recorded for that very instant, not 7; count again"
    assert stored(wiring).on_hand == 11


def test_rows_are_applied_in_the_order_given_also_of_one_sku(wiring: Wiring, time: Time) -> None:
    counted_at = time.wait(1)
    rows = [{"sku": "CUP", "units": 5, "counted_at": counted_at}, {"sku": "CUP", "delta": 1, "id": "one-more"}]
    assert book(wiring, *rows) == [("applied", -5, 5), ("applied", 1, 6)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"sku": "NONE", "delta": 1, "id": "a"}, "not_found"),
        ({"sku": "CUP", "delta": -11, "id": "a"}, "short_stock"),
        ({"sku": "CUP", "units": 1, "counted_at": "2026-11-23T11:00:00Z"}, "in_the_future"),
        ({"sku": "CUP", "units": 1, "counted_at": "2026-11-15T09:00:00Z"}, "too_old"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_a_reason_and_the_others_are_not(
    wiring: Wiring, time: Time, row: dict[str, Any], code: str
) -> None:
    assert time() == START + timedelta(hours=1)
    told = book(wiring, row, {"sku": "PEN", "delta": 1, "id": "b"})
    assert [each[0] for each in told] == [code, "applied"]
    assert stored(wiring).on_hand == 10


def test_a_count_of_fewer_units_than_have_left_since_is_contradicted(wiring: Wiring, time: Time) -> None:
    counted_at = time.wait(1)
    time.wait(1)
    move(wiring, Change(on_hand=-3), time)
    assert book(wiring, {"sku": "CUP", "units": 2, "counted_at": counted_at}) == [("contradicted", 0, 7)]


def test_a_count_below_what_is_committed_shows_the_shortfall_and_nothing_negative(wiring: Wiring, time: Time) -> None:
    move(wiring, Change(committed=6), time)
    assert book(wiring, {"sku": "CUP", "units": 4, "counted_at": time.wait(9)}) == [("applied", -6, 4)]
    after = stored(wiring)
    assert (after.on_hand, after.committed, after.shortfall) == (4, 6, 2)
    assert wiring.stock.available(["CUP"])["CUP"]["ber-1"] == 0


@pytest.mark.parametrize(
    "row",
    [
        {"sku": "CUP"},
        {"sku": "CUP", "units": 1},
        {"sku": "CUP", "units": 1, "delta": 1, "id": "a", "counted_at": "2026-11-23T09:00:00Z"},
        {"sku": "CUP", "delta": 1},
        {"sku": "CUP", "units": -1, "counted_at": "2026-11-23T09:00:00Z"},
        {"sku": "CUP", "units": True, "counted_at": "2026-11-23T09:00:00Z"},
    ],
)
def test_a_row_that_says_neither_or_both_changes_nothing(wiring: Wiring, row: dict[str, Any]) -> None:
    body = {"counts": [{"sku": "PEN", "delta": 1, "id": "x"}, row]}
    answer = api_take_counts.handler(api_event(ROUTE, path={"location": "ber-1"}, body=body), None)
    assert (answer["statusCode"], text_of(answer)["code"]) == (422, "invalid")
    assert wiring.stock.available(["PEN"])["PEN"]["ber-1"] == 4


def test_a_warehouse_counts_only_its_own_shelves(wiring: Wiring) -> None:
    assert wiring.stage == "test"
    body = {"counts": [{"sku": "PEN", "delta": 1, "id": "x"}]}
    event = api_event(ROUTE, path={"location": "ber-1"}, body=body, roles=["warehouse"], locations=["lon-1"])
    assert api_take_counts.handler(event, None)["statusCode"] == 404


def test_a_location_that_there_is_not_is_not_found_and_no_row_is_looked_at(wiring: Wiring) -> None:
    body = {"counts": [{"sku": "PEN", "delta": 1, "id": "x"}]}
    answer = api_take_counts.handler(api_event(ROUTE, path={"location": "rom-1"}, body=body), None)
    assert (answer["statusCode"], text_of(answer)["code"]) == (404, "not_found")
    assert text_of(answer)["detail"] == "there is no location rom-1"
    assert wiring.stock.available(["PEN"])["PEN"] == {"ber-1": 4}


def drop(raw: bytes, key: str = "counts/ber-1/night.csv") -> dict[str, Any]:
    clients.s3().put_object(Bucket="baton-files", Key=key, Body=raw)
    return {"Records": [{"s3": {"bucket": {"name": "baton-files"}, "object": {"key": key}}}]}


def next_messages() -> list[Any]:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/baton-count"
    found = clients.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        clients.sqs().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]


def take(document: Any) -> int:
    return len(queue_take_counts.handler(sqs_event([document]), None)["batchItemFailures"])


def take_all(document: Any) -> int:
    """Work the queue off, each message twice; how many pieces."""
    pieces, todo = 0, [document]
    while todo:
        message = todo.pop()
        assert [take(message), take(message)] == [0, 0]
        pieces += 1
        todo += next_messages()[:1]
    return pieces


CSV = b'\xef\xbb\xbfSKU,units,counted_at,delta,id\r\nCUP,7,%s,,\r\n"PEN",,,3,d-1\nNONE,1,%s,,\nCUP,x,%s,,\n'


def csv_at(counted_at: str) -> bytes:
    return CSV.replace(b"%s", counted_at.encode())


def test_a_dropped_file_is_taken_in_and_what_was_not_applied_is_told(wiring: Wiring, time: Time) -> None:
    assert take(drop(csv_at(time.wait(1)))) == 0
    assert (stored(wiring).on_hand, wiring.stock.available(["PEN"])["PEN"]["ber-1"]) == (7, 7)
    assert objects("counts/") == {}
    (told,) = objects("outbox/").items()
    assert told[0] == "outbox/ber-1/night.csv.000000001.ndjson"
    assert told[1].splitlines() == [
        '{"row":4,"sku":"NONE","outcome":"refused","code":"not_found","message":"NONE is not kept here"}',
        '{"row":5,"sku":"","outcome":"refused","code":"invalid","message":"units: must be a whole number"}',
    ]


def test_a_long_file_is_taken_in_piece_by_piece_each_message_twice(
    wiring: Wiring, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 120)
    counted_at = time.wait(1)
    rows = [f'{{"sku":"CUP","units":{units},"counted_at":"{counted_at[:-5]}.{units:03}Z"}}' for units in range(20)]
    time.wait(1)
    assert take_all(drop("\n".join(rows).encode(), "counts/ber-1/day.ndjson")) > 9
    assert stored(wiring).on_hand == 19
    assert_the_journal_explains_the_balances(wiring)
    assert (objects("counts/"), objects("outbox/")) == ({}, {})


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("counts/nowhere/a.csv", b"sku,delta,id\nCUP,1,a\n"),
        ("counts/ber-1/a.csv", b"article,quantity\nCUP,1\n"),
        ("counts/ber-1/a.csv", b"sku,delta,id,sku\nCUP,1,a,PEN\n"),
    ],
)
def test_a_file_that_is_none_stays_where_it_is_and_its_message_comes_to_the_dead_letters(
    wiring: Wiring, key: str, raw: bytes
) -> None:
    assert take(drop(raw, key)) == 1
    assert list(objects("counts/")) == [key]
    assert stored(wiring).version == 1


def test_a_lost_process_neither_loses_nor_doubles_a_row() -> None:
    def scene(wiring: Wiring) -> None:
        set_up(wiring, position("CUP", "ber-1", 10), position("PEN", "ber-1", 4))

    clock, opened = Time(), Time()
    raw = csv_at(clock.wait(30))
    clock.wait(30)
    with moto_cloud(opened) as wiring:
        scene(wiring)
        told = drop(raw)
        restart(clock)
        points = crash_points(calls_of(lambda: take(told)))
    assert len(points) >= 14
    for point in points:
        with moto_cloud(opened) as wiring:
            scene(wiring)
            told = drop(raw)
            restart(clock)
            crash(point, lambda told=told: take(told))  # type: ignore[misc]
            again = restart(clock)
            assert [take(told), take(told)] == [0, 0], point
            assert (stored(again).on_hand, again.stock.available(["PEN"])["PEN"]["ber-1"]) == (7, 7), point
            assert (objects("counts/"), len(objects("outbox/"))) == ({}, 1), point
            assert_the_journal_explains_the_balances(again)
