"""Money: integers in minor units with the currency's exponent (ISO 4217). No float touches it."""

from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation

# Exponents other than 2, ISO 4217 list one, amendment 177. Everything else that we accept has two decimals.
_EXPONENTS = {
    "BHD": 3, "BIF": 0, "CLF": 4, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0,
    "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "UYI": 0, "UYW": 4, "VND": 0,
    "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
_MAX_TEXT = 60  # characters of an amount; shops write up to twelve decimals
_EXACT = Context(prec=2 * _MAX_TEXT)  # the default of 28 digits would round a longer text without a word
_MAX_DIGITS = 15  # below 2**53, so that every JSON reader keeps every minor unit

MAX_MINOR = 999_999_999_999_999  # 15 digits: below 2**53, so that every JSON reader keeps every minor unit


def exponent(currency: str) -> int:
    """Decimal places of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: str, currency: str) -> int:
    """Minor units of a decimal text such as `"19.90"`.

    Raises:
        ValueError: not a plain decimal number, more decimals than the currency has, or more than 15 digits.
    """
    if not amount.isascii() or "e" in amount.lower() or "_" in amount or len(amount) > _MAX_TEXT:
        raise ValueError(f"{amount[:40]!r} is not a plain decimal amount")
    try:
        number = Decimal(amount.strip())
    except InvalidOperation:
        raise ValueError(f"{amount[:40]!r} is not a plain decimal amount") from None
    if not number.is_finite():
        raise ValueError("the amount is not finite")
    scaled = number.scaleb(exponent(currency), _EXACT)
    if scaled != scaled.to_integral_value(context=_EXACT):
        raise ValueError(f"{amount} has more decimals than {currency} has")
    if len(str(abs(int(scaled)))) > _MAX_DIGITS:
        raise ValueError("the amount has more than 15 digits")
    return int(scaled)


def to_decimal_text(amount_minor: int, currency: str) -> str:
    """`"19.90"` for 1990 in EUR: for people and documents."""
    places = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def share(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts sum to it exactly (largest remainder, ties to the first).

    Raises:
        ValueError: no weight, a negative weight, or all weights zero with an amount to split.
    """
    total = sum(weights)
    if not weights or min(weights) < 0 or (total == 0 and amount_minor):
        raise ValueError("weights must be non-negative and not all zero")
    if total == 0:
        return [0] * len(weights)
    sign = -1 if amount_minor < 0 else 1
    parts = [abs(amount_minor) * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(abs(amount_minor) * weights[i] % total), i))
    for index in by_remainder[: abs(amount_minor) - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
