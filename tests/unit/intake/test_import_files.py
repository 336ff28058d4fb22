"""Files of orders: cut anywhere they say the same, every text comes through, and no bytes at all are an error."""

import csv
import io
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.intake.imports import cutting
from oms.intake.imports.columns import LINE, NEEDED, ORDER
from oms.intake.imports.cutting import Cutter
from oms.intake.imports.model import Chunk, Layout
from oms.intake.imports.reading import Entry, read_csv, read_ndjson
from oms.kernel.errors import MalformedError, RejectedError
from tests.imports import HEADER, csv_file, csv_rows, ndjson_file, order

ALL = (*ORDER, *LINE)


def blocks(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[place : place + size] for place in range(0, len(raw), size))


def cut(raw: bytes, *, is_csv: bool = True, size: int = 1_000_000) -> tuple[Layout, list[Chunk]]:
    cutter = Cutter("imp", blocks(raw, size), is_csv=is_csv)
    chunks = list(cutter.cut())
    assert (len(chunks), sum(chunk.orders for chunk in chunks)) == (cutter.chunks, cutter.orders)
    return cutter.layout, chunks


def entries(raw: bytes, *, is_csv: bool = True, size: int = 1_000_000) -> list[Entry]:
    layout, chunks = cut(raw, is_csv=is_csv, size=size)
    found: list[Entry] = []
    for chunk in chunks:
        piece = raw[chunk.start : chunk.end]
        if is_csv:
            read = list(read_csv(piece, layout, channel="desk", first_row=chunk.row))
        else:
            read = list(read_ndjson(piece, channel="desk", first_row=chunk.row))
        assert len(read) == chunk.orders, "what is counted when the file is cut is what is read"
        found += read
    return found


def written(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    """As a spreadsheet would write it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ALL, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def row(number: int, **changes: str) -> dict[str, str]:
    values = dict(zip(HEADER.split(","), csv_rows(1, first=number)[0].split(","), strict=True))
    return {**values, **changes}


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=30),
    per_chunk=st.integers(1, 7),
    block=st.integers(1, 200),
    breaks=st.sampled_from(["", "two\nlines", 'a "quoted" word', "a,b", "\r\n"]),
)
def test_a_file_says_the_same_wherever_it_is_cut(sizes: list[int], per_chunk: int, block: int, breaks: str) -> None:
    rows = [
        row(number, sku=f"SKU-{line}", total="", **({"note": breaks} if line == 0 and breaks.strip() else {}))
        for number, size in enumerate(sizes, 1)
        for line in range(size)
    ]
    raw = written(rows)
    whole = entries(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "ORDERS_PER_CHUNK", per_chunk)
        pieces = entries(raw, size=block)
        assert len(cut(raw)[1]) == -(-len(sizes) // per_chunk)
    assert pieces == whole
    assert [len(each.order.lines) if each.order else None for each in whole] == sizes


_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() and not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)


@settings(deadline=None)
@given(text=_TEXT, delimiter=st.sampled_from(",;\t|"))
def test_any_text_of_a_cell_comes_through(text: str, delimiter: str) -> None:
    changes = {"customer_name": text, "note": text, "address_2": text, "customer_company": text, "service": text}
    (entry,) = entries(written([row(1, **changes)], delimiter))
    assert entry.order is not None, entry.faults
    same = unicodedata.normalize("NFC", text)
    new = entry.order
    assert new.delivery is not None
    assert {new.customer.name, new.note, new.ship_to.address_lines[1], new.customer.company, new.delivery.service} == {
        same
    }


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=400), header=st.booleans(), is_csv=st.booleans())
def test_any_bytes_are_orders_or_refusals(raw: bytes, header: bool, is_csv: bool) -> None:
    try:
        found = entries(HEADER.encode() + b"\n" + raw if header else raw, is_csv=is_csv)
    except RejectedError as error:
        assert error.faults or error.code == "too_large"  # noqa: PT017  either end is right
    else:
        assert all(each.order is not None or each.faults for each in found)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 2_000), piece=st.binary(max_size=12), length=st.integers(0, 12), is_csv=st.booleans())
def test_a_damaged_file_is_orders_or_refusals(place: int, piece: bytes, length: int, is_csv: bool) -> None:
    raw = bytearray(csv_file(csv_rows(8)) if is_csv else ndjson_file(order(number) for number in range(3)))
    place %= len(raw)
    raw[place : place + length] = piece
    try:
        found = entries(bytes(raw), is_csv=is_csv)
    except RejectedError as error:
        assert error.faults or error.code == "too_large"  # noqa: PT017  either end is right
    else:
        assert all(each.order is not None or each.faults for each in found)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"unit_price": "10,00"}, "unit_price", "must be an amount of EUR such as 19.90"),
        ({"unit_price": "1e2"}, "unit_price", "must be an amount of EUR such as 19.90"),
        ({"unit_price": "10.001"}, "unit_price", "must be an amount of EUR such as 19.90"),
        ({"quantity": "1.0"}, "quantity", "must be a whole number"),
        ({"quantity": "²"}, "quantity", "must be a whole number"),
        ({"quantity": "0"}, "quantity", "Input should be greater than or equal to 1"),
        ({"taxes_included": "maybe"}, "taxes_included", "must be true or false"),
        ({"country": "Germany"}, "country", "String should match pattern '^[A-Z]{2}$'"),
        ({"sku": ""}, "sku", "Field required"),
        ({"city": ""}, "city", "is needed in DE"),
        ({"customer_email": "nobody"}, "customer_email", "is not an e-mail address"),
        ({"ship_by": "tomorrow"}, "ship_by", None),
        ({"payment_status": "soon"}, "payment_status", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_column_and_row(changes: dict[str, str], field: str, message: str | None) -> None:
    first, second = entries(written([row(1), row(2, **changes)]))
    assert first.order is not None
    assert second.order is None
    (fault,) = [each.view for each in second.faults]
    assert (fault.field, fault.row) == (field, 3)
    assert message is None or fault.message == message


def test_a_second_row_may_repeat_the_order_and_not_contradict_it() -> None:
    same = entries(written([row(1), row(1, sku="LAMP"), row(2), row(2, city="Potsdam")]))
    assert same[0].order is not None
    assert len(same[0].order.lines) == 2
    assert [each.view.model_dump() for each in same[1].faults] == [
        {"field": "city", "message": "differs from the first row of the order", "row": 5}
    ]


def test_a_row_with_too_many_or_too_few_cells_is_refused_alone() -> None:
    raw = csv_file([csv_rows(1)[0] + "x,y", "C-2,EUR", *csv_rows(1, first=3)])
    found = entries(raw)
    assert [each.order is not None for each in found] == [False, False, True]
    assert [found[place].faults[0].fault.message for place in (0, 1)] == [
        "the row has 15 cells, the header 14",
        "the row has 2 cells, the header 14",
    ]


def test_every_column_reaches_the_order() -> None:
    values = {
        "external_number": "N1", "placed_at": "2026-11-23T09:30:00Z", "account_id": "ACME", "taxes_included": "yes",
        "discount": "1.00", "tax": "2.00", "line_tax": "1.50", "line_discount": "0.50", "line_id": "L1",
        "total": "13.50", "customer_phone": "+49 30 1", "customer_company": "Nord", "address_2": "Hof 2",
        "address_3": "3", "address_4": "4", "region": "BE", "billing_name": "Buchhaltung", "billing_company": "Nord AG",
        "billing_address_1": "Weg 1", "billing_city": "Bonn", "billing_postal_code": "53111", "billing_country": "DE",
        "billing_region": "NW", "billing_address_2": "b", "billing_address_3": "c", "billing_address_4": "d",
        "payment_status": "paid", "payment_method": "card", "payment_reference": "p1", "service": "express",
        "ship_by": "2026-11-24T00:00:00Z", "deliver_by": "2026-11-25T00:00:00Z", "pickup_location": "ber-1",
        "gift_message": "für Dich", "note": "n", "accepts_substitutes": "no", "priority": "7",
    }  # fmt: skip
    full = row(1, **values)
    assert set(full) == set(ALL), "a new column belongs into this test"
    (entry,) = entries(written([full]))
    assert entry.order is not None, entry.faults
    left_out = {
        name for name, value in entry.order.model_dump(exclude_defaults=True).items() if value in (None, "", [])
    }
    assert left_out == set()
    assert entry.order.ship_to.address_lines == ["Allee 1", "Hof 2", "3", "4"]
    assert entry.order.bill_to is not None
    assert (entry.order.accepts_substitutes, entry.order.priority) == (False, 7)
    assert (entry.order.bill_to.address_lines, entry.order.total_minor) == (["Weg 1", "b", "c", "d"], 1350)


def test_what_is_needed_is_what_an_order_needs() -> None:
    (entry,) = entries(written([{**{name: row(1)[name] for name in NEEDED}, "country": "HK"}]))
    assert entry.order is not None
    assert entry.order.total_minor == 1000


def test_a_byte_order_mark_is_one_at_the_beginning_only() -> None:
    mark = b"\xef\xbb\xbf"
    assert len(entries(mark + csv_file(csv_rows(2)))) == 2
    assert [each.order is not None for each in entries(mark + ndjson_file([order(1)]), is_csv=False)] == [False]
    (only,) = entries(mark + ndjson_file([order(1, channel="desk")]), is_csv=False)
    assert only.order is not None
    assert [each.order is None for each in entries(csv_file([mark.decode(), csv_rows(1)[0]]))] == [True, False]


@pytest.mark.parametrize("raw", [b"a\rb\rc\n", HEADER.replace(",", "\r").encode()])
def test_a_header_of_a_very_old_kind_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        cut(raw)


def test_a_quote_that_is_never_closed_fails_the_file_and_names_the_line() -> None:
    first, second, third = csv_rows(3)
    with pytest.raises(MalformedError, match="not closed") as error:
        entries(csv_file([first, second.replace(",", ',"', 1), third]))
    assert error.value.faults[0].message == "the quote that opens in the record at line 3 is never closed"


def test_a_quote_that_closes_in_the_middle_of_a_later_row_fails_the_file_too() -> None:
    first, second, third = csv_rows(3)
    with pytest.raises(MalformedError, match="not closed"):
        entries(csv_file([first, second.replace(",", ',"', 1), third.replace(",", 'x"y,', 1)]))


def test_inches_open_no_cell_and_swallow_no_order() -> None:
    rows = csv_rows(4)
    inches = [rows[0], rows[1].replace(",", ' 5",', 1), rows[2], rows[3].replace(",", ' 6",', 1)]
    assert [entry.row for entry in entries(csv_file(inches))] == [2, 3, 4, 5]


def test_a_row_with_a_cell_more_than_the_header_is_refused_even_if_that_is_empty() -> None:
    (row,) = csv_rows(1)
    (entry,) = entries(csv_file([f"{row},"]))
    assert (entry.order, entry.code) == (None, "invalid")
    assert "cells, the header" in entry.faults[0].fault.message


def test_a_carriage_return_in_the_middle_of_a_row_is_said_in_the_makers_words_with_its_line() -> None:
    first, second, third = csv_rows(3)
    raw = csv_file([first, second.replace(",Berlin,", ",Berlin\rMitte,"), third])
    refused = [entry for entry in entries(raw) if entry.order is None]
    assert [(entry.row, entry.code) for entry in refused] == [(3, "malformed")]
    (fault,) = refused[0].faults
    before = second.index("Berlin") + len("Berlin")
    assert (fault.row, fault.fault.field) == (3, "row")
    assert fault.fault.message == (
        f"a carriage return stands in the middle, after {before} characters; "
        "end rows with LF or CR LF, and put cells of several lines into double quotes"
    )


def test_a_file_whose_lines_end_with_carriage_returns_alone_is_refused_with_the_line_of_its_header() -> None:
    with pytest.raises(MalformedError) as refused:
        cut(csv_file(csv_rows(2)).replace(b"\n", b"\r"))
    (fault,) = refused.value.faults
    assert (str(refused.value), fault.field) == ("the header, line 1, is no CSV", "file")
    assert fault.message.startswith("line 1, the header: a carriage return stands in the middle, after ")
    assert "newline=" not in fault.message


def test_a_cell_that_is_too_long_is_said_to_be() -> None:
    long = csv_rows(1)[0] + "x" * (csv.field_size_limit() + 1)
    (entry,) = entries(csv_file([long]))
    assert entry.faults[0].fault.message == "a cell is longer than 131072 characters; is a quote not closed?"
