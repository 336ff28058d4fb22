"""Signs of fraud that say little alone: each has a weight, and together they reach a threshold or not."""

import unicodedata
from collections.abc import Callable, Mapping

from oms.kernel.errors import Fault
from oms.validation.check import Check, Count, Currency, Facts, Params
from oms.validation.model import OrderToCheck

# Where an address costs nothing and proves nothing; each is common among honest buyers too.
FREE_MAIL = (
    "gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "aol.com", "icloud.com",
    "gmx.de", "gmx.net", "web.de", "mail.ru", "yandex.ru", "proton.me", "protonmail.com", "mail.com",
)  # fmt: skip
DISPOSABLE = ("mailinator.com", "guerrillamail.com", "10minutemail.com", "tempmail.com", "yopmail.com", "trashmail.com")
# Country calling codes (ITU-T E.164) of the countries most shipped to; a number of any other code says nothing here.
_CALLING = {
    "US": "1", "CA": "1", "GB": "44", "IE": "353", "DE": "49", "AT": "43", "CH": "41", "FR": "33", "BE": "32",
    "NL": "31", "LU": "352", "IT": "39", "ES": "34", "PT": "351", "PL": "48", "CZ": "420", "DK": "45", "SE": "46",
    "NO": "47", "FI": "358", "GR": "30", "AU": "61", "NZ": "64", "JP": "81", "BR": "55", "MX": "52", "IN": "91",
}  # fmt: skip


class Signals(Params):
    """A weight of 0 switches a signal off. `high_minor` is a high amount, by currency; else there is none."""

    threshold: Count = 60
    high_minor: Mapping[Currency, Count] = {"EUR": 100_000, "USD": 100_000, "GBP": 90_000}
    many_of_one: Count = 20
    express: tuple[str, ...] = ("express", "overnight", "next day", "next_day", "priority")
    free_mail: tuple[str, ...] = FREE_MAIL
    disposable: tuple[str, ...] = DISPOSABLE
    weights: Mapping[str, Count] = {}


def _domain(order: OrderToCheck) -> str:
    return (order.customer.email or "").rpartition("@")[2].casefold()


def _high(order: OrderToCheck, params: Signals) -> bool:
    high = params.high_minor.get(order.currency, 0)
    return bool(high) and order.total_minor >= high


def _phone_abroad(order: OrderToCheck, _: Signals) -> bool:
    phone = "".join(character for character in order.customer.phone or "" if character in "+0123456789")
    own = _CALLING.get(order.ship_to.country)
    number = phone[1:] if phone.startswith("+") else phone[2:] if phone.startswith("00") else ""
    return bool(own and number) and not number.startswith(own or "")


def _folded(name: str) -> frozenset[str]:
    """The words of a name without accents and order: `Krüger, Zoë` is `zoe kruger`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return frozenset("".join(c if c.isalnum() else " " for c in plain).split())


def _other_payer(order: OrderToCheck, _: Signals) -> bool:
    return order.bill_to is not None and not _folded(order.bill_to.name) & _folded(order.customer.name)


def _express(order: OrderToCheck, params: Signals) -> bool:
    service = (order.delivery.service or "").casefold() if order.delivery else ""
    return any(word in service for word in params.express)


# name: (weight, words, what it looks for)
SIGNALS: Mapping[str, tuple[int, str, Callable[[OrderToCheck, Signals], bool]]] = {
    "high_amount": (30, "a high amount", _high),
    "billed_abroad": (
        30,
        "billed to another country",
        lambda order, _: order.bill_to is not None and order.bill_to.country != order.ship_to.country,
    ),
    "other_payer": (10, "billed to another name", _other_payer),
    "phone_abroad": (10, "a telephone of another country", _phone_abroad),
    "no_contact": (10, "no e-mail and no telephone", lambda o, _: not o.customer.email and not o.customer.phone),
    "free_mail_and_high": (
        15,
        "a free e-mail address with a high amount",
        lambda order, params: _domain(order) in params.free_mail and _high(order, params),
    ),
    "disposable_mail": (40, "a disposable e-mail address", lambda order, params: _domain(order) in params.disposable),
    "express_and_high": (
        15,
        "express with a high amount",
        lambda order, params: _express(order, params) and _high(order, params),
    ),
    "many_of_one": (
        15,
        "many units of one article",
        lambda order, params: any(line.quantity >= params.many_of_one > 0 for line in order.lines),
    ),
}


def check(order: OrderToCheck, _: Facts, params: Signals) -> list[Fault]:
    """One fault that names the signals; none for a customer on account, whom credit knows."""
    if order.account_id is not None:
        return []
    risk, seen = 0, []
    for name, (weight, words, looks_so) in SIGNALS.items():
        counts = params.weights.get(name, weight)
        if counts and looks_so(order, params):
            risk += counts
            seen.append(words)
    if risk < params.threshold:
        return []
    return [Fault("customer", f"risk {min(risk, 100)}: {', '.join(seen)}")]


PLUGIN = Check("high_risk_of_fraud", check, "hold", Signals, "high_risk_of_fraud")
