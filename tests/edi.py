"""What tests of EDI share: the real documents that are at hand, the terms they need, and ways to break a document."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from oms.intake.channels.edifact_orders import PLUGIN as EDIFACT
from oms.intake.channels.x12_850 import PLUGIN as X12
from oms.intake.files import FilePlugin
from oms.intake.notices import Notice
from oms.kernel.errors import RejectedError
from oms.reference.model import Channel
from tests.unit.intake.specimens import edifact_orders, x12_850

_GIVEN = Path("data/4_edi_erp_wms/given")
_ROOTS = [parent / "shared" for parent in Path(__file__).resolve().parents]
REAL = next((root / _GIVEN for root in _ROOTS if (root / _GIVEN).is_dir()), None)
PLUGINS: Mapping[str, FilePlugin] = {"x12_850": X12, "edifact_orders": EDIFACT}
SPECIMENS = {"x12_850": x12_850, "edifact_orders": edifact_orders}

_DEPOT = {"name": "Depot", "address_lines": ["Depot road 1"], "city": "Depotville", "postal_code": "1", "country": "DE"}
# What the partners of the real documents have agreed with their suppliers and therefore do not write.
AGREED: Mapping[str, str] = {
    "currency": "USD",
    "country": "US",
    "account_id": "ACME",
    **{f"place.{code}": json.dumps(_DEPOT) for code in ("5400110000009", "8711576100019", "123456789")},
    **{f"unit.{code}": "1" for code in ("SF", "KI", "GBND", "YD")},
    **{f"price.{sku}": "1.25" for sku in ("02006", "02008", "01019", "01220", "5020436373085", "5020436373108")},
}


class Real(NamedTuple):
    """A real file that holds orders or pretends to."""

    kind: str
    name: str
    raw: bytes


def real_orders() -> list[Real]:
    """All files with an 850 or an ORDERS message."""
    found: list[Real] = []
    for kind, folder, mark in (("x12_850", "x12", b"*850*"), ("edifact_orders", "edifact", b"ORDERS:D")):
        for path in sorted((REAL / folder).rglob("*")) if REAL else []:
            raw = path.read_bytes() if path.is_file() and path.suffix.lower() == ".edi" else b""
            if mark in raw:
                found.append(Real(kind, path.name, raw))
    return found


def channel(kind: str, options: Mapping[str, str] = AGREED) -> Channel:
    return Channel(name="partner", kind=kind, currencies=frozenset({"USD", "EUR"}), options=options)


def parse(kind: str, raw: bytes, options: Mapping[str, str] = AGREED) -> Sequence[Notice]:
    return PLUGINS[kind].parse(channel(kind, options), {}, raw)


def refusal(kind: str, raw: bytes, options: Mapping[str, str] = AGREED) -> RejectedError:
    try:
        parse(kind, raw, options)
    except RejectedError as error:
        return error
    raise AssertionError("it was taken")


def rows(kind: str, changes: Mapping[str, str | None]) -> bytes:
    """The specimen with rows exchanged: by how a row begins; None takes it out. Counts are set right."""
    terminator = "~\n" if kind == "x12_850" else "'\n"
    kept: list[str] = []
    for row in SPECIMENS[kind].ROWS:
        found = next((new for start, new in changes.items() if row.startswith(start)), row)
        kept += [found] if found is not None else []
    first, last = ("ST", "SE*") if kind == "x12_850" else ("UNH", "UNT+")
    begin = next(place for place, row in enumerate(kept) if row.startswith(first))
    for place, row in enumerate(kept):
        if row.startswith(last) and last not in {start[: len(last)] for start in changes}:
            parts = row.split(last[-1])
            kept[place] = last[-1].join([parts[0], str(place - begin + 1), *parts[2:]])
    return "".join(row + terminator for row in kept).encode()


def many(kind: str, count: int) -> bytes:
    """One interchange with this many documents."""
    specimen = list(SPECIMENS[kind].ROWS)
    first, last = ("ST*", "SE*") if kind == "x12_850" else ("UNH", "UNT")
    begin = next(place for place, row in enumerate(specimen) if row.startswith(first))
    end = next(place for place, row in enumerate(specimen) if row.startswith(last)) + 1
    size = end - begin
    documents: list[str] = []
    for number in range(1, count + 1):
        rows_of = [row.replace("4711", f"{number}") for row in specimen[begin:end]]
        if kind == "x12_850":
            documents += [f"ST*850*{number:04d}", *rows_of[1:-1], f"SE*{size}*{number:04d}"]
        else:
            documents += [f"UNH+{number}+ORDERS:D:96A:UN", *rows_of[1:-1], f"UNT+{size}+{number}"]
    trailer = [row.replace("GE*1", f"GE*{count}").replace("UNZ+1", f"UNZ+{count}") for row in specimen[end:]]
    terminator = "~" if kind == "x12_850" else "'"
    return "".join(row + terminator for row in [*specimen[:begin], *documents, *trailer]).encode()


def broken(raw: bytes, random: Random) -> bytes:
    """The document with one to six pieces lost, doubled, exchanged or made up."""
    text = bytearray(raw)
    for _ in range(random.randint(1, 6)):
        place, length = random.randrange(len(text) + 1), random.randint(1, 12)
        piece = bytes(text[place : place + length])
        text[place : place + length] = random.choice(
            [
                b"",
                piece * 2,
                bytes(random.randrange(256) for _ in range(length)),
                random.choice([b"~", b"*", b"'", b"+", b":", b"?", b"\n", b"ISA", b"UNB", b"ST*850*1", b"UNZ+1+1'"]),
                random.choice([b"-1", b"0", b"1e9", b"99999999999999999999", b"\xc2\xb2", b"NaN", b".", b"9" * 400]),
            ]
        )
    return bytes(text)
