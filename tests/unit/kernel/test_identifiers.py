"""Names of things: kept to the letter, told apart by reading them, and never the number of a card."""

import random
import re
import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from oms.intake.model import NewOrder
from oms.kernel.cards import luhn
from oms.kernel.identifiers import OWN_IDS, Reference, SenderReference, Sku, carries_card, code_of, cut
from oms.kernel.text import Plain, UpTo
from tests.intake import canonical
from tests.reliability.identifiers import CHANCE_FREE, WRITTEN, cards_of_today
from tests.reliability.pan import Encoding, identifiers

VISA, DINERS = "4242424242424242", "30569309025904"
_REFERENCE, _SKU = TypeAdapter[str](Reference), TypeAdapter[str](Sku)


class _Short(BaseModel):
    text: Annotated[str, Plain, UpTo(3)]


def wrong(adapter: TypeAdapter[str], text: str) -> str:
    """The code of the refusal."""
    with pytest.raises(ValidationError) as refusal:
        adapter.validate_python(text)
    return code_of(refusal.value.errors())


@pytest.mark.parametrize("encoding", WRITTEN, ids=[encoding.name for encoding in WRITTEN])
def test_no_card_of_today_is_a_name_however_it_is_written(encoding: Encoding) -> None:
    written = [encoding.write(number) for number in cards_of_today()]
    assert [text for text in written if not carries_card(text)] == []
    assert [text for text in written if not carries_card(f"SO-{text}")] == []


@pytest.mark.parametrize("kind", CHANCE_FREE)
def test_the_numbers_that_trade_uses_are_names(kind: str) -> None:
    chance = random.Random(7)  # noqa: S311  a sample, not a secret
    made = [identifiers()[kind](chance) for _ in range(3_000)]
    assert [text for text in made if carries_card(text, sku=True)] == []


@pytest.mark.parametrize(
    "text",
    [
        "A-1",
        "112-1234567-1234567",
        "12-34567-89012",
        "6304000000000",  # thirteen digits of a shop that a Maestro card could begin with
        "#1001",
        "gid://shopify/Order/5678901234567",
        "cec9ab4e-4242-4242-4242-424242424242",
        "1732818423123-01",  # milliseconds and two digits: UATP
        "2026-11-28-000123",
        "00340434161094042557",  # an SSCC with its application identifier
        "100200XXXXL",  # a size
        "12345678-87654321",
        "Größe 38/40",
        "ｱｲｳ",
        "م-١٢",
    ],
)
def test_names_stay_to_the_letter(text: str) -> None:
    assert _REFERENCE.validate_python(text) == unicodedata.normalize("NFC", text)
    assert _SKU.validate_python(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "text",
    [
        "E-CH1 ",
        " E-CH1",
        "E-CH1\u00a0",
        "E\u00a0CH1",
        "E-\u200bCH1",
        "E-CH1\ufeff",
        "E-\u00adCH1",
        "E-\u2060CH1",
        "E-\ufe0fCH1",
        "E-\u3164CH1",
        "E-\u202eCH1",
        "E-CH\tX",
        "Ｅ-CH1",  # noqa: RUF001  full-width on purpose
        "E-CH１",  # noqa: RUF001
        "E-CH¹",
        "E-CH①",
        "E-\U0001d402H1",
        "\ufb01sh",
        " ",
        "",
    ],
)
def test_what_reads_like_another_name_is_none(text: str) -> None:
    assert wrong(_REFERENCE, text) == wrong(_SKU, text) == "invalid"


@given(st.text(max_size=20))
def test_a_name_is_refused_or_in_its_one_form(text: str) -> None:
    try:
        name = _REFERENCE.validate_python(text)
    except ValidationError:
        return
    assert name == unicodedata.normalize("NFC", text)
    assert _REFERENCE.validate_python(name) == name
    assert name == name.strip()


def test_lengths_are_those_of_the_normal_form() -> None:
    composed = "e\u0301"
    assert _REFERENCE.validate_python(composed * 128) == "é" * 128
    assert wrong(_REFERENCE, "x" * 129) == "invalid"
    assert wrong(_SKU, "\u0958" * 33) == "invalid", "sixty-six characters in NFC"
    assert _Short(text=composed * 3).text == "ééé"
    with pytest.raises(ValidationError, match="at most 3 characters"):
        _Short(text="\u0958" * 2)
    assert _Short.model_json_schema()["properties"]["text"] == {
        "maxLength": 3,
        "minLength": 1,
        "title": "Text",
        "type": "string",
    }


def test_a_number_with_the_check_digit_of_a_gtin_is_an_sku_and_no_reference() -> None:
    both = next(f"3600{n:09}{d}" for n in range(1_000) for d in range(10) if _both(f"3600{n:09}{d}"))
    assert _SKU.validate_python(both) == both
    assert wrong(_REFERENCE, both) == "card_number"
    assert wrong(_SKU, DINERS) == wrong(_REFERENCE, DINERS) == "card_number"


def test_what_the_sender_counts_itself_is_taken_whole_and_only_that() -> None:
    names: TypeAdapter[str] = TypeAdapter(SenderReference)
    own = {OWN_IDS: re.compile(r"\d{14}")}
    assert names.validate_python(DINERS, context=own) == DINERS
    assert wrong(names, DINERS) == "card_number"
    for text in (f"x{DINERS}", VISA):
        with pytest.raises(ValidationError):
            names.validate_python(text, context=own)


def test_what_is_left_of_a_card_number_is_no_name_either() -> None:
    for text in (VISA, DINERS, "4242 4242 4242 4242", f"SO-{VISA}", "4242-4242-4242-4242"):
        rest = cut(text)
        assert VISA not in re.sub(r"\D", "", rest)
        assert cut(rest) == rest
        assert wrong(_REFERENCE, rest) == "card_number"


@pytest.mark.parametrize(
    "changes",
    [
        {"external_order_id": VISA},
        {"external_number": f"#{VISA}"},
        {"reservation": VISA},
        {"account_id": VISA},
        {"delivery": {"pickup_location": VISA}},
        {"lines": [{"sku": VISA, "quantity": 1, "unit_price_minor": 1}]},
        {"lines": [{"sku": "MUG", "external_line_id": VISA, "quantity": 1, "unit_price_minor": 1}]},
    ],
)
def test_no_identifier_of_an_order_takes_a_card_number_and_the_refusal_does_not_repeat_it(
    changes: dict[str, object],
) -> None:
    with pytest.raises(ValidationError) as refusal:
        NewOrder.model_validate(canonical(**changes))
    assert code_of(refusal.value.errors()) == "card_number"
    assert VISA not in str(refusal.value)


def _both(digits: str) -> bool:
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits[:-1])))
    return luhn(digits) and -weighted % 10 == int(digits[-1])
