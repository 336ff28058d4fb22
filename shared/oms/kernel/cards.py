"""Card numbers that somebody typed where none belongs: found, and cut down to the first six and the last four digits.

No field of ours takes a card number, but a buyer writes one into a note and a shop copies it into a name. A number is
taken for a card's when its check digit fits (Luhn) and either its length and first digits belong to an issuer, or a
word such as "card" or "Visa" stands just before it. Luhn alone would hit every tenth number; with the issuers a few in
a hundred 16-digit references are hit (tests/reliability/pan.py measures both). IBANs, UPS numbers and order numbers of
Amazon are known by their form and left alone. Identifiers have a narrower `Rule`, see `oms.kernel.identifiers`.

Digits of any script count, also full-width, circled and keycap ones; characters that cannot be seen do not part them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

MASK = "X"  # means nothing in JSON, CSV, XML, X12 or EDIFACT, so a redacted message still parses
_BIN, _LAST = 6, 4  # what PCI DSS 3.4.1 lets be seen
_SHORTEST, _LONGEST = 12, 19
_MAX_GAP = 4  # separators between two groups
_FEW_GROUPS = 5  # 4-4-4-4-3; nobody writes more groups but of one size, as single digits or pairs
_PAIRS = 8
_LONG = (15, 16)  # digits of nearly all cards
_USUAL = frozenset({2, 4})  # digits of a group
_AMEX = [4, 6]  # and five, or four for Diners Club
# Marks that part other things, too: between them a card number must stand as cards are printed.
_DELIMITERS = frozenset("*#=~|'()[]x\u00d7\u2018\u2019")
_SEPARATORS = frozenset(".,:;_/\\+·•‧・\u2043\u2044\u2215") | _DELIMITERS
_MIGHT_HOLD_ONE = re.compile(r"\d(?:[^\dA-Za-wyz]{0,12}\d){11,}")
# What a browser shows as a blank or a new line; read as one blank and characters that cannot be seen.
_MARKUP = re.compile(r"(?i)<br\s{0,2}/?>|&(?:nbsp|thinsp|ensp|emsp|shy|#160|#xa0);|%(?:20|2d|c2%a0|a0)|\\[nrt]")
# Characters that are read as digits and are none to `\d`: raised, circled, in brackets, Chinese.
_ODD_DIGITS = re.compile(
    "[\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3007\u3220-\u3229\u3280-\u3289"
    "零一二三四五六七八九\U0001f100-\U0001f10a]"
)
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Cc"})
_CODE = re.compile(
    r"(?i)\b(cv[vcn]2?|cid|csc|security\s+code|card\s+code|prüf(?:ziffer|nummer)|sicherheitscode|cryptogramme"
    r"|c[oó]digo\s+de\s+seguridad|c[oó]digo\s+de\s+segurança)(\s*(?:is|ist|est|es|no\.?|nr\.?|[:#=-])*\s*)(\d{3,4})\b"
)
_CARD_WORD = re.compile(
    r"(?i)\b(?:credit|debit|bank)?[ -]?(?:cards?|cc|pan|visa|master ?card|maestro|amex|american express|diners"
    r"|discover|jcb|union ?pay)\b|karte|\bcarte\b|tarjeta|cart[aã]o|\bcarta\b|\bkort|カード|卡|card ?(?:no|num)"
)
_WORD_REACH = 40  # characters between the word and the number
_OTHERS = re.compile(r"(?i)(?<![0-9A-Z])(?:1Z(?:[ -]{0,2}[0-9A-Z]){16}|\d{3}-\d{7}-\d{7})(?![0-9A-Z])")
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?:[ -]?[0-9A-Z]){11,30}")
_IBANS = (  # SWIFT's registry: country and length
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18"
    " FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20"
    " LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24"
    " SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBAN_LENGTHS = {place[:2]: int(place[2:]) for place in _IBANS.split()}
_IBAN_REST = 97  # ISO 7064: what an IBAN leaves 1 of
_TRACK = re.compile(r"[=^][^?\r\n]{0,80}\??")  # expiry, service code and secret after the number on a magnetic stripe


class _Issuer(NamedTuple):
    """Numbers that begin with `low` to `high`, of these lengths."""

    low: str
    high: str
    lengths: frozenset[int]


def _issuer(low: str, high: str, *lengths: int) -> _Issuer:
    return _Issuer(low, high, frozenset(lengths))


_MAESTRO = range(12, 20)


# Issuer identification numbers (ISO/IEC 7812) as the schemes publish them. Thirteen-digit Visa has not been issued for
# decades and would hit every seventieth EAN-13, so it counts only after a word that says card.
ISSUERS = (
    _issuer("4", "4", 16, 19),  # Visa, Visa Electron; Elo and Dankort have parts of it
    _issuer("51", "55", 16),  # Mastercard
    _issuer("2221", "2720", 16),
    _issuer("34", "34", 15),  # American Express
    _issuer("37", "37", 15),
    _issuer("300", "305", 14, 16, 19),  # Diners Club
    _issuer("3095", "3095", 14, 16, 19),
    _issuer("36", "36", 14, 16, 19),
    _issuer("38", "39", 14, 16, 19),
    _issuer("6011", "6011", 16, 19),  # Discover
    _issuer("644", "659", 16, 19),  # Discover, RuPay, Troy, Elo, Verve
    _issuer("350", "359", 16, 19),  # JCB
    _issuer("1800", "1800", 15),  # JCB, the older ones
    _issuer("2131", "2131", 15),
    _issuer("62", "62", 16, 17, 18, 19),  # UnionPay
    _issuer("81", "82", 16),  # UnionPay, RuPay
    _issuer("50", "50", 16, 18, 19),  # Maestro, Dankort, Elo, Verve, RuPay
    _issuer("56", "58", 16, 18, 19),  # Maestro
    _issuer("5018", "5020", *_MAESTRO),
    _issuer("5038", "5038", *_MAESTRO),
    _issuer("5893", "5893", *_MAESTRO),
    _issuer("6304", "6304", *_MAESTRO),  # Maestro, Laser
    _issuer("6759", "6763", *_MAESTRO),
    _issuer("6703", "6799", 16, 18, 19),  # Bancontact, Maestro, Laser, Switch
    _issuer("6334", "6334", 16, 18, 19),  # Solo
    _issuer("606", "608", 16),  # Hipercard, RuPay
    _issuer("627", "627", 16),  # Elo
    _issuer("636", "639", 16),  # InterPayment, InstaPayment, Elo, Hipercard
    _issuer("2200", "2205", 16, 19),  # Mir, Borica
    _issuer("9792", "9792", 16),  # Troy
    _issuer("9704", "9704", 16, 19),  # Napas
    _issuer("8600", "8600", 16),  # UzCard
    _issuer("9860", "9860", 16),  # Humo
    _issuer("1", "1", 15),  # UATP
)


class Rule(NamedTuple):
    """What is taken for a card number: digits that are `known`, in any few groups or only as cards are printed."""

    known: Callable[[str], bool]
    after_words: bool = True  # after a word such as "card" the check digit is enough
    any_groups: bool = True


class Found(NamedTuple):
    """A card number: where it stands in the text, and its digits as ASCII."""

    start: int
    end: int
    digits: str


def find_card_numbers(text: str, rule: Rule | None = None) -> list[Found]:
    """Every card number in the text, from left to right, none overlapping."""
    return [found for found, _ in _search(text, rule or _IN_TEXT)]


def redact(text: str, rule: Rule | None = None) -> str:
    """The text with every card number cut down to its first six and last four digits, and security codes gone.

    What is not a digit stays where it is, so the text keeps its length; redacting twice is redacting once.
    """
    while (fewer := _redact_once(text, rule or _IN_TEXT)) != text:
        text = fewer
    return text


def luhn(digits: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2  # noqa: PLR2004  twice five is the first with two digits
        total += value
    return total % 10 == 0


def issued(digits: str) -> bool:
    """Whether some issuer's numbers begin like this and are this long."""
    return any(
        len(digits) in issuer.lengths and issuer.low <= digits[: len(issuer.low)] <= issuer.high for issuer in ISSUERS
    )


_IN_TEXT, _LUHN, _LUHN_ALONE = Rule(issued), Rule(luhn), Rule(luhn, any_groups=False)


class _Digit(NamedTuple):
    value: str
    at: int


_Group = list[_Digit]


def _redact_once(text: str, rule: Rule) -> str:
    shown = list(text)
    for found, places in _search(text, rule):
        for at in places:
            shown[at] = MASK
        secret = _TRACK.match(text, found.end)
        for at in range(found.end, secret.end() if secret else found.end):
            shown[at] = MASK if _value(text[at]) is not None else shown[at]
    return _CODE.sub(lambda hit: hit[1] + hit[2] + MASK * len(hit[3]), "".join(shown))


def _search(text: str, rule: Rule) -> list[tuple[Found, list[int]]]:
    """Card numbers, each with the places of the digits that must not be seen."""
    text = _MARKUP.sub(_as_blank, text) if "<" in text or "&" in text or "%" in text or "\\" in text else text
    places = _places(text)
    if not places:
        return []
    hits: list[tuple[Found, list[int]]] = []
    others = _Spans(_others(text))
    for run in (run for start, end in places for run in _runs(text, start, end)):
        first = 0
        free = rule.any_groups and _DELIMITERS.isdisjoint(text[run[0][0].at : run[-1][-1].at])
        strict, by_luhn = (rule, _LUHN) if free else (rule._replace(any_groups=False), _LUHN_ALONE)
        whole = sum(len(group) for group in run[: _LONGEST + 1]) <= _LONGEST
        while first < len(run):
            start = run[first][0].at
            if not _may_begin(run, first, whole=whole) or others.hold(start):
                first += 1
                continue
            named = rule.after_words and _CARD_WORD.search(text, max(0, start - _WORD_REACH), start) is not None
            fits = list(_fits(run, first, strict)) or (list(_fits(run, first, by_luhn)) if named else [])
            if not fits:
                hits += _two_together(run[first], rule)
                first += 1
                continue
            digits = [digit for group in run[first : fits[-1]] for digit in group]
            value = "".join(digit.value for digit in digits)
            # When a shorter and a longer number fit, nobody can say which four digits are the last.
            hidden = digits[_BIN:-_LAST] if len(fits) == 1 else digits[_BIN:]
            hits.append((Found(digits[0].at, digits[-1].at + 1, value), [digit.at for digit in hidden]))
            first = fits[-1]
    return hits


def _as_blank(markup: re.Match[str]) -> str:
    return " " + "\u200b" * (len(markup[0]) - 1)


def _two_together(group: _Group, rule: Rule) -> list[tuple[Found, list[int]]]:
    """Two numbers of 15 or 16 digits with nothing between them."""
    for middle in _LONG if 2 * min(_LONG) <= len(group) <= 2 * max(_LONG) else ():
        halves = group[:middle], group[middle:]
        values = ["".join(digit.value for digit in half) for half in halves]
        if all(len(value) in _LONG and luhn(value) and rule.known(value) and len(set(value)) > 1 for value in values):
            return [
                (Found(half[0].at, half[-1].at + 1, value), [digit.at for digit in half[_BIN:-_LAST]])
                for half, value in zip(halves, values, strict=True)
            ]
    return []


def _places(text: str) -> list[tuple[int, int]]:
    """Where to look: twelve digits and more that no Latin letter parts."""
    if not text.isascii() and _ODD_DIGITS.search(text):
        return [(0, len(text))]
    return [place.span() for place in _MIGHT_HOLD_ONE.finditer(text)]


class _Spans:
    """Stretches of a text, asked in the order of the text."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._left = sorted(spans, reverse=True)
        self._end = -1

    def hold(self, place: int) -> bool:
        """Whether a place lies in one of them; places are asked from left to right."""
        while self._left and self._left[-1][0] <= place:
            self._end = max(self._end, self._left.pop()[1])
        return place < self._end


def _may_begin(run: list[_Group], first: int, *, whole: bool) -> bool:
    """Whether `_as_people_write` can be true of any groups from `first` on: one look, for texts full of digits."""
    size = len(run[first])
    return (first == 0 and whole) or size >= _SHORTEST or size in _USUAL or size == _AMEX[0]


def _others(text: str) -> list[tuple[int, int]]:
    """Where UPS numbers, order numbers of Amazon, and IBANs whose check digits fit stand."""
    found = [hit.span() for hit in _OTHERS.finditer(text)]
    for hit in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(hit[0][:2], 0)
        places = [at for at, character in enumerate(hit[0]) if character.isalnum()][:length]
        letters = "".join(hit[0][at] for at in places)
        if len(letters) == length > 0 and _iban_fits(letters):
            found.append((hit.start(), hit.start() + places[-1] + 1))
    return found


def _iban_fits(letters: str) -> bool:
    return int("".join(str(int(each, 36)) for each in letters[4:] + letters[:4])) % _IBAN_REST == 1


def _fits(run: list[_Group], first: int, rule: Rule) -> Iterator[int]:
    """Ends of the sequences of whole groups from `first` on that are card numbers, the shortest first."""
    value = ""
    for end in range(first + 1, len(run) + 1):
        value += "".join(digit.value for digit in run[end - 1])
        if len(value) > _LONGEST:
            return
        if not _as_people_write(run, first, end, any_groups=rule.any_groups):
            continue
        if len(value) >= _SHORTEST and luhn(value) and rule.known(value) and len(set(value)) > 1:
            yield end


def _as_people_write(run: list[_Group], first: int, end: int, *, any_groups: bool) -> bool:
    """Whether the groups may be those of one number: alone in any few groups, among other digits only in the usual."""
    sizes = [len(group) for group in run[first:end]]
    alike = len(set(sizes[:-1])) <= 1
    if first == 0 and end == len(run) and (any_groups or set(sizes) == {1}):
        return alike or len(sizes) <= _FEW_GROUPS
    alike = alike and (any_groups or sizes[-1] <= sizes[0])
    return len(sizes) == 1 or (alike and len(sizes) <= _PAIRS and sizes[0] in _USUAL) or sizes[:2] == _AMEX


def _runs(text: str, start: int, end: int) -> Iterator[list[_Group]]:
    """Groups of digits that only separators part."""
    run: list[_Group] = []
    gap = 0
    for at, character in enumerate(text[start:end], start):
        value = _value(character)
        if value is not None:
            if gap or not run:
                run.append([])
            run[-1].append(_Digit(value, at))
            gap = 0
        elif _unseen(character):
            continue
        elif run and gap < _MAX_GAP and _parts(character):
            gap += 1
        else:
            if run:
                yield run
            run, gap = [], 0
    if run:
        yield run


@lru_cache(maxsize=1024)
def _value(character: str) -> str | None:
    """The digit that a reader sees: of any script, full-width, circled, raised, or a Chinese numeral."""
    if character.isascii():
        return character if character.isdigit() else None
    number = unicodedata.numeric(character, -1.0)
    return str(int(number)) if number in _ONE_DIGIT else None


_ONE_DIGIT = frozenset(range(10))


@lru_cache(maxsize=1024)
def _unseen(character: str) -> bool:
    """Zero-width characters, soft hyphens, variation selectors, keycaps."""
    return character not in "\t\n\r" and unicodedata.category(character) in _UNSEEN


@lru_cache(maxsize=1024)
def _parts(character: str) -> bool:
    return character.isspace() or character in _SEPARATORS or unicodedata.category(character) == "Pd"
