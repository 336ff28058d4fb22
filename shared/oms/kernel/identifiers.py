"""What others name things with: an order, a line, an SKU, a receipt, a cart. Kept to the letter, so never redacted.

Two identifiers that read the same are the same or refused: outer blanks, characters that cannot be seen, and other
ways to write an ASCII character are no part of a name. What carries a card number is refused as well, because a name
that is cut down is another name (ADR 25). The rule is narrower than the one for texts, as numbers are what identifiers
are made of: card numbers of 14 to 19 digits, written as cards are printed. Left out are Luhn's chance hits among

- 12 and 13 digits (EAN, order numbers of marketplaces) and 17 (some UnionPay): nearly nobody's cards;
- 15 digits that begin with 1 (UATP): a time in milliseconds with two more digits looks like them;
- 18 digits with the check digit of an SSCC, and SKUs of 14 digits with that of a GTIN;
- UUIDs, and what the sender's own counter made, where its plug-in says how that looks.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from oms.kernel.cards import Rule, find_card_numbers, issued, redact
from oms.kernel.ids import check_digit_mod10
from oms.kernel.text import UpTo, clean

CARD_NUMBER = "card_number"  # the code of every refusal for this reason
OWN_IDS = "own_ids"  # in the context of a validation: a pattern of the numbers that the sender counts itself
_TOLD = "must not carry a card number"
_LENGTHS = frozenset({14, 15, 16, 18, 19})
_SSCC, _GTIN = 18, 14
_CUT_AWAY = 4  # digits at least that are no longer there
_UATP = ("1", 15)
_UUID = re.compile(  # with its hyphens, or 32 hexadecimal digits that are not all decimal
    r"(?i)(?<![0-9a-f])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=\d*[a-f])[0-9a-f]{32})(?![0-9a-f])"
)
_MIGHT = re.compile(r"(?:\D*+\d){14}")
# What we leave of a card number, first six and last four: the name that it stood in is gone.
_CUT = re.compile(r"(?<!\d)\d{6}(?:X{4,9}\d{4}|X{8,13})(?![\dX])")
_NOT_OF_A_CUT = re.compile(r"[^\dA-Za-z]")
# Characters that take no room and are no format characters: joiners, fillers, selectors, the empty Braille cell.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def carries_card(text: str, *, sku: bool = False, own: re.Pattern[str] | None = None) -> bool:
    """Whether an identifier carries a card number, or what is left of one. `own`: how the sender's counter counts."""
    if own is not None and own.fullmatch(text):
        return False
    if text.count("X") >= _CUT_AWAY and _CUT.search(_NOT_OF_A_CUT.sub("", text)):
        return True
    if text.isascii() and not _MIGHT.match(text):
        return False
    return bool(find_card_numbers(_UUID.sub("", text), _IN_SKU if sku else _IN_IDENTIFIER))


def cut(text: str, own: re.Pattern[str] | None = None) -> str:
    """The identifier without the card number that it carries: no name any more, but something that may be kept."""
    name = text.strip("\"' \t\r\n")
    return redact(text, _IN_SKU) if carries_card(name, sku=True, own=own) else text


def named(text: str) -> str:
    """The identifier in NFC.

    Raises:
        ValueError: see `clean`; outer blanks, or a character that cannot be seen or passes for an ASCII one.
    """
    text = clean(text)
    if text != text.strip():
        raise ValueError("must not begin or end with a blank")
    if not text.isascii() and any(_passes_for_another(character) for character in text):
        raise ValueError("must not hold characters that cannot be seen or pass for others")
    return text


def code_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """The code of a refusal by the rows of a `ValidationError`."""
    return CARD_NUMBER if any(row["type"] == CARD_NUMBER for row in rows) else "invalid"


def _passes_for_another(character: str) -> bool:
    """Zero-width and format characters, blanks of other widths, full-width, raised and circled letters and digits."""
    if character.isascii():
        return False
    if unicodedata.category(character) in ("Cf", "Zs") or _UNSEEN.match(character):
        return True
    return unicodedata.normalize("NFKC", character).isascii()


def _known(digits: str) -> bool:
    size = len(digits)
    if size not in _LENGTHS or (digits[0], size) == _UATP or not issued(digits):
        return False
    return size != _SSCC or check_digit_mod10(digits[:-1]) != digits[-1]


def _known_of_sku(digits: str) -> bool:
    return _known(digits) and (len(digits) != _GTIN or check_digit_mod10(digits[:-1]) != digits[-1])


_IN_IDENTIFIER = Rule(_known, after_words=False, any_groups=False)
_IN_SKU = _IN_IDENTIFIER._replace(known=_known_of_sku)


def _identifier(text: str) -> str:
    return _refused_with_card(named(text))


def _sku(text: str) -> str:
    return _refused_with_card(named(text), sku=True)


def _sender_identifier(text: str, info: ValidationInfo) -> str:
    own = (info.context or {}).get(OWN_IDS)
    return _refused_with_card(named(text), own=own)


def _refused_with_card(text: str, *, sku: bool = False, own: re.Pattern[str] | None = None) -> str:
    if carries_card(text, sku=sku, own=own):
        raise PydanticCustomError(CARD_NUMBER, _TOLD)
    return text


def _without_card(text: str) -> str:
    return _refused_with_card(text)


# What a caller names things with.
Reference = Annotated[str, AfterValidator(_identifier), UpTo(128)]
# The same of what a channel's own counter may have numbered.
SenderReference = Annotated[str, AfterValidator(_sender_identifier), UpTo(128)]
# A name that is only looked for: whatever is stored may be asked for.
Sought = Annotated[str, AfterValidator(named), UpTo(128)]
Sku = Annotated[str, AfterValidator(_sku), UpTo(64)]
WithoutCard = AfterValidator(_without_card)  # for identifiers whose form a pattern says
