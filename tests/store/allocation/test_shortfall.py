"""Stock corrected below what is committed: the newest unreleased orders go elsewhere, the rest waits for a person."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.allocation import queue_allocate_orders, queue_mend_shortfalls
from functions.inventory import api_mend_exceptions, api_move_stock, cron_prove_stock
from oms.aws.tables import commit
from oms.inventory.drift.model import Progress
from oms.inventory.holders import SHOWN
from oms.inventory.model import Position
from oms.inventory.transfers.desk import Caller
from oms.inventory.transfers.model import AskedUnits, PutTransfer
from oms.inventory.transfers.service import put_transfer, ready_transfer
from oms.kernel.time import to_text
from oms.orders.model import Line
from oms.wiring import Wiring
from tests.allocation_scene import START, batch, clock, entry, position, put_order, set_up, text_of
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, restart
from tests.lambda_events import api_event, sqs_event

CUP = ("CUP", "ber-1")
ORDERS = ("ord_0", "ord_1", "ord_2")


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(clock) as wiring:
        seed(wiring)
        yield wiring


def seed(wiring: Wiring) -> None:
    """Three orders of two cups each from the nearer location; London has three cups too."""
    set_up(wiring, position("CUP", "ber-1", 6), position("CUP", "lon-1", 3))
    wiring.drift_desk.proofs.save_progress(Progress(to_text(START)))
    for minute, name in enumerate(ORDERS):
        allocate(put_order(wiring, name, {"CUP": 2}, minute=minute))
    assert stored(wiring).committed == 6


def allocate(*orders: Any) -> None:
    assert queue_allocate_orders.handler(batch(*orders), None) == {"batchItemFailures": []}


def lose(wiring: Wiring, units: int, key: str = "k") -> dict[str, Any]:
    """Post a loss; the queue message with what the journal says of it."""
    event = api_event(
        "POST /v1/stock/{sku}/locations/{location}/movements",
        path={"sku": "CUP", "location": "ber-1"},
        headers={"Idempotency-Key": key},
        body={"kind": "lost", "units": units, "reason": "stolen"},
        roles=["operator"],
    )
    answer = api_move_stock.handler(event, None)
    assert answer["statusCode"] == 201, text_of(answer)
    made = wiring.stock.entry(text_of(answer)["movement_id"])
    assert made is not None
    return sqs_event([entry(*(fact for fact in made.facts if fact.type == "StockFellShort"))])


def mend(message: dict[str, Any]) -> None:
    assert queue_mend_shortfalls.handler(message, None) == {"batchItemFailures": []}


def stored(wiring: Wiring) -> Position:
    return wiring.stock.positions_at([CUP])[CUP]


def open_units(wiring: Wiring) -> dict[str, int]:
    return {name: sum(line.open for line in wiring.orders.tree(name).order.lines) for name in ORDERS}


def exceptions(status: str) -> list[tuple[str, str]]:
    event = api_event("GET /v1/exceptions", query={"status": status, "kind": "shortfall"}, roles=["operator"])
    return [(row["what"], row["reason"]) for row in text_of(api_mend_exceptions.handler(event, None))["exceptions"]]


def test_the_newest_orders_give_their_units_back_until_there_is_no_shortfall(wiring: Wiring) -> None:
    mend(lose(wiring, 3))
    assert (stored(wiring).on_hand, stored(wiring).committed, stored(wiring).shortfall) == (3, 2, 0)
    assert open_units(wiring) == {"ord_0": 0, "ord_1": 2, "ord_2": 2}
    assert exceptions("open") == []
    assert exceptions("resolved") == [("6 units are committed, 3 are there", "committed_exceeds_stock")]


def test_they_are_sourced_elsewhere(wiring: Wiring) -> None:
    mend(lose(wiring, 1))
    allocate(wiring.orders.tree("ord_2").order)
    (work,) = [one for one in wiring.orders.tree("ord_2").fulfillment_orders if one.status == "open"]
    assert work.location == "lon-1"


def test_no_more_orders_are_disturbed_than_needed(wiring: Wiring) -> None:
    mend(lose(wiring, 1))
    assert open_units(wiring) == {"ord_0": 0, "ord_1": 0, "ord_2": 2}
    assert stored(wiring).shortfall == 0


def test_what_a_location_works_on_stays_and_is_left_to_a_person(wiring: Wiring) -> None:
    release(wiring, "ord_1", "ord_2")
    mend(lose(wiring, 5))
    assert open_units(wiring) == {"ord_0": 2, "ord_1": 0, "ord_2": 0}
    assert (stored(wiring).on_hand, stored(wiring).committed, stored(wiring).shortfall) == (1, 4, 3)
    assert exceptions("open") == [("4 units are committed, 1 are there", "committed_exceeds_stock")]
    found = wiring.stock.positions_at([CUP])[CUP]
    wiring.stock.receive(*CUP, found.shortfall, receipt_id="r1", by="user:t")
    cron_prove_stock.handler({}, None)
    assert exceptions("open") == []


def shortfall() -> dict[str, Any]:
    event = api_event("GET /v1/exceptions", query={"kind": "shortfall"}, roles=["operator"])
    (row,) = text_of(api_mend_exceptions.handler(event, None))["exceptions"]
    found: dict[str, Any] = row
    return found


def test_it_names_who_holds_the_units_and_offers_what_can_help(wiring: Wiring) -> None:
    release(wiring, *ORDERS)
    mend(lose(wiring, 5))
    found = shortfall()
    assert found["holders"] == [{"kind": "order", "id": name, "units": 2} for name in reversed(ORDERS)]
    assert (found["other_holders"], found["other_units"]) == (0, 0)
    assert found["actions"] == ["receive", "count", "cancel_orders"]
    (work,) = wiring.orders.tree("ord_2").fulfillment_orders
    commit(wiring.orders.write(work.changed(at=START, by="test", what="Rejected", status="rejected")))
    cron_prove_stock.handler({}, None)
    found = shortfall()
    assert [row["id"] for row in found["holders"]] == ["ord_1", "ord_0"]
    assert found["other_units"] == 2  # the books still have them: somebody holds them whom nobody can name


def test_units_that_transfers_hold_are_not_for_orders_to_give_back() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 48), position("CUP", "lon-1", 0))
        wiring.drift_desk.proofs.save_progress(Progress(to_text(START)))
        for number in range(2):
            plan = PutTransfer(source="ber-1", destination="lon-1", lines=[AskedUnits(sku="CUP", units=24)])
            caller = Caller("user:t", lambda _: True)
            put_transfer(f"T-{number}", plan, caller=caller, desk=wiring.transfer_desk)
            ready_transfer(f"T-{number}", caller=caller, desk=wiring.transfer_desk)
        mend(lose(wiring, 10))
        found = shortfall()
        assert found["holders"] == [{"kind": "transfer", "id": f"T-{number}", "units": 24} for number in (1, 0)]
        assert found["actions"] == ["receive", "count", "cancel_transfers"]


def test_of_many_holders_some_are_named_and_the_others_counted() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", SHOWN + 3), position("CUP", "lon-1", 0))
        wiring.drift_desk.proofs.save_progress(Progress(to_text(START)))
        names = [f"ord_{number:02}" for number in range(SHOWN + 3)]
        for start in range(0, len(names), 10):
            allocate(*[put_order(wiring, name, {"CUP": 1}) for name in names[start : start + 10]])
        release(wiring, *names)
        mend(lose(wiring, 5))
        found = shortfall()
        assert (len(found["holders"]), found["other_holders"], found["other_units"]) == (SHOWN, 3, 3)


def test_a_bundle_gives_the_units_of_its_components_back() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 6), position("POT", "ber-1", 6))
        made = (("CUP", 2), ("POT", 1))
        line = Line(number=1, sku="SET", quantity=2, unit_price_minor=1, open=2, components=made)
        allocate(put_order(wiring, "ord_0", {"SET": 2}, lines=(line,)))
        assert stored(wiring).committed == 4
        mend(lose(wiring, 3))
        assert (stored(wiring).committed, stored(wiring).shortfall) == (0, 0)
        allocate(put_order(wiring, "ord_1", {"SET": 1}, lines=(line.model_copy(update={"quantity": 1, "open": 1}),)))
        release(wiring, "ord_1")
        mend(lose(wiring, 2, "k2"))
        assert shortfall()["holders"] == [{"kind": "order", "id": "ord_1", "units": 2}]


def release(wiring: Wiring, *names: str) -> None:
    for name in names:
        (work,) = wiring.orders.tree(name).fulfillment_orders
        asked = work.changed(at=START, by="test", what="Requested", status="requested")
        commit(wiring.orders.write(asked))


def test_a_fact_that_comes_again_or_late_does_nothing_more(wiring: Wiring) -> None:
    message = lose(wiring, 1)
    mend(message)
    before = (stored(wiring), open_units(wiring))
    mend(message)
    assert (stored(wiring), open_units(wiring)) == before


def test_a_message_that_says_nothing_of_a_shortfall_is_given_back(wiring: Wiring) -> None:
    wrong = sqs_event([{"facts": [{"type": "Other"}]}])
    assert len(queue_mend_shortfalls.handler(wrong, None)["batchItemFailures"]) == 1
    assert open_units(wiring) == dict.fromkeys(ORDERS, 0)


def test_it_may_die_anywhere_and_the_shortfall_is_mended_once() -> None:
    with moto_cloud(clock) as wiring:
        seed(wiring)
        message = lose(wiring, 3)
        calls = calls_of(lambda: mend(message))
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            seed(wiring)
            message = lose(wiring, 3)
            crash(point, lambda told=message: mend(told))  # type: ignore[misc]
            reborn = restart(clock)
            mend(message)
            assert (stored(reborn).committed, stored(reborn).shortfall) == (2, 0), point
            assert open_units(reborn) == {"ord_0": 0, "ord_1": 2, "ord_2": 2}, point
            assert exceptions("open") == [], point
