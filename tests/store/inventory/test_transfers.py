"""Transfers over the API: planned, committed, sent, found; what nobody may do, and what shops are told."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.inventory import api_manage_transfers
from oms.aws import tables
from oms.aws.documents import unpack
from oms.aws.tables import Key
from oms.inventory.drift.service import prove_stock
from oms.inventory.drift.store import SHARDS
from oms.inventory.model import Change, Movement
from oms.inventory.transfers.model import MAX_LINES, PER_CALL, Transfer
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, Hands, assert_the_books_balance, position, rows, set_up, text_of
from tests.aws import moto_cloud
from tests.lambda_events import api_event
from tests.store.inventory.test_supplies import ask, shop

PLAN: dict[str, Any] = {
    "source": "ber-1",
    "destination": "lon-1",
    "lines": [{"sku": "CUP", "units": 6}, {"sku": "PEN", "units": 2}],
    "due_on": "2026-11-26",
}
ONE = "/v1/transfers/{transfer_id}"
HANDS = Hands()


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(HANDS) as wiring:
        HANDS.now = Hands().now
        shop(
            wiring,
            position("CUP", "ber-1", 10),
            position("CUP", "lon-1", 1),
            position("PEN", "ber-1", 2),
            position("PEN", "lon-1", 0),
        )
        yield wiring


def call(route: str, name: str | None = "T-1", body: Any = None, *, tag: str = "", **who: Any) -> dict[str, Any]:
    headers = {"If-Match": tag} if tag else {}
    path = {"transfer_id": name} if name else {}
    event = api_event(route, path=path, body=body, headers=headers, **{"roles": ["operator"], **who})
    answer = api_manage_transfers.handler(event, None)
    return {"http": answer["statusCode"], "etag": answer["headers"].get("etag"), **text_of(answer)}


def put(plan: dict[str, Any] = PLAN, name: str = "T-1", **more: Any) -> dict[str, Any]:
    return call(f"PUT {ONE}", name, plan, **more)


def ready(name: str = "T-1", **more: Any) -> dict[str, Any]:
    return call(f"POST {ONE}/ready", name, **more)


def ship(shipment: str, lines: dict[str, int] | None = None, name: str = "T-1", **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"shipment_id": shipment}
    if lines is not None:
        body["lines"] = [{"sku": sku, "units": units} for sku, units in lines.items()]
    if "due_on" in more:
        body["due_on"] = more.pop("due_on")
    return call(f"POST {ONE}/shipments", name, body, **more)


def receive(receipt: str, *lines: dict[str, Any], name: str = "T-1", **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"receipt_id": receipt}
    if lines:
        body["lines"] = list(lines)
    return call(f"POST {ONE}/receipts", name, body, **more)


def cancel(name: str = "T-1", **more: Any) -> dict[str, Any]:
    return call(f"POST {ONE}/cancel", name, {"reason": "no more"}, **more)


def books(wiring: Wiring, sku: str = "CUP") -> dict[str, tuple[int, int, int, int]]:
    """On hand, committed, damaged and incoming, by location."""
    found = wiring.stock.positions([sku])
    return {one.location: (one.on_hand, one.committed, one.damaged, one.incoming) for one in found.values()}


def stored(wiring: Wiring) -> list[Transfer]:
    return [unpack(Transfer, row["doc"]) for row in rows(wiring, "INVENTORY_TABLE") if row["sk"] == "TRANSFER"]


def facts(wiring: Wiring) -> list[str]:
    """Those of the last write."""
    return [fact.type for fact in stored(wiring)[0].facts]


def test_units_go_from_one_place_to_the_other_and_are_in_the_books_all_the_way(wiring: Wiring) -> None:
    assert (put()["http"], facts(wiring)) == (201, ["TransferDrafted"])
    assert books(wiring) == {"ber-1": (10, 0, 0, 0), "lon-1": (1, 0, 0, 0)}
    assert (ready()["status"], facts(wiring)) == ("ready_to_ship", ["TransferReadied"])
    assert books(wiring) == {"ber-1": (10, 6, 0, 0), "lon-1": (1, 0, 0, 0)}
    assert_the_books_balance(wiring)
    sent = ship("S-1", {"CUP": 4})
    assert (sent["status"], sent["in_transit"]) == ("in_transit", 4)
    assert facts(wiring) == ["TransferShipped", "SupplyConfirmed"]
    assert books(wiring) == {"ber-1": (6, 2, 0, 0), "lon-1": (1, 0, 0, 4)}
    assert_the_books_balance(wiring)
    found = receive("R-1", {"sku": "CUP", "received": 2, "damaged": 1, "lost": 1, "reason": "broken"})
    assert (found["status"], found["in_transit"]) == ("partially_received", 0)
    assert facts(wiring) == ["TransferReceived", "SupplyMoved", "SupplyReceived"]
    assert books(wiring) == {"ber-1": (6, 2, 0, 0), "lon-1": (4, 0, 1, 0)}
    assert ship("S-2")["status"] == "partially_received"
    done = receive("R-2")
    assert (done["status"], done["in_transit"], done["shipments"], done["receipts"]) == (
        "received",
        0,
        ["S-1", "S-2"],
        ["R-1", "R-2"],
    )
    assert done["lines"][0] == {
        "sku": "CUP", "units": 6, "committed": 0, "cancelled": 0, "shipped": 6, "in_transit": 0, "received": 4,
        "damaged": 1, "lost": 1, "over": 0, "due_on": "2026-11-26",
    }  # fmt: skip
    assert books(wiring) == {"ber-1": (4, 0, 0, 0), "lon-1": (6, 0, 1, 0)}
    assert books(wiring, "PEN") == {"ber-1": (0, 0, 0, 0), "lon-1": (2, 0, 0, 0)}
    assert_the_books_balance(wiring)


def test_a_receipt_says_what_became_of_every_unit_and_lost_ones_may_be_found_again(wiring: Wiring) -> None:
    put()
    ready()
    ship("S-1")
    short = receive("R-1", {"sku": "CUP", "received": 3, "lost": 3, "reason": "misplaced"})
    assert (short["status"], short["lines"][0]["lost"]) == ("partially_received", 3)
    refused = receive("R-2", {"sku": "PEN", "over": 1, "reason": "miscounted"})
    assert (refused["http"], refused["code"], refused["faults"][0]["field"]) == (422, "invalid", "lines.0")
    more = receive("R-3", {"sku": "PEN", "received": 2, "over": 1, "reason": "miscounted"})
    assert (more["status"], more["lines"][1]["over"], more["lines"][1]["received"]) == ("received", 1, 2)
    found = receive("R-4", {"sku": "CUP", "over": 4, "reason": "misplaced"})
    line = found["lines"][0]
    assert (found["status"], line["received"], line["lost"], line["over"]) == ("received", 6, 0, 1)
    assert books(wiring)["lon-1"] == (8, 0, 0, 0)
    assert receive("R-5")["code"] == "wrong_state"
    assert_the_books_balance(wiring)


def test_what_cannot_be_taken_is_not_committed_and_says_how_much_can(wiring: Wiring) -> None:
    lines = [{"sku": "CUP", "units": 11}, {"sku": "PEN", "units": 3}]
    put({**PLAN, "lines": lines})
    refused = ready()
    assert (refused["http"], refused["code"]) == (409, "short_stock")
    assert refused["faults"] == [
        {"field": "lines.0.units", "message": "10 of 11 CUP can be taken"},
        {"field": "lines.1.units", "message": "2 of 3 PEN can be taken"},
    ]
    assert books(wiring)["ber-1"] == (10, 0, 0, 0)
    assert call(f"GET {ONE}")["status"] == "draft"


def test_what_was_said_before_is_answered_again_and_changes_nothing(wiring: Wiring) -> None:
    assert put()["version"] == 1
    assert put()["http"] == 200
    ready()
    assert ready()["version"] == 2
    ship("S-1", {"CUP": 4})
    assert ship("S-1", {"CUP": 4})["version"] == 3
    assert ship("S-1", {"CUP": 3})["code"] == "id_reused"
    receive("R-1", {"sku": "CUP", "received": 4})
    assert receive("R-1", {"sku": "CUP", "received": 4})["version"] == 4
    assert receive("R-1", {"sku": "CUP", "received": 3})["code"] == "id_reused"
    assert cancel()["version"] == 5
    assert cancel()["version"] == 5
    assert books(wiring) == {"ber-1": (6, 0, 0, 0), "lon-1": (5, 0, 0, 0)}
    assert call(f"GET {ONE}")["status"] == "received"
    assert_the_books_balance(wiring)


def test_a_draft_is_edited_by_who_has_seen_it_and_later_only_its_date(wiring: Wiring) -> None:
    tag = put()["etag"]
    smaller = {**PLAN, "lines": PLAN["lines"][:1]}
    assert put(smaller)["code"] == "if_match_needed"
    stale = put(smaller, tag='"7"')
    assert (stale["code"], stale["current"], stale["etag"]) == (
        "stale",
        {"units": sum(one["units"] for one in PLAN["lines"]), "version": 1},
        tag,
    )
    assert put(smaller, tag="garbage")["code"] == "malformed"
    assert len(put(smaller, tag=tag)["lines"]) == 1
    assert ready(tag='"1"')["code"] == "stale"
    ready()
    assert put(PLAN, tag="*")["code"] == "wrong_state"
    ship("S-1", {"CUP": 4})
    assert put({**smaller, "due_on": "2026-12-01"}, tag="*")["lines"][0]["due_on"] == "2026-12-01"
    assert facts(wiring) == ["SupplyMoved"]
    assert put(name="T-2", tag='"1"')["code"] == "stale"
    assert put({**smaller, "note": "?"}, name="T-1")["code"] == "if_match_needed"
    receive("R-1", {"sku": "CUP", "received": 4})
    cancel()
    assert put({**smaller, "due_on": "2027-12-01"}, tag="*")["code"] == "wrong_state"


def test_cancelling_frees_what_is_committed_and_stops_nothing_that_has_left(wiring: Wiring) -> None:
    for name in ("T-1", "T-2"):
        put({**PLAN, "lines": [{"sku": "CUP", "units": 4}]}, name=name)
    assert cancel("T-1")["status"] == "cancelled"  # a draft
    assert ready("T-1")["code"] == "wrong_state"
    ready("T-2")
    ship("S-1", {"CUP": 1}, "T-2")
    rest = cancel("T-2")
    assert (rest["status"], rest["lines"][0]["cancelled"], rest["in_transit"]) == ("in_transit", 3, 1)
    assert books(wiring) == {"ber-1": (9, 0, 0, 0), "lon-1": (1, 0, 0, 1)}
    assert receive("R-1", name="T-2")["status"] == "received"
    put({**PLAN, "lines": [{"sku": "CUP", "units": 1}]}, name="T-3")
    ready("T-3")
    ship("S-1", name="T-3")
    assert cancel("T-3")["code"] == "wrong_state"
    assert_the_books_balance(wiring)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({**PLAN, "source": "nowhere-1"}, "source"),
        ({**PLAN, "destination": "ber-1"}, "destination"),
        ({**PLAN, "lines": [{"sku": "HAT", "units": 1}]}, "lines.0.sku"),
        ({**PLAN, "lines": [PLAN["lines"][0], PLAN["lines"][0]]}, "lines.1.sku"),
        ({**PLAN, "lines": []}, "lines"),
        ({**PLAN, "lines": [{"sku": f"S{number}", "units": 1} for number in range(MAX_LINES + 1)]}, "lines"),
        ({**PLAN, "lines": [{"sku": "CUP", "units": 0}]}, "lines.0.units"),
        ({**PLAN, "lines": [{"sku": "CUP", "units": 1.0}]}, "lines.0.units"),
        ({**PLAN, "due_on": "2026-02-30"}, "due_on"),
        ({**PLAN, "status": "received"}, "status"),
    ],
)
def test_a_wrong_plan_names_its_field_and_changes_nothing(wiring: Wiring, plan: dict[str, Any], field: str) -> None:
    before = rows(wiring, "INVENTORY_TABLE")
    refused = put(plan)
    assert (refused["http"], refused["code"]) == (422, "invalid")
    assert refused["faults"][0]["field"] == field
    assert rows(wiring, "INVENTORY_TABLE") == before


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([{"sku": "CUP", "received": 5}], "lines.0"),
        ([{"sku": "HAT", "received": 1}], "lines.0.sku"),
        ([{"sku": "CUP", "received": 1}, {"sku": "CUP", "received": 1}], "lines.1.sku"),
        ([{"sku": "CUP", "damaged": 1}], "lines.0.reason"),
        ([{"sku": "CUP"}], "lines.0"),
        ([{"sku": f"S{number}", "received": 1} for number in range(PER_CALL + 1)], "lines"),
    ],
)
def test_a_wrong_receipt_names_its_field_and_changes_nothing(
    wiring: Wiring, lines: list[dict[str, Any]], field: str
) -> None:
    put()
    ready()
    ship("S-1", {"CUP": 4})
    before = rows(wiring, "INVENTORY_TABLE")
    refused = receive("R-1", *lines)
    assert (refused["http"], refused["code"]) == (422, "invalid")
    assert refused["faults"][0]["field"] == field
    assert rows(wiring, "INVENTORY_TABLE") == before


def test_nothing_is_shipped_that_is_not_committed_or_not_there_or_without_a_date(wiring: Wiring) -> None:
    put({**PLAN, "due_on": None})
    assert ship("S-1")["code"] == "wrong_state"
    assert receive("R-1")["code"] == "wrong_state"
    ready()
    assert ship("S-1")["faults"] == [{"field": "due_on", "message": "say when it arrives"}]
    refused = ship("S-1", {"CUP": 7}, due_on="2026-11-26")
    assert refused["faults"] == [{"field": "lines.0.units", "message": "6 of CUP are still to ship"}]
    gone = Movement("lost", ("CUP", "ber-1"), Change(on_hand=-5))
    assert wiring.stock.move_once("lost", gone.key, lambda _before: [gone], CAUSE, told="5 gone")
    refused = ship("S-1", due_on="2026-11-26")
    assert (refused["http"], refused["code"]) == (409, "short_stock")
    assert ship("S-1", {"CUP": 5}, due_on="2026-11-26")["status"] == "in_transit"


@pytest.mark.usefixtures("wiring")
def test_the_source_ships_the_destination_receives_and_a_stranger_sees_nothing() -> None:
    source: dict[str, Any] = {"roles": ["warehouse"], "locations": ["ber-1"]}
    destination: dict[str, Any] = {"roles": ["warehouse"], "locations": ["lon-1"]}
    assert put(**source)["http"] == 403
    assert put(roles=["procurement"], locations=["nyc-1"])["http"] == 404
    assert put(roles=["procurement"])["http"] == 201
    assert ready(**source)["http"] == 403
    ready(roles=["procurement"])
    assert ship("S-1", **destination)["http"] == 403
    assert ship("S-1", roles=["warehouse"], locations=["nyc-1"])["http"] == 404
    assert ship("S-1", **source)["http"] == 200
    assert receive("R-1", **source)["http"] == 403
    assert receive("R-1", **destination)["http"] == 200
    assert cancel(**destination)["http"] == 403
    assert call(f"GET {ONE}", **destination)["status"] == "received"


@pytest.mark.usefixtures("wiring")
def test_lists_show_each_transfer_of_the_caller_once_by_place_and_state() -> None:
    for number in range(4):
        HANDS.forward(minutes=1)
        ends = ("ber-1", "lon-1") if number % 2 else ("lon-1", "ber-1")
        put({**PLAN, "source": ends[0], "destination": ends[1], "lines": [{"sku": "CUP", "units": 1}]}, f"T-{number}")
    ready("T-3")
    cancel("T-1")

    def listed(**query: str) -> list[str]:
        locations = [query.pop("as")] if "as" in query else []
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"limit": "1", **query, **cursor}
            page = call("GET /v1/transfers", None, query=asked, locations=locations)
            found += [one["transfer_id"] for one in page["transfers"]]
            if "next_cursor" not in page:
                return found
            cursor = {"cursor": page["next_cursor"]}

    assert listed() == ["T-3", "T-2", "T-0"]
    assert listed(status="cancelled") == ["T-1"]
    assert listed(status="ready_to_ship") == ["T-3"]
    assert listed(location="ber-1") == ["T-3", "T-2", "T-0"]
    assert listed(location="ber-1", direction="incoming") == ["T-2", "T-0"]
    assert listed(**{"as": "lon-1"}) == ["T-2", "T-0", "T-3"]
    assert listed(**{"as": "nyc-1"}) == []
    assert listed(location="ber-1", **{"as": "lon-1"}) == []
    bad = call("GET /v1/transfers", None, query={"cursor": "outgoing#nyc-1#x"})
    assert (bad["http"], bad["code"]) == (400, "bad_cursor")


def test_shops_are_promised_what_is_in_transit_from_when_it_arrives(wiring: Wiring) -> None:
    put({**PLAN, "lines": [{"sku": "CUP", "units": 6}]})
    ready()
    assert ask(quantity="11")[1]["skus"][0]["by_date"] == [{"on": "2026-11-23", "units": 5}]
    ship("S-1")
    assert ask()[1]["skus"][0]["by_date"] == [{"on": "2026-11-23", "units": 5}, {"on": "2026-11-26", "units": 11}]
    put({**PLAN, "lines": [{"sku": "CUP", "units": 6}], "due_on": "2026-11-30"}, tag="*")
    assert ask()[1]["skus"][0]["by_date"][1] == {"on": "2026-11-30", "units": 11}
    receive("R-1", {"sku": "CUP", "received": 2, "lost": 1, "reason": "broken"})
    assert ask()[1]["skus"][0]["by_date"] == [{"on": "2026-11-23", "units": 7}, {"on": "2026-11-30", "units": 10}]
    HANDS.forward(days=9)
    receive("R-2")
    assert ask()[1]["skus"][0]["by_date"] == [{"on": "2026-12-02", "units": 10}]
    late = wiring.supplies.lateness(["transfer:ber-1>lon-1"])["transfer:ber-1>lon-1"]
    assert late.days == (-3, 6)  # against the date first given


def test_a_load_of_ninety_lines_is_shipped_and_received_in_parts(wiring: Wiring) -> None:
    skus = [f"S{number:02}" for number in range(MAX_LINES)]
    set_up(wiring, *(position(sku, place, 3) for sku in skus for place in ("ber-1", "lon-1")))
    put({**PLAN, "lines": [{"sku": sku, "units": 2} for sku in skus]})
    assert ready()["http"] == 200
    sent = ship("S-1", tag='"2"')
    assert (sent["in_transit"], sent["version"], sent["shipments"]) == (180, 5, ["S-1"])
    found = receive("R-1", tag='"5"')
    assert (found["status"], found["version"]) == ("received", 8)
    assert cancel()["code"] == "wrong_state"
    assert_the_books_balance(wiring)


def test_the_proof_of_the_books_knows_what_transfers_have_committed(wiring: Wiring) -> None:
    put()
    ready()
    HANDS.forward(minutes=1)
    reports = [prove_stock(wiring.drift_desk) for _ in range(SHARDS + 1)]
    assert sum(report.commitments for report in reports) >= 2
    assert sum(report.drifted + report.undecided for report in reports) == 0
    row = Key(wiring.transfers.table, "TRANSFER#T-1", "TRANSFER")
    tables.commit(tables.delete(row, condition="attribute_exists(pk)", label="gone"))
    reports = [prove_stock(wiring.drift_desk) for _ in range(SHARDS)]
    assert sum(report.drifted for report in reports) == 2
    reasons = {found.finding.reason for _, found in wiring.exceptions.listed("drift", "open")}
    assert reasons == {"commitment_differs"}
