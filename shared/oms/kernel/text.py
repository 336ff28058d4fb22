"""Text from outside: one Unicode form, nothing that is not what it seems, no card number.

What people write for people is `plain` or `plain_lines`: clean, and card numbers are cut down before anything else sees
the text. Identifiers (an order number, an SKU, a reference) have a module of their own.
"""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

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


class UpTo:
    """At least `least` and at most `limit` characters of what the validators before it made of the text.

    `Field(max_length=...)` counts what was sent; Unicode's normal form may have more characters, or fewer.
    """

    def __init__(self, limit: int, least: int = 1) -> None:
        self.limit = limit
        self.least = least

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), **({"minLength": self.least} if self.least else {}), "maxLength": self.limit}

    def _check(self, text: str) -> str:
        if len(text) > self.limit:
            raise PydanticKnownError("string_too_long", {"max_length": self.limit})
        if len(text) < self.least:
            raise PydanticKnownError("string_too_short", {"min_length": self.least})
        return text


Clean = AfterValidator(clean)
Plain = AfterValidator(plain)
PlainLines = AfterValidator(plain_lines)
# `2026-11-23T09:30:00Z`, with or without milliseconds: a moment that exists, in UTC.
Instant = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$"), AfterValidator(_is_instant)
]
# What somebody gives as the reason of what they do; it stands in the timeline.
Remark = Annotated[str, Plain, UpTo(200)]
