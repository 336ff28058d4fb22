"""A card number where a name belongs: refused at every way in, and nowhere stored or repeated."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake import api_draft_orders, api_manage_levels, api_submit_orders
from functions.inventory import api_manage_supplies, api_move_stock, api_reserve_stock, api_take_counts
from oms.aws import clients
from oms.intake.channels.generic import PLUGIN as GENERIC
from oms.intake.messages.processing import read_notices
from oms.intake.messages.store import reference_of
from oms.kernel.errors import RejectedError
from oms.reference.model import Channel
from oms.wiring import Wiring, wire
from tests.imports import csv_file, csv_rows, ndjson_file, order, results, started, upload, view
from tests.imports import work_off as work_off_import
from tests.intake import (
    TestClock,
    archived,
    body_of,
    canonical,
    company,
    count,
    hook,
    message_rows,
    scanned,
    shopify,
    work_off,
)
from tests.lambda_events import api_event

CARD = "4242424242424242"
DINERS = 30569309025904  # fourteen digits, as ids of Shopify's lines have
TABLES = ("orders", "people", "inventory", "messages", "jobs", "reference", "customers", "procurement")
Sent = tuple[Any, dict[str, Any]]
KEY = {"Idempotency-Key": "k-1"}
SUPPLY = {
    "kind": "purchase_order",
    "reference": "PO-7",
    "supplier": "aurora",
    "sku": "MUG",
    "location": "ber-1",
    "units": 10,
    "due_on": "2026-12-01",
    "confirmed": True,
}


@pytest.fixture(autouse=True)
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        yield wiring


def stored() -> str:
    """All that lies anywhere: rows with their keys, objects with theirs, archived messages opened."""
    found = [repr(row) for table in TABLES for row in scanned(table)]
    for bucket in ("baton-archive", "baton-files"):
        keys = [row["Key"] for row in clients.s3().list_objects_v2(Bucket=bucket).get("Contents", [])]
        found += [repr((key, clients.s3().get_object(Bucket=bucket, Key=key)["Body"].read())) for key in keys]
    opened = [wire().archive.load(named) for key in archived() if (named := reference_of(key))]
    return "\n".join([*found, *(repr(letter) for letter in opened)])


def _order(**changes: Any) -> Sent:
    body = canonical(**changes)
    return api_submit_orders.handler, api_event("POST /v1/orders", headers=KEY, body=body)


def _reserve(**changes: Any) -> Sent:
    body = {"channel": "sales_desk", "owner": "cart-1", "lines": [{"sku": "MUG", "quantity": 1}], **changes}
    return api_reserve_stock.handler, api_event("POST /v1/reservations", headers=KEY, body=body)


def _supply(path: str = "PO-7.1", **changes: Any) -> Sent:
    event = api_event("PUT /v1/supplies/{supply_id}", path={"supply_id": path}, body={**SUPPLY, **changes})
    return api_manage_supplies.handler, event


def _posted(handler: Any, route: str, path: dict[str, str], body: Any, **headers: str) -> Sent:
    return handler, api_event(route, path=path, body=body, headers=headers)


MOVED = {"kind": "found", "units": 1}
CALLS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    name: (field, handler, event)
    for name, field, (handler, event) in (
        ("order", "external_order_id", _order(external_order_id=CARD)),
        ("order with blanks", "external_order_id", _order(external_order_id="4242 4242 4242 4242")),
        ("order with a word", "external_order_id", _order(external_order_id=f"card-{CARD}")),
        ("number for the buyer", "external_number", _order(external_number=f"#{CARD}")),
        ("reservation of an order", "reservation", _order(reservation=CARD)),
        ("account", "account_id", _order(account_id=CARD)),
        ("place to pick up", "delivery.pickup_location", _order(delivery={"pickup_location": CARD})),
        (
            "line",
            "lines.0.external_line_id",
            _order(lines=[{"sku": "MUG", "external_line_id": CARD, "quantity": 1, "unit_price_minor": 1}]),
        ),
        ("SKU", "lines.0.sku", _order(lines=[{"sku": CARD, "quantity": 1, "unit_price_minor": 1}])),
        (
            "idempotency key",
            "Idempotency-Key",
            _posted(api_submit_orders.handler, "POST /v1/orders", {}, canonical(), **{"Idempotency-Key": CARD}),
        ),
        ("owner", "owner", _reserve(owner=CARD)),
        ("reserved SKU", "lines.0.sku", _reserve(lines=[{"sku": CARD, "quantity": 1}])),
        ("supply", "supply_id", _supply(CARD)),
        ("supplier", "supplier", _supply(supplier=CARD)),
        ("reference of a supply", "reference", _supply(reference=CARD)),
        (
            "receipt",
            "receipt_id",
            _posted(
                api_manage_supplies.handler,
                "POST /v1/supplies/{supply_id}/receipts",
                {"supply_id": "PO-7.1"},
                {"receipt_id": CARD, "units": 1},
            ),
        ),
        (
            "count",
            "counts.0.id",
            _posted(
                api_take_counts.handler,
                "POST /v1/locations/{location}/counts",
                {"location": "ber-1"},
                {"counts": [{"sku": "MUG", "delta": 1, "id": CARD}]},
            ),
        ),
        (
            "movement",
            "ref",
            _posted(
                api_move_stock.handler,
                "POST /v1/stock/{sku}/locations/{location}/movements",
                {"sku": "MUG", "location": "ber-1"},
                {**MOVED, "ref": CARD},
                **KEY,
            ),
        ),
        (
            "moved SKU",
            "sku",
            _posted(
                api_move_stock.handler,
                "POST /v1/stock/{sku}/locations/{location}/movements",
                {"sku": CARD, "location": "ber-1"},
                MOVED,
                **KEY,
            ),
        ),
        (
            "levels",
            "skus.0",
            _posted(
                api_manage_levels.handler,
                "POST /v1/channels/{channel}/levels/resend",
                {"channel": "sales_desk"},
                {"skus": [CARD]},
            ),
        ),
    )
}


@pytest.mark.parametrize("name", CALLS)
def test_a_card_number_for_a_name_is_422_and_changes_nothing(name: str) -> None:
    field, handler, event = CALLS[name]
    before = stored()
    answer = handler(event, None)
    problem = body_of(answer)
    assert (answer["statusCode"], problem["code"]) == (422, "card_number"), problem
    assert [fault["field"] for fault in problem["faults"]] == [field]
    assert stored() == before
    assert CARD not in answer["body"]


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        ({"external_order_id": CARD}, ["order.external_order_id"]),
        ({"reservation": CARD}, ["order.reservation"]),
        ({CARD: "x"}, ["order.424242XXXXXX4242"]),
        ({"lines": [{"sku": CARD}]}, ["order.lines.0.sku"]),
        ({"extra": [{CARD: 1}]}, ["order.424242XXXXXX4242"]),
    ],
)
def test_a_draft_with_a_card_number_for_a_name_or_a_key_is_not_kept(draft: dict[str, Any], fields: list[str]) -> None:
    route = "PUT /v1/channels/{channel}/drafts/{draft_id}"
    path = {"channel": "sales_desk", "draft_id": "d-1"}
    before = stored()
    answer = api_draft_orders.handler(api_event(route, path=path, body={"version": 0, "order": draft}), None)
    problem = body_of(answer)
    assert (answer["statusCode"], problem["code"]) == (422, "card_number")
    assert [fault["field"] for fault in problem["faults"]] == fields
    assert (stored(), CARD in answer["body"]) == (before, False)
    named = api_event(route, path={**path, "draft_id": CARD}, body={"version": 0, "order": {}})
    assert body_of(api_draft_orders.handler(named, None))["code"] == "card_number"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": int(CARD)}, "id"),
        ({"name": f"#{CARD}"}, "name"),
        ({"line_items": [{"sku": CARD, "quantity": 1, "price": "187.00"}]}, "line_items.0.sku"),
        ({"id": int(CARD), "cancelled_at": "2026-11-23T09:00:00Z"}, "external_order_id"),
    ],
)
def test_a_message_with_a_card_number_for_a_name_is_parked_with_that_reason(
    changes: dict[str, Any], field: str
) -> None:
    answer = hook(shopify(**changes))
    assert (answer["statusCode"], work_off()) == (202, [])
    row = message_rows()[body_of(answer)["message_id"]]
    assert (row["status"], row["reason"], len(row["faults"])) == ("parked", "card_number", 1)
    assert row["faults"][0].startswith(field)
    assert CARD not in stored()
    assert (count("people", "PERSON#"), count("orders", "ORDER#")) == (0, 0)


def test_a_number_that_the_sender_counts_is_taken_although_it_looks_like_a_card() -> None:
    lines = [{"id": DINERS, "sku": "MUG", "quantity": 1, "price": "187.00", "tax_lines": [{"price": "30.96"}]}]
    hook(shopify(id=DINERS, line_items=lines))
    assert work_off() == []
    assert [row["outcome"] for row in message_rows().values()] == ["created"]
    assert str(DINERS) in stored()


def test_a_channel_says_how_many_digits_its_own_numbers_have() -> None:
    mapping = {"external_order_id": "no", "currency": '`"EUR"`', "cancelled": "`true`"}
    channel = Channel(name="own", kind="generic", currencies=frozenset({"EUR"}), mapping=mapping)
    raw = json.dumps({"no": CARD}).encode()
    with pytest.raises(RejectedError) as refusal:
        read_notices(GENERIC, channel, {}, raw)
    assert (refusal.value.code, CARD in str(refusal.value)) == ("card_number", False)
    counting = channel.model_copy(update={"options": {"own_ids_digits": "16"}})
    assert [getattr(each, "external_order_id", "") for each in read_notices(GENERIC, counting, {}, raw)] == [CARD]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_a_row_with_a_card_number_for_a_name_is_refused_and_its_result_does_not_say_it(kind: str) -> None:
    rows = csv_rows(2)
    rows[0] = rows[0].replace("C-1,", f"{CARD},")
    orders = [order(1, external_order_id=CARD, **{CARD: 1}), order(2)]
    import_id = started(format=kind)
    work_off_import(upload(import_id, csv_file(rows) if kind == "csv" else ndjson_file(orders)))
    first, second = results(import_id)
    assert (first["outcome"], first["code"]) == ("refused", "card_number")
    assert "external_order_id" not in first
    assert first["faults"][0]["field"] == "external_order_id"
    assert second["outcome"] == "taken"
    assert CARD not in json.dumps([first, second, view(import_id)]) + stored()
