"""The reorder scan: every position at or below its point, by index, one proposal each, never two."""

import base64
import json
from typing import Any

import pytest

from functions.allocation import queue_allocate_orders
from functions.inventory import api_move_stock
from functions.procurement import api_list_proposals, cron_scan_reorder_points
from oms.procurement.model import Offer, Proposal, Supplier
from oms.procurement.service import scan_reorder_points
from oms.wiring import Wiring
from tests.allocation_scene import START, batch, position, put_order, rows, set_up, text_of
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event
from tests.store.allocation.test_transfers_asked_for import scene as ask_for_transfer

LIST = "GET /v1/purchase-proposals"


def sell(wiring: Wiring, *skus: str) -> None:
    offers = tuple(
        Offer(sku=sku, moq=20, pack=12, lead_time_days=7, unit_cost_minor=150, currency="EUR") for sku in skus
    )
    wiring.procurement.put_supplier(Supplier(id="sup_1", name="S", country="DE", offers=offers))


def stock(wiring: Wiring) -> None:
    set_up(
        wiring,
        position("CUP", "ber-1", 10, reorder_point=10),
        position("CUP", "lon-1", 11, reorder_point=10),
        position("PEN", "ber-1", 2, reorder_point=10, incoming=9),
        position("PEN", "lon-1", 0, reorder_point=5),
        position("ODD", "lon-1", 0, reorder_point=0),
    )
    sell(wiring, "CUP", "PEN")


def scan() -> dict[str, Any]:
    return cron_scan_reorder_points.handler({}, None)


def proposals(wiring: Wiring) -> list[Proposal]:
    return [proposal for _, proposal in wiring.procurement.page(location=None, after=None, limit=100)]


def test_what_is_at_or_below_its_point_is_proposed_once(cloud_on_moto: Wiring) -> None:
    stock(cloud_on_moto)
    assert scan() == {"low": 3, "proposed": 2, "already_open": 0, "unsourced": ["ODD at lon-1"]}
    cup, pen = proposals(cloud_on_moto)
    assert (cup.sku, cup.location, cup.quantity, cup.inventory_position, cup.supplier) == (
        "CUP",
        "ber-1",
        48,
        10,
        "sup_1",
    )
    assert (pen.sku, pen.location, pen.quantity) == ("PEN", "lon-1", 60)
    assert [(fact.type, fact.subject, fact.sequence, fact.data["quantity"]) for fact in cup.facts] == [
        ("PurchaseProposed", cup.id, 1, 48)
    ]


def test_a_second_scan_proposes_nothing(cloud_on_moto: Wiring) -> None:
    stock(cloud_on_moto)
    scan()
    before = rows(cloud_on_moto, "PROCUREMENT_TABLE")
    assert scan() == {"low": 3, "proposed": 0, "already_open": 2, "unsourced": ["ODD at lon-1"]}
    assert rows(cloud_on_moto, "PROCUREMENT_TABLE") == before


def test_a_scan_that_runs_at_the_same_time_finds_the_place_taken(cloud_on_moto: Wiring) -> None:
    stock(cloud_on_moto)
    low = list(cloud_on_moto.stock.at_reorder_point())

    def slow() -> Any:
        for place, found in enumerate(low):
            if place == 1:
                scan()
            yield found

    result = scan_reorder_points(
        slow(), elsewhere=(), awaited=lambda _: {}, procurement=cloud_on_moto.procurement, now=START
    )
    assert (result.proposed, result.already_open) == (0, 2)
    assert len(proposals(cloud_on_moto)) == 2


def test_the_scan_reads_the_index_and_never_the_table(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, *(position(f"S{n}", "ber-1", 100, reorder_point=1) for n in range(50)))
    assert set(calls_of(scan)) == {"Query"}


def test_a_scan_killed_anywhere_and_run_again_proposes_each_once() -> None:
    with moto_cloud() as wiring:
        stock(wiring)
        calls = calls_of(scan)
    assert calls.count("PutItem") == 2
    writes = [point for point in crash_points(calls) if point.operation != "Query"]  # reads leave nothing behind
    for point in writes:
        with moto_cloud() as wiring:
            stock(wiring)
            crash(point, scan)
            again = restart()
            scan()
            assert [(p.sku, p.location) for p in proposals(again)] == [("CUP", "ber-1"), ("PEN", "lon-1")], point


def page(**query: str) -> tuple[int, dict[str, Any]]:
    answer = api_list_proposals.handler(api_event(LIST, query=query), None)
    return answer["statusCode"], text_of(answer)


def test_nothing_is_bought_for_a_suppliers_place(cloud_on_moto: Wiring) -> None:
    stock(cloud_on_moto)
    theirs = cloud_on_moto.reference.locations()["lon-1"].model_copy(update={"supplier": "acme"})
    cloud_on_moto.reference.put_setting("LOCATION", "lon-1", theirs)
    restart()  # settings are kept for a minute
    assert scan() == {"low": 1, "proposed": 1, "already_open": 0, "unsourced": []}


def test_proposals_are_listed_page_by_page(cloud_on_moto: Wiring) -> None:
    skus = [f"S{n}" for n in range(5)]
    set_up(cloud_on_moto, *(position(sku, place, 0, reorder_point=1) for sku in skus for place in ("ber-1", "lon-1")))
    sell(cloud_on_moto, *skus)
    assert scan()["proposed"] == 10
    seen: list[tuple[str, str]] = []
    query: dict[str, str] = {"limit": "3"}
    while True:
        status, answer = page(**query)
        assert status == 200
        seen += [(row["location"], row["sku"]) for row in answer["proposals"]]
        if "next_cursor" not in answer:
            break
        query["cursor"] = answer["next_cursor"]
    assert seen == [(place, sku) for place in ("ber-1", "lon-1") for sku in skus]
    assert [row["sku"] for row in page(location="lon-1", limit="2")[1]["proposals"]] == ["S0", "S1"]
    assert page(location="lax-1") == (200, {"proposals": []})
    assert page(cursor="\U0010ffff#") == (200, {"proposals": []})


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": "0"}, "malformed"),
        ({"limit": "101"}, "malformed"),
        ({"color": "red"}, "malformed"),
        ({"location": "BER#1"}, "malformed"),
        ({"cursor": "x"}, "bad_cursor"),
        ({"cursor": "ber-1#A", "location": "lon-1"}, "bad_cursor"),
    ],
)
def test_a_bad_query_is_refused(cloud_on_moto: Wiring, query: dict[str, str], code: str) -> None:
    assert cloud_on_moto.stage == "test"
    status, problem = page(**query)
    assert (status, problem["code"]) == (400, code)


def test_a_proposal_is_stored_so_that_the_publisher_reads_its_fact(cloud_on_moto: Wiring) -> None:
    from oms.orders.store import facts_of_stream_record  # noqa: PLC0415

    stock(cloud_on_moto)
    scan()
    row = next(row for row in rows(cloud_on_moto, "PROCUREMENT_TABLE") if row["pk"] == "PROPOSAL#CUP#ber-1")
    image = {"v": {"N": str(row["v"])}, "n": {"N": str(row["n"])}, "doc": {"B": base64.b64encode(row["doc"]).decode()}}
    record = json.loads(json.dumps({"dynamodb": {"NewImage": image}}))
    assert [fact.type for fact in facts_of_stream_record(record)] == ["PurchaseProposed"]


def test_units_that_a_transfer_was_asked_for_are_not_bought_a_second_time(cloud_on_moto: Wiring) -> None:
    """Berlin waits for three of A that London will send: it is low by what it should hold, not by those three."""
    ask_for_transfer(cloud_on_moto, "transfer", "backorder", there=3)
    sell(cloud_on_moto, "A")
    put_levels(cloud_on_moto, "A", "ber-1", reorder_point=0, order_up_to=20)
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"A": 3})), None)
    berlin = cloud_on_moto.stock.positions_at([("A", "ber-1")])["A", "ber-1"]
    assert (berlin.inventory_position, berlin.incoming) == (-3, 0)
    assert scan()["proposed"] == 1
    (one,) = proposals(cloud_on_moto)
    assert (one.location, one.inventory_position, one.quantity) == ("ber-1", 0, 24)  # 20 in packs of 12, not 23


def test_who_is_low_by_nothing_but_what_is_on_its_way_is_not_low(cloud_on_moto: Wiring) -> None:
    ask_for_transfer(cloud_on_moto, "transfer", "backorder", there=3)
    sell(cloud_on_moto, "A")
    put_levels(cloud_on_moto, "A", "ber-1", reorder_point=-2, order_up_to=20)
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"A": 3})), None)
    assert [one.location for one in cloud_on_moto.stock.at_reorder_point()] == ["ber-1"]
    assert scan() == {"low": 0, "proposed": 0, "already_open": 0, "unsourced": []}


def put_levels(wiring: Wiring, sku: str, location: str, **levels: int) -> None:
    path = {"sku": sku, "location": location}
    route = "PUT /v1/stock/{sku}/locations/{location}"
    event = api_event(route, path=path, body=levels, headers={"If-Match": "*"}, roles=("operator",))
    assert api_move_stock.handler(event, None)["statusCode"] == 200
    wiring.reference.look_again()
