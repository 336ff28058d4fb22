"""The columns of a CSV file of orders: flat, one row per line, the rows of an order one below the other.

What belongs to the order stands in its first row; further rows may repeat it or leave it out. Amounts are decimal
numbers of the currency's main unit (`19.90`), instants are UTC (`2026-11-23T09:30:00Z`). Cells that begin with `=`,
`+`, `-` or `@` are texts like any other: nothing is ever calculated.
"""

import csv
from collections.abc import Mapping
from typing import Literal, NamedTuple

from oms.intake.imports.model import Layout
from oms.kernel.errors import Fault, MalformedError

KEY = "external_order_id"
Kind = Literal["text", "money", "units", "flag"]


class Column(NamedTuple):
    """Where a cell goes: the path in the order (or its line), and how it is read."""

    path: tuple[str | int, ...]
    kind: Kind = "text"
    meaning: str = ""


def _address(prefix: str, owner: str) -> dict[str, Column]:
    lines: dict[str, Column] = {
        f"{prefix}address_{number}": Column(
            (owner, "address_lines", number - 1), meaning=f"line {number} of the address"
        )
        for number in range(1, 5)
    }
    parts = {
        part: Column((owner, part), meaning=part.replace("_", " ") + " of the address")
        for part in ("city", "region", "postal_code")
    }
    return {
        **lines,
        **{f"{prefix}{part}": column for part, column in parts.items()},
        f"{prefix}country": Column((owner, "country"), meaning="country, two letters (ISO 3166)"),
    }


ORDER: Mapping[str, Column] = {
    KEY: Column((KEY,), meaning="the sender's id of the order, for ever; needed in every row"),
    "external_number": Column(("external_number",), meaning="the number that the buyer sees"),
    "placed_at": Column(("placed_at",), meaning="when the buyer ordered"),
    "currency": Column(("currency",), meaning="three letters (ISO 4217)"),
    "account_id": Column(("account_id",), meaning="customer account, for orders on account"),
    "taxes_included": Column(("taxes_included",), "flag", "`true`: prices contain the tax"),
    "shipping": Column(("shipping_minor",), "money", "every charge that is not a line"),
    "discount": Column(("discount_minor",), "money", "discount on the whole order"),
    "tax": Column(("tax_minor",), "money", "tax in all; empty: the sum of `line_tax`"),
    "total": Column(("total_minor",), "money", "what the buyer pays; empty: what the parts come to"),
    "customer_name": Column(("customer", "name"), meaning="who receives it"),
    "customer_email": Column(("customer", "email"), meaning="e-mail address"),
    "customer_phone": Column(("customer", "phone"), meaning="telephone"),
    "customer_company": Column(("customer", "company"), meaning="company"),
    **_address("", "ship_to"),
    "billing_name": Column(("bill_to", "name"), meaning="who is billed, if somebody else"),
    "billing_company": Column(("bill_to", "company"), meaning="company that is billed"),
    **_address("billing_", "bill_to"),
    "payment_status": Column(
        ("payment", "status"),
        meaning="none, pending, authorized, partially_paid, paid, partially_refunded or refunded",
    ),
    "payment_method": Column(("payment", "method"), meaning="kind of method; never a card number"),
    "payment_reference": Column(("payment", "reference"), meaning="the provider's reference"),
    "service": Column(("delivery", "service"), meaning="delivery service by the sender's name"),
    "ship_by": Column(("delivery", "ship_by"), meaning="ship no later than"),
    "deliver_by": Column(("delivery", "deliver_by"), meaning="deliver no later than"),
    "pickup_location": Column(("delivery", "pickup_location"), meaning="the buyer collects it there"),
    "accepts_substitutes": Column(("accepts_substitutes",), "flag", "`false`: the buyer takes no other article"),
    "priority": Column(("priority",), "units", "0 (normal) to 9 (most urgent), as high as the channel may ask"),
    "note": Column(("note",), meaning="the buyer's words"),
    "gift_message": Column(("gift_message",), meaning="to be put into the parcel"),
}
LINE: Mapping[str, Column] = {
    "line_id": Column(("external_line_id",), meaning="the sender's id of the line"),
    "sku": Column(("sku",), meaning="SKU of the catalogue"),
    "quantity": Column(("quantity",), "units", "whole units"),
    "unit_price": Column(("unit_price_minor",), "money", "price of one unit"),
    "line_discount": Column(("discount_minor",), "money", "discount on the line"),
    "line_tax": Column(("tax_minor",), "money", "tax on the line"),
}
NEEDED = (
    KEY,
    "currency",
    "customer_name",
    "address_1",
    "country",
    "sku",
    "quantity",
    "unit_price",
)
_DELIMITERS = ",;\t|"


def layout_of(header: str, line: int = 1) -> Layout:
    """How the file is written, from its first row. The delimiter is the one that makes the known columns appear.

    Raises:
        MalformedError: a column that we do not know, one that stands twice, or a needed one that is missing; or the
            header, in this line of the file, is no CSV.
    """
    try:
        cells_in(header, _DELIMITERS[0])
    except MalformedError as error:
        faults = [Fault("file", f"line {line}, the header: {fault.message}") for fault in error.faults]
        raise MalformedError(f"the header, line {line}, is no CSV", faults=faults) from None
    rows = {each: _cells(header, each) for each in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda each: sum(name in ORDER or name in LINE for name in rows[each]))
    columns = rows[delimiter]
    faults = [
        Fault(name[:60] or "(empty)", "is no column that we know")
        for name in columns
        if name not in ORDER and name not in LINE
    ]
    faults += [Fault(name, "stands twice") for name in dict.fromkeys(columns) if columns.count(name) > 1]
    faults += [Fault(name, "is needed") for name in NEEDED if name not in columns]
    if faults:
        raise MalformedError("the header is not ours", code="malformed", faults=faults[:100])
    return Layout(delimiter=delimiter, columns=tuple(columns), width=len(cells_in(header, delimiter)))


def _cells(header: str, delimiter: str) -> list[str]:
    names = [name.strip().lower() for name in cells_in(header, delimiter)]
    while names and not names[-1]:
        names.pop()
    return names


def cells_in(text: str, delimiter: str) -> list[str]:
    """The cells of one CSV record.

    Raises:
        MalformedError: a carriage return in the middle, or a cell longer than 128 KB.
    """
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        raise MalformedError("the row is no CSV", faults=[Fault("row", _not_csv(text))]) from None


def _not_csv(text: str) -> str:
    """What is wrong with a record that cannot be read, for who made the file."""
    before, found, _ = text.rstrip("\r\n").partition("\r")
    if found:
        return (
            f"a carriage return stands in the middle, after {len(before)} characters; "
            "end rows with LF or CR LF, and put cells of several lines into double quotes"
        )
    return f"a cell is longer than {csv.field_size_limit()} characters; is a quote not closed?"


# From a path of our model back to the column, so that a fault names what the sender wrote.
COLUMN_OF: Mapping[str, str] = {".".join(str(part) for part in column.path): name for name, column in ORDER.items()} | {
    f"lines.*.{column.path[0]}": name for name, column in LINE.items()
}
