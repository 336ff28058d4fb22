"""Text from outside: one Unicode form, nothing that is not what it seems, no card number.

Identifiers (an order number, an SKU, a reference) are `clean`: kept to the letter. What people write for people is
`plain` or `plain_lines`: clean, and card numbers are cut down before anything else sees the text.
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from oms.kernel.cards import redact
from oms.kernel.time import from_text

_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, lone surrogates, line and paragraph separators
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # can make a text read other than it is


def clean(text: str) -> str:
    """The text in NFC.

    Raises:
        ValueError: a control character, a lone surrogate, a direction override, or nothing but blanks.
    """
    if not (text.isascii() and text.isprintable()):
        if any(unicodedata.category(character) in _FORBIDDEN or character in _BIDI for character in text):
            raise ValueError("control characters are not allowed")
        text = unicodedata.normalize("NFC", text)
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def clean_lines(text: str) -> str:
    """As `clean`, for texts of several lines: line breaks stay (as LF), tabs become blanks.

    Raises:
        ValueError: see `clean`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    if not any(line.strip() for line in lines):
        raise ValueError("must not be blank")
    return "\n".join(clean(line) if line.strip() else "" for line in lines)


def plain(text: str) -> str:
    """One line that people read: clean, and without card numbers.

    Raises:
        ValueError: see `clean`.
    """
    return redact(clean(text))


def plain_lines(text: str) -> str:
    """Several lines that people read: clean, and without card numbers, also where one runs over a line's end.

    Raises:
        ValueError: see `clean`.
    """
    return redact(clean_lines(text))


def _is_instant(text: str) -> str:
    from_text(text)
    return text


Clean = AfterValidator(clean)
Plain = AfterValidator(plain)
PlainLines = AfterValidator(plain_lines)
# `2026-11-23T09:30:00Z`, with or without milliseconds: a moment that exists, in UTC.
Instant = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$"), AfterValidator(_is_instant)
]
# What others name things with: an order, a receipt, a cart; kept to the letter.
Reference = Annotated[str, Field(min_length=1, max_length=128), Clean]
Sku = Annotated[str, Field(min_length=1, max_length=64), Clean]
# What somebody gives as the reason of what they do; it stands in the timeline.
Remark = Annotated[str, Field(min_length=1, max_length=200), Plain]
