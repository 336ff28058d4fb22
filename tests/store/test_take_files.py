"""Dropped files: each document is a message with its row, the sender is answered once, nothing is lost or doubled."""

import json
from collections.abc import Iterator

import pytest

from functions.intake.api_import_orders import handler as api
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.dropped import drop, objects, partners, reasons, taken
from tests.edi import many
from tests.imports import csv_file, csv_rows, deliver, on_the_queue, view
from tests.intake import TestClock, archived, company, count, everything_stored, message_rows, work_off
from tests.lambda_events import api_event


@pytest.fixture(autouse=True)
def company_with_partners() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        partners(wiring)
        yield wiring


def test_each_purchase_order_of_a_file_becomes_a_message_and_an_order_and_the_sender_is_answered() -> None:
    assert taken(drop("big_retail", "po 1.edi", many("x12_850", 3))) == 0
    assert len(archived()) == 3
    assert work_off() == []
    assert reasons() == [("processed", None)] * 3
    assert {row["source"] for row in message_rows().values()} == {"file"}
    for number in (1, 2, 3):
        order = wire().orders.get(order_id_of("big_retail", f"PO-{number}"))
        assert (order.total_minor, order.account_id, order.log[0].by) == (15900, "DOLLAR", "channel:big_retail")
    answers = objects("outbox/")
    assert list(answers) == ["outbox/big_retail/000000001.po 1.edi"]
    (text,) = answers.values()
    assert [row for row in text.split("\n") if row.startswith(("AK5", "AK9"))] == ["AK5*A~"] * 3 + ["AK9*A*3*3*3~"]
    assert objects("inbox/") == {}


def test_in_equals_processed_and_parked_for_a_file_with_a_bad_document() -> None:
    raw = many("x12_850", 3).replace(b"PO1*1*12*EA*9.25*PE*VN*LAMP", b"PO1*1*12*EA*9.25*PE*VN*TEAPOT", 1)
    raw = raw.replace(b"BEG*00*SA*PO-2", b"BEG*00*SA*", 1)
    assert taken(drop("big_retail", "po.edi", raw)) == 0
    assert work_off() == []
    assert reasons() == [("parked", "invalid"), ("parked", "unknown_sku"), ("processed", None)]
    assert len(archived()) == len(message_rows()) == 3
    (text,) = objects("outbox/").values()
    assert [row for row in text.split("\n") if row.startswith(("AK5", "AK9"))] == [
        "AK5*A~", "AK5*R*5~", "AK5*A~", "AK9*P*3*3*2~",
    ]  # fmt: skip
    parked = next(row for row in message_rows().values() if row.get("reason") == "invalid")
    assert "BEG03" in json.dumps(parked)


def test_an_edifact_file_is_taken_and_answered() -> None:
    assert taken(drop("grosshandel", "orders.edi", many("edifact_orders", 2))) == 0
    assert work_off() == []
    assert reasons() == [("processed", None)] * 2
    (text,) = objects("outbox/").values()
    assert "UCM+1+ORDERS:D:96A:UN+7'\nUCM+2+ORDERS:D:96A:UN+7'" in text


@pytest.mark.parametrize("raw", [b"NO EDI", many("x12_850", 2).replace(b"IEA*1", b"IEA*2"), b""])
def test_a_file_that_is_broken_as_a_whole_is_one_parked_message(raw: bytes) -> None:
    assert taken(drop("big_retail", "po.edi", raw)) == 0
    assert work_off() == []
    assert reasons() == [("parked", "malformed")]
    assert count("orders", "ORDER#") == 0
    assert all("TA1*000000042*261123*0930*R*021" in text for text in objects("outbox/").values())
    assert objects("inbox/") == {}


def test_the_same_file_again_is_the_same_messages_and_the_same_answer() -> None:
    raw = many("x12_850", 2)
    assert taken(drop("big_retail", "po.edi", raw)) == 0
    work_off()
    before = objects("outbox/")
    assert taken(drop("big_retail", "po.edi", raw)) == 0
    assert objects("outbox/") == before
    assert taken(drop("big_retail", "po-2.edi", many("x12_850", 1))) == 0
    assert len(objects("outbox/")) == 2
    work_off()
    assert count("orders", "ORDER#") == 2
    assert len(message_rows()) == 3


def test_a_file_for_nobody_stays_and_comes_back_until_a_person_looks() -> None:
    for channel in ("nobody", "shopify_eu"):
        assert taken(drop(channel, "po.edi", many("x12_850", 1))) == 1
    assert taken(drop("sales_desk", "orders.pdf", b"%PDF")) == 1
    assert len(objects("inbox/")) == 3
    assert archived() == []
    assert taken({"Event": "s3:TestEvent"}) == 0


def test_a_dropped_file_of_orders_becomes_an_import_that_the_channel_lists() -> None:
    assert taken(drop("sales_desk", "monday.csv", csv_file([*csv_rows(2), "C-9,EUR"]))) == 0
    assert objects("inbox/") == {}
    (upload,) = objects("uploads/")
    assert deliver({"Records": [{"s3": {"object": {"key": upload}}}]}) == 0
    for chunk in on_the_queue():
        assert deliver(chunk) == 0
    event = api_event("GET /v1/channels/{channel}/imports", path={"channel": "sales_desk"})
    page = json.loads(api(event, None)["body"])
    (listed,) = page["imports"]
    assert (listed["status"], listed["file_name"], listed["taken"], listed["refused"]) == (
        "completed", "monday.csv", 2, 1,
    )  # fmt: skip
    assert view(listed["import_id"]) == listed
    other = api_event("GET /v1/channels/{channel}/imports", path={"channel": "closed"})
    assert json.loads(api(other, None)["body"]) == {"imports": []}


def test_imports_are_listed_the_newest_first_and_page_by_page() -> None:
    for number in range(3):
        assert taken(drop("sales_desk", f"{number}.csv", csv_file([]))) == 0
    names: list[str] = []
    before: str | None = None
    for _ in range(4):
        query = {"limit": "1", **({"before": before} if before else {})}
        event = api_event("GET /v1/channels/{channel}/imports", path={"channel": "sales_desk"}, query=query)
        page = json.loads(api(event, None)["body"])
        names += [each["file_name"] for each in page["imports"]]
        before = page.get("next_before")
    assert sorted(names) == ["0.csv", "1.csv", "2.csv"]


def test_no_name_or_address_of_a_file_is_left_in_the_clear() -> None:
    raw = many("x12_850", 1).replace(b"Big Retail Store 17", b"Canary Canaris")
    taken(drop("big_retail", "po.edi", raw))
    work_off()
    assert count("orders", "ORDER#") == 1
    assert "Canaris" not in everything_stored() + json.dumps(objects(""))


def test_a_file_that_comes_under_the_same_name_while_the_first_is_taken_is_taken_too() -> None:
    inbox = wire().inbox.inbox
    drop("big_retail", "po.edi", many("x12_850", 1))
    first = inbox.find("big_retail", "po.edi")
    assert first is not None
    told = drop("big_retail", "po.edi", many("x12_850", 2))
    inbox.remove(first)
    assert taken(told) == 0
    assert (len(archived()), objects("inbox/")) == (2, {})
    inbox.remove(first)
