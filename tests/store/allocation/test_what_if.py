"""What-ifs: past orders under another strategy, from what is kept of them, beside what happened."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.allocation import api_cancel_orders, api_try_strategies, queue_allocate_orders, queue_run_what_ifs
from infra.local.rate_cards import RATE_CARDS
from oms.allocation.sourcing.strategy import Filters, Rule
from oms.allocation.strategies.model import StrategyDraft
from oms.allocation.strategies.service import draft_strategy, publish_strategy
from oms.allocation.whatif.model import NewWhatIf, Piece, Results
from oms.allocation.whatif.service import run_piece, start_what_if
from oms.aws import clients, tables
from oms.inventory.model import Cause, Change, Movement
from oms.kernel.time import to_text
from oms.orders.model import Destination, Promise
from oms.reference.model import Channel, Item
from oms.wiring import Wiring, wire
from tests.allocation_scene import Hands, batch, position, put_order, set_up
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.intake import body_of
from tests.lambda_events import api_event, sqs_event

allocate = queue_allocate_orders.handler
ONLY_LONDON = Rule(name="london", filters=Filters(countries=("GB",)), hard=("country",))


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def wiring(hands: Hands) -> Iterator[Wiring]:
    with moto_cloud(hands) as wiring:
        company(wiring)
        yield wiring


def company(wiring: Wiring) -> None:
    set_up(wiring, *(position(sku, name, 40) for sku in ("A", "B") for name in ("ber-1", "lon-1")))
    wiring.stock.open_position(position("C", "ber-1", 3))
    size = {"length_mm": 100, "width_mm": 100, "height_mm": 100}
    for sku in "ABC":
        wiring.reference.put_item(Item(sku=sku, name=sku, weight_g=900, **size))
    for card in RATE_CARDS:
        wiring.reference.put_setting("CARRIER", card.key, card)
    channel = Channel(name="shopify_eu", kind="canonical", currencies=frozenset({"EUR"}))
    wiring.reference.put_setting("CHANNEL", "shopify_eu", channel)


def publish(wiring: Wiring, *rules: Rule) -> None:
    desk = wiring.strategy_desk
    draft_strategy("default", StrategyDraft(rules=rules), if_match="*", by="user:test", desk=desk)
    publish_strategy("default", if_match="*", by="user:test", desk=desk)
    wiring.reference._settings_until = 0.0


def order(wiring: Wiring, number: int, units: dict[str, int], **more: Any) -> None:
    """An order of this moment, allocated a little later."""
    hands = wiring.clock
    assert isinstance(hands, Hands)
    at = to_text(hands())
    placed = put_order(
        wiring,
        f"ord_{number}",
        units,
        submitted_at=at,
        promise=Promise(earliest_on="2026-11-24", latest_on="2026-11-27"),
        **more,
    )
    hands.forward(seconds=5)
    assert allocate(batch(placed), None) == {"batchItemFailures": []}


def two_days(wiring: Wiring, hands: Hands) -> None:
    """Orders, a receipt, a cancellation and a shortage, spread over two days."""
    publish(wiring, Rule(name="everything"))
    to_britain = Destination(country="GB", postal_area="E1")
    for n in range(6):
        order(wiring, n, {"A": 1 + n % 3, "B": 2})
        hands.forward(hours=3)
    order(wiring, 6, {"C": 2}, destination=to_britain)
    order(wiring, 7, {"C": 2})
    cancel = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "ord_6"}, body={"reason": "other"})
    hands.forward(minutes=10)
    api_cancel_orders.handler(cancel, None)
    hands.forward(hours=4)
    here = wiring.stock.positions_at([("C", "ber-1")])
    movement = Movement("received", ("C", "ber-1"), Change(on_hand=5), ref="rcv_1")
    tables.commit(*wiring.stock.writes([movement], here, Cause("user:test", to_text(hands()))))
    hands.forward(hours=2)
    order(wiring, 8, {"C": 4, "A": 1}, destination=to_britain)
    hands.forward(hours=1)


def run(wiring: Wiring, request: NewWhatIf, key: str = "k", *, enough: int = 4) -> Results:
    """A what-if to its end, in as many pieces as it takes."""
    works = replace(wiring.what_if_works, enough=enough)
    view = start_what_if(request, key=key, by="user:test", desk=works.desk)
    pieces = 0
    while (found := works.desk.jobs.get(view.what_if_id)).status == "running":
        run_piece(Piece(what_if_id=view.what_if_id, piece=found.piece), works=works)
        pieces += 1
    assert found.status == "completed"
    assert pieces > 1 or enough > 4
    assert found.results is not None
    return found.results


def test_the_strategy_that_decided_decides_the_same_again_from_the_same_inputs(wiring: Wiring, hands: Hands) -> None:
    two_days(wiring, hands)
    results = run(wiring, NewWhatIf(version=1, days=3))
    # The promise of ord_7 moved when it had to wait, those of ord_6 and ord_8 with where they ship from: these orders
    # have another one now than they were decided by.
    moved = [n for n in range(9) if wiring.orders.get(f"ord_{n}").promise.latest_on != "2026-11-27"]
    assert moved == [6, 7, 8]
    assert (results.replayed, results.same_inputs, results.changed, results.left_out) == (9, 6, 0, 0)
    assert results.total.happened == results.total.tried
    assert results.total.happened.orders == 9
    assert results.total.happened.short_units == 1  # of ord_7
    assert all(share.happened == share.tried for share in results.locations.values())
    assert sum(share.tried for share in results.locations.values()) == results.total.tried.units - 1
    assert sorted(results.days) == ["2026-11-23", "2026-11-24"]
    assert sum(pair.happened.orders for pair in results.days.values()) == 9


def test_another_strategy_ships_otherwise_and_the_difference_is_told(wiring: Wiring, hands: Hands) -> None:
    two_days(wiring, hands)
    desk = wiring.strategy_desk
    draft_strategy("default", StrategyDraft(rules=(ONLY_LONDON,)), if_match="", by="user:test", desk=desk)
    results = run(wiring, NewWhatIf(days=3))
    happened, tried = results.total.happened, results.total.tried
    assert (results.replayed, results.same_inputs) == (9, 6)
    assert set(results.locations) >= {"lon-1"}
    assert results.locations.get("ber-1") is None or results.locations["ber-1"].tried == 0
    assert tried.short_units == 8  # all of C: it lies in Berlin only
    assert tried.parcel_km > happened.parcel_km
    assert (happened.units, tried.units, happened.orders) == (tried.units, tried.units, tried.orders)


def test_the_tried_course_takes_its_own_stock_and_gives_it_back(wiring: Wiring, hands: Hands) -> None:
    """London has four of A: what the draft took there first is not there again, what was cancelled is."""
    publish(wiring, Rule(name="everything"))
    here = wiring.stock.positions_at([("A", "lon-1")])
    less = Movement("adjusted", ("A", "lon-1"), Change(on_hand=-36))
    tables.commit(*wiring.stock.writes([less], here, Cause("user:test", to_text(hands()))))
    hands.forward(minutes=5)
    for n in range(2):
        order(wiring, n, {"A": 3})
    cancel = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "ord_0"}, body={"reason": "other"})
    api_cancel_orders.handler(cancel, None)
    hands.forward(minutes=5)
    order(wiring, 2, {"A": 3})
    desk = wiring.strategy_desk
    draft_strategy("default", StrategyDraft(rules=(ONLY_LONDON,)), if_match="", by="user:test", desk=desk)
    results = run(wiring, NewWhatIf(days=1))
    # 3 of 4; then 1 of 3, 2 short; 3 come back and go to the last.
    assert (results.total.tried.short_units, results.total.tried.short) == (2, 1)
    assert results.locations["lon-1"].tried == 7


WRITES = ("PutObject", "UpdateItem", "SendMessage")


def test_a_job_that_dies_at_any_write_goes_on_and_comes_to_the_same_end(wiring: Wiring, hands: Hands) -> None:
    publish(wiring, Rule(name="everything"))
    order(wiring, 1, {"A": 2})
    hands.forward(hours=2)
    request = NewWhatIf(version=1, days=1)

    def work(job_id: str, piece: int) -> None:
        run_piece(Piece(what_if_id=job_id, piece=piece), works=replace(wire().what_if_works, enough=60))

    def begun(key: str) -> str:
        return start_what_if(request, key=key, by="user:test", desk=restart(hands).what_ifs).what_if_id

    first = begun("first")
    calls = []
    for piece in (0, 1):
        restart(hands)
        calls.append(calls_of(lambda piece=piece: work(first, piece)))  # type: ignore[misc]
    expected = wire().what_ifs.jobs.get(first).results
    assert expected is not None
    assert expected.replayed == 1
    points = [(piece, point) for piece in (0, 1) for point in crash_points(calls[piece]) if point.operation in WRITES]
    assert [point.operation for _, point in points[::2]] == [*WRITES, "PutObject", "PutObject", "UpdateItem"]
    for number, (piece, point) in enumerate(points):
        job_id = begun(f"k-{number}")
        for done in range(piece):
            work(job_id, done)
        restart(hands)
        crash(point, lambda job_id=job_id, piece=piece: work(job_id, piece))  # type: ignore[misc]
        restart(hands)
        rows_of(clients.sqs(), wire().setting("WHAT_IF_QUEUE_URL"), job_id)
        work(job_id, piece)
        for sent in rows_of(clients.sqs(), wire().setting("WHAT_IF_QUEUE_URL"), job_id):
            work(job_id, json.loads(sent)["piece"])
        found = wire().what_ifs.jobs.get(job_id)
        assert (found.status, found.results) == ("completed", expected), point


def rows_of(sqs: Any, url: str, job_id: str) -> list[str]:
    """The messages about a job; others are thrown away."""
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages if job_id in message["Body"]]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def call(method: str, what: str = "", *, key: str | None = None, role: str = "operator", **more: Any) -> Any:
    job = more.pop("job", None)
    route = f"{method} /v1/sourcing/what-if" + ("/{what_if_id}" if job else "") + what
    headers = {"Idempotency-Key": key} if key else {}
    path = {"what_if_id": job} if job else {}
    answer = api_try_strategies.handler(api_event(route, headers=headers, path=path, roles=(role,), **more), None)
    return answer["statusCode"], body_of(answer)


def test_over_the_api_it_is_asked_for_once_watched_and_its_picture_fetched(wiring: Wiring, hands: Hands) -> None:
    two_days(wiring, hands)
    status, begun = call("POST", body={"version": 1, "days": 3}, key="one")
    assert (status, begun["status"], begun["hours_done"], begun["draft"]) == (202, "running", 0, False)
    assert call("POST", body={"version": 1, "days": 3}, key="one")[1]["what_if_id"] == begun["what_if_id"]
    assert call("POST", body={"version": 1, "days": 4}, key="one")[1]["code"] == "idempotency_key_reused"
    assert call("GET", "/picture", job=begun["what_if_id"])[1]["code"] == "wrong_state"
    url = wire().setting("WHAT_IF_QUEUE_URL")
    for _ in range(20):
        for body in rows_of(clients.sqs(), url, begun["what_if_id"]):
            assert queue_run_what_ifs.handler(sqs_event([json.loads(body)]), None) == {"batchItemFailures": []}
    status, done = call("GET", job=begun["what_if_id"], role="auditor")
    assert (status, done["status"], done["hours_done"]) == (200, "completed", done["hours"])
    assert done["results"]["total"]["tried"]["orders"] == 9
    status, links = call("GET", "/picture", job=begun["what_if_id"])
    assert [f"what-if/{begun['what_if_id']}.{kind}" in links[f"{kind}_url"] for kind in ("svg", "png")] == [True, True]
    bucket = wire().what_ifs.files.bucket
    png = clients.s3().get_object(Bucket=bucket, Key=f"what-if/{begun['what_if_id']}.png")
    svg = clients.s3().get_object(Bucket=bucket, Key=f"what-if/{begun['what_if_id']}.svg")["Body"].read().decode()
    assert (status, png["ContentType"], png["Body"].read(8)) == (200, "image/png", b"\x89PNG\r\n\x1a\n")
    assert "What if version 1 of default had decided?" in svg
    assert call("POST", "/cancel", job=begun["what_if_id"])[1]["code"] == "wrong_state"


@pytest.mark.usefixtures("wiring")
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"days": 0}, 422, "days"),
        ({"days": 91}, 422, "days"),
        ({"days": "7"}, 422, "days"),
        ({"version": 0}, 422, "version"),
        ({"strategy": "No"}, 422, "strategy"),
        ({"hours": 1}, 422, "hours"),
        ({"version": 7}, 404, None),
        ({}, 404, None),
    ],
)
def test_what_cannot_be_tried_is_refused(body: dict[str, Any], status: int, field: str | None) -> None:
    answered, problem = call("POST", body=body, key="one")
    assert (answered, [fault["field"] for fault in problem.get("faults", [])]) == (status, [field] if field else [])


def test_a_cancelled_one_does_no_more(wiring: Wiring, hands: Hands) -> None:
    two_days(wiring, hands)
    _, begun = call("POST", body={"version": 1, "days": 3}, key="one")
    assert [call("POST", "/cancel", job=begun["what_if_id"])[1]["status"] for _ in range(2)] == ["cancelled"] * 2
    piece = Piece(what_if_id=begun["what_if_id"], piece=0).model_dump_json()
    assert calls_of(lambda: queue_run_what_ifs.handler(sqs_event([json.loads(piece)]), None)) == ["GetItem"]
    assert call("GET", job="wif_none")[0] == 404
