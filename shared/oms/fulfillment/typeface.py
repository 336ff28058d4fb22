"""Text that always shows: which font draws which character, and what stands for a character that none can draw.

Latin, Greek and Cyrillic come from the embedded font; Han, kana and Hangul from the viewer's own font for the script
(PDF's standard CID fonts, not embedded: a CJK font would be 5 MB and more). Anything else shows as its code point,
`[U+1F600]`: never a blank, never a silently dropped letter. reportlab is imported on first use (75 ms).
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
_FOLDER = Path(__file__).parent / "fonts"
_JAPANESE, _CHINESE, _KOREAN = "HeiseiKakuGo-W5", "STSong-Light", "HYSMyeongJo-Medium"
_HAN = ((0x3000, 0x303F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
_KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF))
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))


class Run(NamedTuple):
    """Characters that one font draws."""

    font: str
    text: str


@lru_cache(maxsize=1)
def _coverage() -> dict[str, frozenset[int]]:
    """Register the embedded fonts; the code points that each has a glyph for."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415  only who draws pays for it
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    covered = {}
    for name in (REGULAR, BOLD):
        # Embed the characters used and no others, not all of ASCII: half the bytes of a page, and half the time.
        font = TTFont(name, str(_FOLDER / f"{name}.ttf"), asciiReadable=0)
        pdfmetrics.registerFont(font)
        covered[name] = frozenset(font.face.charToGlyph)
    return covered


@lru_cache(maxsize=8)
def _use_script_font(name: str) -> str:
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415

    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


def _within(character: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in blocks)


def runs(text: str, font: str = REGULAR) -> list[Run]:
    """The text in NFC, cut where the font changes; every character is drawn by the font of its run."""
    text = unicodedata.normalize("NFC", text)
    covered = _coverage()[font]
    if covered.issuperset(map(ord, text)):
        return [Run(font, text)] if text else []
    japanese = any(_within(character, _KANA) for character in text)
    found: list[Run] = []
    for character in text:
        run = _drawn(character, font, covered, japanese=japanese)
        if found and found[-1].font == run.font:
            found[-1] = Run(run.font, found[-1].text + run.text)
        else:
            found.append(run)
    return found


def _drawn(character: str, font: str, covered: frozenset[int], *, japanese: bool) -> Run:
    if ord(character) in covered:
        return Run(font, character)
    if _within(character, _KANA) or (japanese and _within(character, _HAN)):
        return Run(_use_script_font(_JAPANESE), character)
    if _within(character, _HAN):
        return Run(_use_script_font(_CHINESE), character)
    if _within(character, _HANGUL):
        return Run(_use_script_font(_KOREAN), character)
    return Run(font, f"[U+{ord(character):04X}]")


def width_of(text: str, font: str, size: float) -> float:
    """Points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    return sum(float(stringWidth(run.text, run.font, size)) for run in runs(text, font))


def wrap(text: str, font: str, size: float, room: float) -> list[str]:
    """Rows no wider than `room` points, broken at blanks, inside a word only when it is wider than a row."""
    rows: list[str] = []
    row = ""
    for word in text.split():
        longer = f"{row} {word}" if row else word
        if width_of(longer, font, size) <= room:
            row = longer
            continue
        if row:
            rows.append(row)
        *full, row = _cut(word, font, size, room)
        rows += full
    return [*rows, row] if row or not rows else rows


def _cut(word: str, font: str, size: float, room: float) -> list[str]:
    parts = [""]
    for character in word:
        if parts[-1] and width_of(parts[-1] + character, font, size) > room:
            parts.append("")
        parts[-1] += character
    return parts


def draw(canvas: Any, x: float, y: float, text: str, font: str = REGULAR, size: float = 9) -> None:
    """Draw one row of text with its left end of the base line at (x, y)."""
    for run in runs(text, font):
        canvas.setFont(run.font, size)
        canvas.drawString(x, y, run.text)
        x += canvas.stringWidth(run.text, run.font, size)


def draw_right(canvas: Any, x: float, y: float, text: str, font: str = REGULAR, size: float = 9) -> None:
    """The same, ending at x."""
    draw(canvas, x - width_of(text, font, size), y, text, font, size)
