"""The proof of the books: what is written behind the ledger's back is found, named and corrected, and nothing else."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.allocation import queue_allocate_orders
from functions.inventory import api_mend_exceptions, cron_prove_stock
from oms.aws import clients
from oms.aws.documents import pack
from oms.aws.tables import Key, commit, from_wire, get, to_wire
from oms.inventory.drift.model import Progress
from oms.inventory.exceptions.model import exception_id
from oms.inventory.model import Cause, Change, Entry, Kind, Movement
from oms.kernel.time import to_text
from oms.orders.model import Line
from oms.orders.store import facts_of_stream_record
from oms.wiring import Wiring, wire
from tests.allocation_scene import (
    START,
    assert_the_journal_explains_the_balances,
    batch,
    position,
    put_order,
    rows,
    set_up,
    text_of,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

CUP, PEN = ("CUP", "ber-1"), ("PEN", "ber-1")
AN_HOUR = timedelta(hours=1)


class Time:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(name="time")
def _time() -> Time:
    return Time()


@pytest.fixture(name="wiring")
def _wiring(time: Time) -> Iterator[Wiring]:
    with moto_cloud(time) as wiring:
        seed(wiring)
        time.now += AN_HOUR
        yield wiring


def seed(wiring: Wiring) -> None:
    wiring.drift_desk.proofs.save_progress(Progress(to_text(START)))  # nothing to read of the days before
    set_up(wiring, position("CUP", "ber-1", 10), position("PEN", "ber-1", 4), position("PEN", "lon-1", 4))
    move(wiring, "received", Change(on_hand=5))
    move(wiring, "reserved", Change(reserved=2), term=to_text(START + timedelta(days=9)))


def move(wiring: Wiring, kind: Kind, change: Change, *, term: str | None = None) -> None:
    before = wiring.stock.positions_at([CUP])
    movement = Movement(kind, CUP, change, ref="x", term=term)
    commit(*wiring.stock.writes([movement], before, Cause("t", to_text(wiring.clock()))))


def prove() -> dict[str, Any]:
    """A run, a minute later than whatever was before."""
    clock = wire().clock
    assert isinstance(clock, Time)
    clock.now += timedelta(minutes=1)
    return cron_prove_stock.handler({}, None)


def prove_all_round() -> int:
    """Runs until the sweep has been everywhere; how many new findings."""
    return sum(prove()["drifted"] for _ in range(9))


def listed(status: str = "open", **more: str) -> list[dict[str, Any]]:
    event = api_event("GET /v1/exceptions", query={"status": status, **more}, roles=["operator"])
    found: list[dict[str, Any]] = text_of(api_mend_exceptions.handler(event, None))["exceptions"]
    return found


def correct(trust: str, key: tuple[str, str] = CUP) -> dict[str, Any]:
    event = api_event(
        "POST /v1/exceptions/{exception_id}/correct",
        path={"exception_id": exception_id("drift", *key)},
        body={"trust": trust, "note": "looked at the shelf"},
        roles=["operator"],
    )
    answer = api_mend_exceptions.handler(event, None)
    return {"http": answer["statusCode"], **text_of(answer)}


# What nobody may do: writes that go past the ledger.


def spoil_position(wiring: Wiring, **fields: Any) -> None:
    """Change attributes of a position's item."""
    key = wiring.stock.key(*CUP)
    item = get(key)
    assert item is not None
    clients.dynamodb().put_item(TableName=key.table, Item=to_wire({**item, **fields}))


def last_entry(wiring: Wiring) -> tuple[Key, Entry]:
    entry = wiring.stock.entry(wiring.stock.positions_at([CUP])[CUP].entry or "")
    assert entry is not None
    return wiring.stock._entry_key(entry.id), entry


def spoil_entry(wiring: Wiring, **fields: Any) -> None:
    """Change what the last entry of the journal says of the position."""
    key, entry = last_entry(wiring)
    posting = entry.postings[0].model_copy(update=fields)
    doc = pack(entry.model_copy(update={"postings": (posting, *entry.postings[1:])}))
    item = get(key)
    assert item is not None
    clients.dynamodb().put_item(TableName=key.table, Item=to_wire({**item, "doc": doc}))


def drop_entry(wiring: Wiring) -> None:
    key, _ = last_entry(wiring)
    clients.dynamodb().delete_item(TableName=key.table, Key=to_wire({"pk": key.pk, "sk": key.sk}))


def add_entry(wiring: Wiring, *, ahead: int) -> None:
    """A line in the journal that moved nothing."""
    _, entry = last_entry(wiring)
    name = f"{to_text(wiring.clock())}#mov_alien"
    posting = entry.postings[0].model_copy(update={"version": entry.postings[0].version + ahead})
    key = wiring.stock._entry_key(name)
    alien = entry.model_copy(update={"id": name, "postings": (posting,), "facts": ()})
    item = {"pk": key.pk, "sk": key.sk, "v": 1, "n": 0, "doc": pack(alien)}
    clients.dynamodb().put_item(TableName=key.table, Item=to_wire(item))


def drop_position(wiring: Wiring) -> None:
    key = wiring.stock.key(*CUP)
    clients.dynamodb().delete_item(TableName=key.table, Key=to_wire({"pk": key.pk, "sk": key.sk}))


def jump(wiring: Wiring) -> None:
    spoil_position(wiring, v=9, on_hand=20)


Spoil = Callable[[Wiring], None]
INJECTED: dict[str, tuple[Spoil, str, dict[str, int], dict[str, int]]] = {
    "more on hand": (lambda w: spoil_position(w, on_hand=17), "balance_differs", {"on_hand": 17}, {"on_hand": 15}),
    "less incoming": (lambda w: spoil_position(w, incoming=3), "balance_differs", {"incoming": 3}, {"incoming": 0}),
    "damaged units": (lambda w: spoil_position(w, damaged=1), "balance_differs", {"damaged": 1}, {"damaged": 0}),
    "lost reservation": (lambda w: spoil_position(w, terms={}), "balance_differs", {"reserved": 0}, {"reserved": 2}),
    "reserved until another time": (
        lambda w: spoil_position(w, terms={to_text(START + timedelta(days=1)): 2}),
        "balance_differs",
        {"reserved": 2},
        {"reserved": 2},
    ),
    "two buckets": (
        lambda w: spoil_position(w, on_hand=14, backordered=2),
        "balance_differs",
        {"on_hand": 14, "backordered": 2},
        {"on_hand": 15, "backordered": 0},
    ),
    "version without a movement": (jump, "version_unexplained", {"on_hand": 20, "reserved": 2}, {}),
    "movement in the journal alone": (lambda w: add_entry(w, ahead=1), "unknown_movement", {}, {}),
    "second movement of a version": (lambda w: add_entry(w, ahead=0), "unknown_movement", {}, {}),
    "position gone": (drop_position, "position_missing", {}, {}),
}
UNPROVED: dict[str, tuple[Spoil, str]] = {
    "entry says more": (lambda w: spoil_entry(w, by=(("reserved", 3),)), "balance_differs"),
    "entry says another bucket": (lambda w: spoil_entry(w, by=(("on_hand", 2),)), "balance_differs"),
    "entry is gone": (drop_entry, "movement_missing"),
    "entry of another version": (lambda w: spoil_entry(w, version=7), "version_unexplained"),
}


def test_books_that_add_up_are_proved_once_and_read_no_more(wiring: Wiring) -> None:
    first = prove()
    assert {name: first[name] for name in ("entries", "drifted", "behind")} == {
        "entries": 5, "drifted": 0, "behind": False
    }  # fmt: skip
    again = prove()
    assert (again["entries"], again["drifted"], listed()) == (0, 0, [])
    move(wiring, "received", Change(on_hand=1))
    assert (prove()["entries"], listed()) == (1, [])


@pytest.mark.parametrize("name", INJECTED)
def test_what_is_written_behind_the_ledgers_back_is_found_and_named(wiring: Wiring, name: str) -> None:
    spoil, reason, stored, proved = INJECTED[name]
    assert prove_all_round() == 0
    spoil(wiring)
    assert prove_all_round() == 1
    (found,) = listed(kind="drift")
    assert (found["sku"], found["location"], found["reason"]) == (*CUP, reason)
    if proved:
        assert (found["stored"], found["proved"]) == (stored, proved)
    assert prove_all_round() == 0  # said once


@pytest.mark.parametrize("name", UNPROVED)
def test_an_entry_that_was_changed_before_its_proof_is_found_and_named(wiring: Wiring, name: str) -> None:
    spoil, reason = UNPROVED[name]
    spoil(wiring)
    assert prove_all_round() == 1
    (found,) = listed()
    assert (found["sku"], found["location"], found["reason"]) == (*CUP, reason)


@pytest.mark.parametrize("trust", ["balance", "movements"])
@pytest.mark.parametrize("name", [*(name for name in INJECTED if name != "position gone"), *UNPROVED])
def test_a_correction_is_one_recorded_movement_and_the_books_add_up_again(
    wiring: Wiring, time: Time, name: str, trust: str
) -> None:
    if name in INJECTED:
        prove_all_round()
    (INJECTED[name][0] if name in INJECTED else UNPROVED[name][0])(wiring)
    prove_all_round()
    before = wiring.stock.positions_at([CUP])[CUP]
    time.now += AN_HOUR
    done = correct(trust)
    assert (done["http"], done["status"], done["actions"]) == (200, "resolved", [])
    after = wiring.stock.positions_at([CUP])[CUP]
    (_, posting), *_ = wiring.stock.history(after, limit=1)
    assert (after.version, posting.ref) == (before.version + 1, exception_id("drift", *CUP))
    if trust == "balance":
        assert after.on_hand == before.on_hand
    assert correct(trust) == done  # once
    assert wiring.stock.positions_at([CUP])[CUP] == after
    move(wiring, "received", Change(on_hand=1))
    assert prove_all_round() == 0
    assert listed() == []


def test_trusting_the_movements_brings_back_what_they_say(wiring: Wiring) -> None:
    prove_all_round()
    spoil_position(wiring, on_hand=99, terms={})
    prove_all_round()
    correct("movements")
    found = wiring.stock.positions_at([CUP])[CUP]
    assert (found.on_hand, found.reserved) == (15, 2)
    (entry, posting), *_ = wiring.stock.history(found, limit=1)
    assert (posting.kind, posting.by) == ("adjusted", ())
    term = found.terms[0][0]
    assert entry.why == (
        f"movements trusted: looked at the shelf; balance put right: on_hand -84, reserved until {term} +2"
    )
    assert_the_journal_explains_the_balances(wiring)


def test_trusting_the_balance_records_the_difference(wiring: Wiring) -> None:
    prove_all_round()
    spoil_position(wiring, on_hand=14)
    prove_all_round()
    correct("balance")
    (entry, posting), *_ = wiring.stock.history(wiring.stock.positions_at([CUP])[CUP], limit=1)
    assert (posting.kind, posting.by, entry.why) == (
        "counted", (("on_hand", -1),), "balance trusted: looked at the shelf"
    )  # fmt: skip
    assert_the_journal_explains_the_balances(wiring)


@pytest.mark.parametrize(("first", "other"), [("balance", "movements"), ("movements", "balance")])
def test_what_was_corrected_by_one_side_is_not_corrected_by_the_other(wiring: Wiring, first: str, other: str) -> None:
    prove_all_round()
    spoil_position(wiring, on_hand=14)
    prove_all_round()
    done = correct(first)
    refused = correct(other)
    assert (refused["http"], refused["code"]) == (409, "wrong_state")
    assert refused["detail"] == f"it is resolved already: {first} trusted; possible: count the position"
    assert correct(first) == done
    spoil_position(wiring, on_hand=13)
    prove_all_round()
    assert correct(other)["status"] == "resolved"  # it happened again


def test_the_bus_hears_of_the_drift_and_of_its_end(wiring: Wiring) -> None:
    prove_all_round()
    spoil_position(wiring, on_hand=14)
    prove_all_round()
    assert said(wiring) == ["StockDrifted"]
    correct("balance")
    assert said(wiring) == ["StockExceptionClosed"]


def said(wiring: Wiring) -> list[str]:
    """What the exception's last write says."""
    found = clients.dynamodb().scan(TableName=wiring.setting("INVENTORY_TABLE"))["Items"]
    images = [wire for wire in found if from_wire(wire)["pk"].startswith("EXCEPTION#")]
    return [fact.type for wire in images for fact in facts_of_stream_record({"dynamodb": {"NewImage": wire}})]


def test_commitments_are_those_of_live_fulfillment_orders(wiring: Wiring) -> None:
    orders = [put_order(wiring, f"ord_{number}", {"PEN": 1}) for number in range(3)]
    assert queue_allocate_orders.handler(batch(*orders), None) == {"batchItemFailures": []}
    assert prove_all_round() == 0
    before = wiring.stock.positions_at([PEN])
    assert before[PEN].committed == 3
    cause = Cause("t", to_text(wiring.clock()))
    commit(*wiring.stock.writes([Movement("committed", PEN, Change(committed=1), ref="ord_0")], before, cause))
    assert prove_all_round() == 1
    (found,) = listed()
    assert (found["reason"], found["stored"], found["proved"]) == (
        "commitment_differs", {"committed": 4}, {"committed": 3}
    )  # fmt: skip
    refused = correct("balance", PEN)
    assert (refused["http"], refused["why_not"][0]["code"]) == (409, "balance_unexplained")
    assert wiring.stock.positions_at([PEN])[PEN].committed == 4
    assert correct("movements", PEN)["status"] == "resolved"
    assert wiring.stock.positions_at([PEN])[PEN].committed == 3
    assert prove_all_round() == 0


def test_what_bundles_hold_of_their_components_is_no_drift(wiring: Wiring) -> None:
    made = Line(number=1, sku="DESK-SET", quantity=2, unit_price_minor=1, open=2, components=(("PEN", 2), ("CUP", 1)))
    both = put_order(wiring, "ord_1", {}, lines=(made,), total_minor=1)
    assert queue_allocate_orders.handler(batch(both), None) == {"batchItemFailures": []}
    assert [wiring.stock.positions_at([key])[key].committed for key in (PEN, CUP)] == [4, 2]
    runs = [prove() for _ in range(9)]
    assert (sum(run["drifted"] for run in runs), sum(run["undecided"] for run in runs)) == (0, 0)
    assert sum(run["commitments"] for run in runs) >= 2


def test_a_run_may_die_anywhere_and_the_next_one_finds_the_same(time: Time) -> None:
    def scene() -> None:
        time.now = START
        seed(wiring)
        time.now += AN_HOUR
        spoil_position(wiring, on_hand=17)

    with moto_cloud(time) as wiring:
        scene()
        calls = calls_of(prove)
    points = crash_points(calls)
    for point in points[:: max(len(points) // 20, 1)]:
        with moto_cloud(time) as wiring:
            scene()
            crash(point, prove)
            restart(time)
            prove_all_round()
            (found,) = listed()
            assert (found["reason"], found["stored"]) == ("balance_differs", {"on_hand": 17}), point


def test_a_correction_may_die_anywhere_and_happens_once(time: Time) -> None:
    def scene() -> None:
        time.now = START
        seed(wiring)
        time.now += AN_HOUR
        prove()
        spoil_position(wiring, on_hand=17)
        prove_all_round()

    with moto_cloud(time) as wiring:
        scene()
        calls = calls_of(lambda: correct("balance"))
    for point in crash_points(calls):
        with moto_cloud(time) as wiring:
            scene()
            crash(point, lambda: correct("balance"))
            reborn = restart(time)
            assert correct("balance")["status"] == "resolved", point
            found = reborn.stock.positions_at([CUP])[CUP]
            assert (found.on_hand, found.version) == (17, 4), point
            assert_the_journal_explains_the_balances(reborn)


def test_only_who_looks_after_a_location_sees_its_exceptions(wiring: Wiring) -> None:
    prove_all_round()
    spoil_position(wiring, on_hand=17)
    prove_all_round()
    for location, seen in (("ber-1", 1), ("lon-1", 0)):
        event = api_event("GET /v1/exceptions", roles=["warehouse", f"location.{location}"])
        assert len(text_of(api_mend_exceptions.handler(event, None))["exceptions"]) == seen
    missing = api_event(
        "POST /v1/exceptions/{exception_id}/correct",
        path={"exception_id": "exc_nothing"},
        body={"trust": "balance", "note": "x"},
        roles=["operator"],
    )
    assert api_mend_exceptions.handler(missing, None)["statusCode"] == 404
    assert rows(wiring, "INVENTORY_TABLE")
