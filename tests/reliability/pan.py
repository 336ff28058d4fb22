"""How many card numbers the detector finds, and how often it takes another identifier for one.

Recall: the given published numbers and sentences, and numbers of every issuer in every way of writing them.
False positives: the given identifiers of carriers and payloads, and a seeded sample of each kind of identifier.
"""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from oms.kernel.cards import ISSUERS, find_card_numbers, luhn
from tests.shared_data import shared_path

SAMPLE = 20_000
_SEED = 20261123
_EVERY = 4


class Encoding(NamedTuple):
    """A way in which somebody writes a number."""

    name: str
    write: Callable[[str], str]


class Recall(NamedTuple):
    """Numbers found and missed, and what was found that is none."""

    found: int
    missed: int
    false: int


def _fours(separator: str) -> Callable[[str], str]:
    return lambda number: separator.join(number[at : at + _EVERY] for at in range(0, len(number), _EVERY))


def _each(separator: str) -> Callable[[str], str]:
    return separator.join


def _digits_from(zero: int) -> Callable[[str], str]:
    return lambda number: "".join(chr(zero + int(digit)) for digit in number)


_MARKS = {
    "asterisks": "*",
    "number signs": "#",
    "equals signs": "=",
    "tildes": "~",
    "bars": "|",
    "apostrophes": "'",
    "the letter x": "x",
    "multiplication signs": "\u00d7",
    "fraction slashes": "\u2044",
    "four blanks": "    ",
    "line breaks of HTML": "<br>",
    "line breaks of XHTML": "<br />",
    "blanks of HTML": "&nbsp;",
    "blanks of a URL": "%20",
    "square brackets": "][",
}
ENCODINGS = (
    Encoding("plain", str),
    Encoding("spaces", _fours(" ")),
    Encoding("hyphens", _fours("-")),
    Encoding("dots", _fours(".")),
    Encoding("no-break spaces", _fours("\u00a0")),
    Encoding("thin spaces", _fours("\u2009")),
    Encoding("en dashes", _fours("\u2013")),
    Encoding("hyphens with spaces", _fours(" - ")),
    Encoding("line breaks", _fours("\n")),
    Encoding("slashes", _fours("/")),
    Encoding("underscores", _fours("_")),
    Encoding("each digit alone", _each(" ")),
    Encoding("zero-width spaces", _each("\u200b")),
    Encoding("zero-width joiners", _fours("\u200d")),
    Encoding("soft hyphens", _fours("\u00ad")),
    Encoding("word joiners", _fours("\u2060")),
    Encoding("NUL", _fours("\0")),
    Encoding("full-width digits", _digits_from(0xFF10)),
    Encoding("Arabic-Indic digits", _digits_from(0x0660)),
    Encoding("Persian digits", _digits_from(0x06F0)),
    Encoding("Devanagari digits", _digits_from(0x0966)),
    Encoding("Thai digits", _digits_from(0x0E50)),
    Encoding("bold mathematical digits", _digits_from(0x1D7CE)),
    Encoding("circled digits", lambda number: "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(digit)] for digit in number)),
    Encoding("raised digits", lambda number: "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in number)),
    Encoding("Chinese numerals", lambda number: "".join("〇一二三四五六七八九"[int(digit)] for digit in number)),
    Encoding("keycaps", lambda number: "".join(f"{digit}\ufe0f\u20e3" for digit in number)),
    Encoding("glued to a word", lambda number: f"Visa{number}"),
    *(Encoding(f"{name} between", _fours(mark)) for name, mark in _MARKS.items()),
    Encoding("in brackets", lambda number: "".join(f"({number[at : at + _EVERY]})" for at in range(0, len(number), 4))),
)


def issued_cards(per_issuer: int = 3) -> list[str]:
    """Numbers of every issuer and length, the same on every run."""
    chance = random.Random(_SEED)  # noqa: S311  a sample, not a secret
    numbers = []
    for issuer in ISSUERS:
        for length in sorted(issuer.lengths):
            for _ in range(per_issuer):
                head = str(chance.randint(int(issuer.low), int(issuer.high)))
                numbers.append(_closed(head + _random_digits(chance, length - len(head) - 1)))
    return numbers


def published_cards(path: Path) -> list[str]:
    """The test numbers that payment providers publish."""
    with path.open(encoding="utf-8") as file:
        return [row["pan"] for row in csv.DictReader(file)]


def given_cards(folder: Path) -> Recall:
    """Labelled sentences, and the cards and other fields of a hundred invented people."""
    found = missed = false = 0
    with gzip.open(folder / "presidio_synth_v2_first_half.json.gz") as file:
        sentences = json.load(file)
    for sentence in sentences:
        hits = {(hit.start, hit.end) for hit in find_card_numbers(sentence["full_text"])}
        cards = {
            (span["start_position"], span["end_position"])
            for span in sentence["spans"]
            if span["entity_type"] == "CREDIT_CARD"
        }
        found, missed, false = found + len(hits & cards), missed + len(cards - hits), false + len(hits - cards)
    with (folder / "fake_people_100.csv").open(encoding="utf-8-sig") as file:
        people = list(csv.DictReader(file))
    for person in people:
        hit = bool(find_card_numbers(person.pop("CCNumber")))
        found, missed = found + hit, missed + (not hit)
        false += sum(bool(find_card_numbers(value or "")) for value in person.values())
    return Recall(found, missed, false)


def identifiers() -> dict[str, Callable[[random.Random], str]]:
    """Kinds of identifiers that are no card numbers, each with how one is made."""
    return {
        "EAN-13": lambda chance: _gs1(_random_digits(chance, 12)),
        "UPC-A": lambda chance: _gs1(_random_digits(chance, 11)),
        "GTIN-14": lambda chance: _gs1(_random_digits(chance, 13)),
        "SSCC-18": lambda chance: _gs1(_random_digits(chance, 17)),
        "IMEI": lambda chance: _closed(chance.choice(("35", "86", "01", "99")) + _random_digits(chance, 12)),
        "FedEx, 12 digits": lambda chance: _random_digits(chance, 12),
        "FedEx, 15 digits": lambda chance: _random_digits(chance, 15),
        "USPS, 22 digits": lambda chance: _gs1("94001" + _random_digits(chance, 16)),
        "UPS 1Z": lambda chance: "1Z" + _random_digits(chance, 16),
        "DPD, 14 digits": lambda chance: _random_digits(chance, 14),
        "16-digit reference": lambda chance: _random_digits(chance, 16),
        "Shopify order id, 13 digits": lambda chance: _random_digits(chance, 13),
        "Amazon order": lambda chance: "-".join(_random_digits(chance, count) for count in (3, 7, 7)),
        "eBay order": lambda chance: "-".join(_random_digits(chance, count) for count in (2, 5, 5)),
        "phone": lambda chance: f"+{chance.choice((1, 33, 34, 36, 39, 44, 49))} {_random_digits(chance, 10)}",
        "UUID": lambda chance: f"{chance.getrandbits(128):032x}",
        "microseconds since 1970": lambda chance: str(1_700_000_000_000_000 + chance.randrange(10**14)),
        "IBAN": lambda chance: _iban(_random_digits(chance, 18)),
    }


def false_positives(sample: int = SAMPLE) -> dict[str, int]:
    """Of `sample` identifiers of each kind, how many are taken for card numbers."""
    chance = random.Random(_SEED)  # noqa: S311  a sample, not a secret
    return {
        kind: sum(bool(find_card_numbers(make(chance))) for _ in range(sample)) for kind, make in identifiers().items()
    }


def given_values(*folders: Path) -> Iterator[str]:
    """Every text and number of the given JSON files."""
    for folder in folders:
        for path in sorted(folder.rglob("*.json")):
            try:
                yield from _leaves(json.loads(path.read_bytes()))
            except ValueError:
                continue  # some of the given files are broken on purpose


def figures() -> list[tuple[str, str]]:
    """Rows of docs/reliability.md."""
    numbers = issued_cards()
    written = [encoding.write(number) for encoding in ENCODINGS for number in numbers]
    found = sum(bool(find_card_numbers(text)) for text in written)
    rows = [
        (
            "card numbers found: every issuer and length in every way of writing",
            f"{found}/{len(written)} ({len(ENCODINGS)} ways)",
        )
    ]
    published = shared_path("7_security_pii", "given", "pan", "published_test_pans.csv")
    people = shared_path("7_security_pii", "given", "pii")
    if published and people:
        cards = published_cards(published)
        hits = sum(bool(find_card_numbers(card)) for card in cards)
        rows.append(("card numbers found: published test numbers", f"{hits}/{len(cards)}"))
        recall = given_cards(people)
        rows.append(
            (
                "card numbers found: given sentences and people; other fields taken for one",
                f"{recall.found}/{recall.found + recall.missed}; {recall.false}",
            )
        )
    folders = [
        folder
        for group in ("2_order_source_payloads", "3_carriers")
        if (folder := shared_path(group, "given")) is not None
    ]
    if folders:
        values = list(given_values(*folders))
        taken = sum(bool(find_card_numbers(value)) for value in values)
        rows.append(("values of the given payloads and carriers taken for card numbers", f"{taken} of {len(values)}"))
    rows += [
        (f"taken for a card number: {kind}", f"{count} of {SAMPLE} ({100 * count / SAMPLE:.2f} %)")
        for kind, count in false_positives().items()
    ]
    return rows


def _leaves(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for value in document.values():
            yield from _leaves(value)
    elif isinstance(document, list):
        for value in document:
            yield from _leaves(value)
    elif isinstance(document, str | int):
        yield str(document)


def _random_digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _closed(digits: str) -> str:
    """With the check digit that fits."""
    return next(digits + last for last in "0123456789" if luhn(digits + last))


def _gs1(digits: str) -> str:
    weighted = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return digits + str(-weighted % 10)


def _iban(account: str) -> str:
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:75} {value}")  # noqa: T201  a command prints
