"""Real orders: the UCI Online Retail data set (a British gift wholesaler, 2010-2011), read as orders and cancellations.

How its rows are taken; every row is counted under exactly one of these:

- one `InvoiceNo` is one order; an invoice `C...` is a cancellation;
- goods are stock codes of five digits with a suffix, or `DCGS...`, with a quantity and a price above zero;
- `POST`, `DOT` and `C2` are postage and carriage: the order's shipping;
- all else (discounts, manual entries, fees, samples, vouchers, stock corrections at price zero) is left out;
- an invoice without goods is no order.

The set has no addresses, weights or taxes: each buyer gets an invented address in the right country, each article the
weight and size assumed below, and prices count as final. No other field is changed.
"""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from oms.reference.model import Item

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
GOODS = re.compile(r"(\d{5}[A-Za-z]*|DCGS\d+[A-Za-z]?)\Z")
CARRIAGE = frozenset({"POST", "DOT", "C2"})
CURRENCY = "GBP"
CHANNEL = "marketplace"
WEIGHT_G, LENGTH_MM, WIDTH_MM, HEIGHT_MM = 250, 100, 80, 60
CAPITALS = {
    "United Kingdom": ("GB", "Leeds", "LS1 4AP"),
    "Germany": ("DE", "Köln", "50667"),
    "France": ("FR", "Lyon", "69001"),
    "EIRE": ("IE", "Dublin", "D02 X285"),
    "Norway": ("NO", "Bergen", "5003"),
    "Portugal": ("PT", "Porto", "4000-069"),
    "Belgium": ("BE", "Gent", "9000"),
    "Cyprus": ("CY", "Λευκωσία", "1010"),
    "Spain": ("ES", "Valencia", "46001"),
    "Netherlands": ("NL", "Utrecht", "3511 AB"),
    "Japan": ("JP", "Osaka", "530-0001"),
    "Switzerland": ("CH", "Zürich", "8001"),
    "Italy": ("IT", "Torino", "10121"),
    "Australia": ("AU", "Melbourne", "3000"),
    "Lithuania": ("LT", "Kaunas", "44240"),
    "Iceland": ("IS", "Reykjavík", "101"),
    "Sweden": ("SE", "Göteborg", "411 06"),
    "Denmark": ("DK", "Aarhus", "8000"),
    "Channel Islands": ("JE", "Saint Helier", "JE2 3QA"),
    "Finland": ("FI", "Tampere", "33100"),
    "Austria": ("AT", "Linz", "4020"),
    "Poland": ("PL", "Łódź", "90-001"),
    "Israel": ("IL", "Haifa", "3303000"),
    "Bahrain": ("BH", "Manama", "317"),
    "Greece": ("GR", "Πάτρα", "262 21"),
    "Singapore": ("SG", "Singapore", "048616"),
    "Lebanon": ("LB", "Beirut", "1100"),
    "Hong Kong": ("HK", "Hong Kong", "00000"),
    "United Arab Emirates": ("AE", "Dubai", "00000"),
    "Saudi Arabia": ("SA", "Jeddah", "21589"),
    "USA": ("US", "Chicago", "60601"),
    "Canada": ("CA", "Toronto", "M5H 2N2"),
    "Brazil": ("BR", "Curitiba", "80010-010"),
    "RSA": ("ZA", "Cape Town", "8001"),
    "Malta": ("MT", "Valletta", "VLT 1117"),
    "Czech Republic": ("CZ", "Brno", "602 00"),
}
REGIONS = {"US": "IL", "CA": "ON", "AU": "VIC", "BR": "PR"}
ELSEWHERE = CAPITALS["United Kingdom"]  # "Unspecified", "European Community"


class WrongFileError(Exception):
    """The file is not the UCI Online Retail data set; the message says what was looked for."""


@dataclass(frozen=True)
class Invoice:
    """One order, ready to send, or one cancellation (`cancels`)."""

    number: str
    buyer: str
    cancels: bool
    units: Counter[str]
    names: dict[str, str]
    document: dict[str, Any] = field(default_factory=dict)


@dataclass
class Reading:
    """What became of the rows."""

    rows: Counter[str] = field(default_factory=Counter)
    without_goods: int = 0


def invoices(path: Path, reading: Reading) -> Iterator[Invoice]:
    """The invoices of a file, plain or gzipped, in its order.

    Raises:
        WrongFileError: a column is missing.
    """
    with _opened(path) as text:
        table = csv.DictReader(text)
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise WrongFileError(f"{path} lacks the column(s) {', '.join(missing)} of UCI Online Retail")
        for number, group in groupby(table, key=lambda row: row["InvoiceNo"]):
            invoice = _invoice(number, list(group), reading)
            if invoice.units:
                yield invoice
            else:
                reading.without_goods += 1


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def item_of(sku: str, name: str) -> Item:
    """An article of the data set as one of the catalogue."""
    return Item(
        sku=sku,
        name=name.strip() or sku,
        weight_g=WEIGHT_G,
        length_mm=LENGTH_MM,
        width_mm=WIDTH_MM,
        height_mm=HEIGHT_MM,
    )


def _invoice(number: str, rows: list[dict[str, str]], reading: Reading) -> Invoice:
    cancels = number.startswith("C")
    sign = -1 if cancels else 1
    units: Counter[str] = Counter()
    names: dict[str, str] = {}
    lines: list[dict[str, Any]] = []
    postage = 0
    for row in rows:
        code, quantity, price = row["StockCode"].strip(), sign * int(row["Quantity"]), _minor(row["UnitPrice"])
        if GOODS.match(code) and quantity > 0 and price > 0:
            reading.rows["cancelled goods" if cancels else "goods"] += 1
            units[code] += quantity
            names[code] = row["Description"]
            lines.append({"sku": code, "quantity": quantity, "unit_price_minor": price})
        elif code in CARRIAGE and quantity > 0:
            reading.rows["carriage"] += 1
            postage += quantity * price
        else:
            reading.rows["left out"] += 1
    buyer = row["CustomerID"].split(".")[0] or f"guest-{number}"
    document = _document(number, buyer, row["Country"], lines, postage)
    document["placed_at"] = f"{row['InvoiceDate'].replace(' ', 'T')}Z"
    return Invoice(number, buyer, cancels, units, names, {} if cancels else document)


def _document(number: str, buyer: str, country: str, lines: list[dict[str, Any]], postage: int) -> dict[str, Any]:
    code, city, postal_code = CAPITALS.get(country, ELSEWHERE)
    return {
        "channel": CHANNEL,
        "external_order_id": number,
        "currency": CURRENCY,
        "lines": lines,
        "shipping_minor": postage,
        "total_minor": sum(line["quantity"] * line["unit_price_minor"] for line in lines) + postage,
        "taxes_included": True,
        "customer": {"name": f"Customer {buyer}", "email": f"{buyer}@buyers.example"},
        "ship_to": {
            "address_lines": [f"{int(number[-3:]) if number[-3:].isdigit() else 1} High Street"],
            "city": city,
            "postal_code": postal_code,
            "country": code,
            **({"region": REGIONS[code]} if code in REGIONS else {}),
        },
    }


def _minor(price: str) -> int:
    return int((Decimal(price) * 100).quantize(Decimal(1), ROUND_HALF_UP))
