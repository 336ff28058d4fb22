"""How many card numbers are refused as identifiers, and how often another identifier is taken for one."""

import random

from oms.kernel.identifiers import carries_card
from tests.reliability.pan import ENCODINGS, SAMPLE, given_values, identifiers, issued_cards
from tests.shared_data import shared_path

_SEED = 20261128
# The ways in which a card is printed or pasted; digits of other scripts and unseen characters among them.
WRITTEN = tuple(each for each in ENCODINGS if each.name != "glued to a word")
_TODAY = frozenset({14, 15, 16, 19})
# Kinds of which not one in thousands may be refused: what marketplaces, carriers and trade number things with.
CHANCE_FREE = (
    "EAN-13",
    "UPC-A",
    "GTIN-14",
    "SSCC-18",
    "IMEI",
    "FedEx, 12 digits",
    "USPS, 22 digits",
    "UPS 1Z",
    "Shopify order id, 13 digits",
    "Amazon order",
    "eBay order",
    "phone",
    "UUID",
    "microseconds since 1970",
    "IBAN",
)


def cards_of_today() -> list[str]:
    """Numbers of every issuer in the lengths that cards have; without UATP, whose form a time in milliseconds has."""
    return [number for number in issued_cards() if len(number) in _TODAY and not _is_uatp(number)]


def figures() -> list[tuple[str, str]]:
    """Rows of docs/reliability.md."""
    written = [encoding.write(number) for encoding in WRITTEN for number in cards_of_today()]
    refused = sum(carries_card(text) for text in written)
    rows = [
        (
            "card numbers refused as identifiers: every issuer of 14 to 19 digits in every way of writing",
            f"{refused}/{len(written)} ({len(WRITTEN)} ways)",
        )
    ]
    chance = random.Random(_SEED)  # noqa: S311  a sample, not a secret
    for kind, make in identifiers().items():
        count = sum(carries_card(make(chance), sku=kind.startswith("GTIN")) for _ in range(SAMPLE))
        rows.append((f"refused as an identifier: {kind}", f"{count} of {SAMPLE} ({100 * count / SAMPLE:.2f} %)"))
    folders = [
        folder
        for group in ("2_order_source_payloads", "3_carriers")
        if (folder := shared_path(group, "given")) is not None
    ]
    if folders:
        values = list(given_values(*folders))
        taken = sum(carries_card(value) for value in values)
        rows.append(("values of the given payloads and carriers refused as identifiers", f"{taken} of {len(values)}"))
    return rows


def _is_uatp(number: str) -> bool:
    return number[0] == "1" and len(number) == 15


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:95} {value}")  # noqa: T201  a command prints
