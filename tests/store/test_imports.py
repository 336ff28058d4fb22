"""Import jobs: what is taken, what is refused and why, and what a crash, a repeat or a cancellation changes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.intake.api_import_orders import handler as api
from oms.intake.imports import cutting
from oms.intake.imports.columns import NEEDED
from oms.intake.rules import person_id_of
from oms.orders.natural import order_id_of
from oms.wiring import wire
from tests.crash import calls_of, crash, crash_points, restart
from tests.imports import (
    HEADER,
    begin,
    counts_of,
    csv_file,
    csv_rows,
    deliver,
    ndjson_file,
    no_results,
    on_the_queue,
    order,
    results,
    scene,
    started,
    upload,
    uploads_left,
    view,
)
from tests.imports import (
    run_import as run,
)
from tests.intake import TestClock, company, count, everything_stored, open_desk
from tests.lambda_events import api_event


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three orders to a chunk, so that a short file has several."""
    monkeypatch.setattr(cutting, "ORDERS_PER_CHUNK", 3)


def test_a_csv_file_becomes_orders_and_each_has_its_result() -> None:
    rows = csv_rows(7)
    rows[1] = rows[1].replace(",MUG,", ",TEAPOT,")
    rows[4] = rows[4].replace("15.00", "15.01")
    rows[5] += '"a note, with a comma\nand a second line"'
    rows.insert(3, "C-3,,,,,,,,LAMP,2,50.00,,,")
    rows[2] = rows[2].replace(",15.00,", ",115.00,")
    with company(TestClock()):
        import_id, done = run(csv_file(rows))
        assert (done["status"], done["orders"], counts_of(done)) == ("completed", 7, {"taken": 5, "refused": 2})
        assert done["finished_at"] == "2026-11-23T09:30:00.000Z"
        told = results(import_id)
        assert [(each["row"], each["external_order_id"], each["outcome"]) for each in told] == [
            (2, "C-1", "taken"),
            (3, "C-2", "refused"),
            (4, "C-3", "taken"),
            (6, "C-4", "taken"),
            (7, "C-5", "refused"),
            (8, "C-6", "taken"),
            (9, "C-7", "taken"),
        ]
        assert (told[1]["code"], told[1]["faults"]) == (
            "unknown_sku",
            [{"field": "sku", "message": "TEAPOT is not in the catalogue", "row": 3}],
        )
        assert (told[4]["code"], told[4]["faults"][0]["field"], told[4]["faults"][0]["row"]) == (
            "totals_do_not_add_up",
            "total",
            7,
        )
        stored = wire().orders.get(order_id_of("sales_desk", "C-3"))
        assert [(line.sku, line.quantity, line.unit_price_minor) for line in stored.lines] == [
            ("MUG", 1, 1000),
            ("LAMP", 2, 5000),
        ]
        assert (stored.total_minor, stored.log[0].by) == (11500, f"import:{import_id}")
        person = wire().people.read(person_id_of(order_id_of("sales_desk", "C-6")), purpose="test")
        assert person.note == "a note, with a comma\nand a second line"
        assert count("orders", "ORDER#") == 5
        assert uploads_left() == []


def test_an_ndjson_file_becomes_orders() -> None:
    lines = [order(1), order(2, channel="shopify_eu"), order(3), {"external_order_id": "N-4"}]
    raw = ndjson_file(lines) + b'{"external_order_id": "N-5", "lines": [}\n\n[1]\n' + ndjson_file([order(6)])
    with company(TestClock()):
        import_id, done = run(raw, format="ndjson")
        assert (done["status"], done["orders"], counts_of(done)) == ("completed", 7, {"taken": 3, "refused": 4})
        told = {each["row"]: each for each in results(import_id)}
        assert [row for row, each in told.items() if each["outcome"] == "taken"] == [1, 3, 8]
        assert told[2]["faults"] == [{"field": "channel", "message": "must be sales_desk, or left out", "row": 2}]
        assert {fault["field"] for fault in told[4]["faults"]} >= {"currency", "lines", "total_minor"}
        assert (told[5]["code"], told[7]["code"]) == ("malformed_json", "malformed_json")


def test_a_dry_run_tells_all_and_stores_no_order() -> None:
    rows = [*csv_rows(4), csv_rows(1, first=9)[0].replace(",MUG,", ",TEAPOT,")]
    with company(TestClock()):
        run(csv_file(csv_rows(1)), key="before")
        import_id, done = run(csv_file(rows), dry_run=True)
        assert (done["status"], counts_of(done)) == ("completed", {"would_take": 3, "repeated": 1, "refused": 1})
        assert [each["outcome"] for each in results(import_id)] == [
            "repeated", "would_take", "would_take", "would_take", "refused",
        ]  # fmt: skip
        assert count("orders", "ORDER#") == count("people", "PERSON#") == 1


def test_the_same_file_again_takes_nothing_and_another_order_under_the_same_id_is_refused() -> None:
    with company(TestClock()):
        run(csv_file(csv_rows(4)))
        rows = csv_rows(4)
        rows[2] = rows[2].replace("Berlin", "Potsdam")
        import_id, done = run(csv_file(rows), key="again")
        assert counts_of(done) == {"repeated": 3, "refused": 1}
        told = results(import_id)
        assert [each.get("code") for each in told] == [None, None, "order_exists_differently", None]
        taken = order_id_of("sales_desk", "C-3")
        assert (told[2]["order_id"], told[2]["faults"][0]["message"]) == (taken, f"is taken by order {taken}")
        assert count("orders", "ORDER#") == 4


@pytest.mark.parametrize(
    ("request_", "taken", "status"),
    [
        ({"on_error": "stop"}, 2, "stopped"),
        ({"max_errors": 0}, 2, "stopped"),
        ({"max_errors": 1}, 4, "stopped"),
        ({"max_errors": 2}, 8, "completed"),
        ({}, 8, "completed"),
    ],
)
def test_an_import_bears_as_many_refusals_as_it_was_told(request_: dict[str, Any], taken: int, status: str) -> None:
    rows = csv_rows(10)
    for place in (2, 5):
        rows[place] = rows[place].replace(",MUG,", ",TEAPOT,")
    with company(TestClock()):
        import_id, done = run(csv_file(rows), **request_)
        assert (done["status"], done["taken"], done["orders"]) == (status, taken, 10)
        assert sum(counts_of(done).values()) == len(results(import_id)) == 10
        assert count("orders", "ORDER#") == taken
        assert done["finished_at"]


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        (b"", {"file"}),
        (b"external_order_id,sku\n", set(NEEDED) - {"external_order_id", "sku"}),
        (csv_file(csv_rows(1)).replace(b"note", b"colour"), {"colour"}),
        (csv_file(csv_rows(1)).replace(b"note", b"sku"), {"sku"}),
        (csv_file([*csv_rows(4), "C-9,\u00e9"]).replace("\u00e9".encode(), b"\xe9"), {"file"}),
        (csv_file(csv_rows(4)) + b'"' + b"x" * 1_000_001, {"file"}),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_begins_nothing(raw: bytes, faults: set[str]) -> None:
    with company(TestClock()):
        import_id = started()
        assert deliver(upload(import_id, raw)) == 0
        failed = view(import_id)
        assert (failed["status"], {fault["field"] for fault in failed["faults"]}) == ("failed", faults)
        assert failed["finished_at"] == "2026-11-23T09:30:00.000Z"
        (why,) = no_results(import_id)["why_not"]
        assert (why["code"], why["possible"]) == (
            "import_without_results",
            "see `why` and `faults` of the import, mend the file, and begin a new import under a new key",
        )
        assert on_the_queue() == []
        assert uploads_left() == []
        assert count("orders", "ORDER#") == 0


def test_an_empty_file_of_the_right_kind_is_done_at_once() -> None:
    with company(TestClock()):
        import_id, done = run(csv_file([]))
        assert (done["status"], done["orders"], results(import_id)) == ("completed", 0, [])


def test_cells_that_look_like_formulas_are_texts() -> None:
    row = csv_rows(1)[0].replace("Zoë 1", "=1+1").replace("Allee 1", "@SUM(A1)") + "+49 30"
    with company(TestClock()):
        run(csv_file([row]))
        person = wire().people.read(person_id_of(order_id_of("sales_desk", "C-1")), purpose="test")
        assert (person.name, person.address_lines[0], person.note) == ("=1+1", "@SUM(A1)", "+49 30")


def test_no_name_or_address_is_left_outside_of_people_and_the_file() -> None:
    rows = [
        csv_rows(1)[0].replace("Zoë 1", "Canary Canaris"),
        csv_rows(1, first=2)[0].replace("MUG", "Canary").replace("Zoë", "Canaris"),
    ]
    with company(TestClock()):
        import_id, done = run(csv_file(rows))
        assert counts_of(done) == {"taken": 1, "refused": 1}
        assert "Canaris" not in everything_stored() + json.dumps(results(import_id)) + json.dumps(done)


def test_the_key_names_the_import() -> None:
    with company(TestClock()):
        once, twice = started(), started()
        assert once == twice
        assert started("other") != once
        assert json.loads(begin(dry_run=True)["body"])["code"] == "idempotency_key_reused"
        assert json.loads(begin("x", channel="nobody")["body"])["code"] == "unknown_channel"
        assert json.loads(begin("y", format="xml")["body"])["code"] == "invalid"
        answer = api(api_event("POST /v1/orders/import", body={"channel": "sales_desk", "format": "csv"}), None)
        assert json.loads(answer["body"])["code"] == "missing_idempotency_key"
        told = json.loads(begin()["body"])
        assert told["upload"]["method"] == "PUT"
        assert f"/uploads/{once}?" in told["upload"]["url"]
        path = {"import_id": once}
        early = api(api_event("GET /v1/imports/{import_id}/results", path=path), None)
        assert json.loads(early["body"])["why_not"][0]["code"] == "import_not_finished"
        unknown = api(api_event("GET /v1/imports/{import_id}", path={"import_id": "imp_x"}), None)
        assert unknown["statusCode"] == 404


def _delivery(document: dict[str, Any]) -> Callable[[], object]:
    return lambda: deliver(document)


@pytest.mark.parametrize("moment", ["cut", "chunk"])
def test_a_lost_process_neither_loses_nor_doubles_a_row(moment: str) -> None:
    """Every AWS call of the cutting and of a chunk, killed before and after; then the queue delivers again."""
    rows = [*csv_rows(1), csv_rows(1, first=2)[0].replace(",MUG,", ",TEAPOT,")]
    with company(TestClock()):
        _, told = scene(rows)
        cut = calls_of(_delivery(told))
        (chunk,) = on_the_queue()
        points = crash_points(cut if moment == "cut" else calls_of(_delivery(chunk)))
    assert len(points) >= {"cut": 14, "chunk": 36}[moment]
    for point in points:
        with company(TestClock()):
            import_id, told = scene(rows)
            if moment == "chunk":
                deliver(told)
                (chunk,) = on_the_queue()
                restart(TestClock())
                open_desk(wire())
            crash(point, _delivery(told if moment == "cut" else chunk))
            open_desk(restart(TestClock()))
            if moment == "cut":
                assert deliver(told) == 0, point
            for each in [*on_the_queue(), chunk]:
                assert deliver(each) == 0, point
            done = view(import_id)
            assert (done["status"], counts_of(done)) == ("completed", {"taken": 1, "refused": 1}), point
            assert [(each["external_order_id"], each["outcome"]) for each in results(import_id)] == [
                ("C-1", "taken"),
                ("C-2", "refused"),
            ], point
            assert count("orders", "ORDER#") == count("people", "PERSON#") == 1, point
            assert (uploads_left(), on_the_queue()) == ([], []), point


def test_the_header_of_the_examples_is_read_with_any_delimiter() -> None:
    for delimiter in ",;\t|":
        layout = cutting.Cutter("imp", [HEADER.replace(",", delimiter).encode() + b"\n"], is_csv=True).layout
        assert (layout.delimiter, len(layout.columns)) == (delimiter, 14)


def test_a_link_is_signed_as_a_bucket_that_is_encrypted_with_a_key_wants_it() -> None:
    with company(TestClock()):
        url = json.loads(begin()["body"])["upload"]["url"]
        assert "X-Amz-Signature=" in url
