"""What a reader is shown of a person: masked as a rule; in clear only the fields that a stated purpose needs. Pure."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.text import Instant
from oms.privacy.catalogue import Purpose
from oms.privacy.model import Person

_DOT = "•"
_PHONE_END = 2  # digits that tell two numbers of one customer apart
_AREA = 3  # characters of a postal code, as everywhere outside of this context
MASKED = "masked"  # the purpose of a look at masked data, in the log of accesses
PurposeName = Literal["delivery", "customer_service", "invoicing", "fraud_check", "data_subject_request"]


class PersonQuery(BaseModel):
    """`purpose`: why clear data is needed; the reason is logged with who asked. Without one, everything is masked."""

    model_config = ConfigDict(extra="forbid")

    purpose: PurposeName | None = None


class BillingView(BaseModel):
    """Who is billed, where that is somebody or somewhere else."""

    name: str | None = None
    company: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class PersonView(BaseModel):
    """The person of an order. `masked` without a purpose; `hidden` names what is there and is not shown."""

    masked: bool
    purpose: PurposeName | None = None
    hidden: tuple[str, ...] = ()
    name: str | None = None
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    billing: BillingView | None = None
    note: str | None = None
    gift_message: str | None = None


class AccessQuery(BaseModel):
    """Accesses from `since` on and before `until`, the newest first, `limit` at most."""

    model_config = ConfigDict(extra="forbid")

    since: Instant | None = None
    until: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class AccessView(BaseModel):
    """Who read a person's data: when, as what, what for, which fields; `refused` when they were not let."""

    at: str
    by: str
    roles: tuple[str, ...]
    purpose: str
    fields: tuple[str, ...]
    outcome: Literal["shown", "refused"]


class Accesses(BaseModel):
    """What was read of the person of an order. With `more`, ask again with `until` the time of the last one."""

    accesses: tuple[AccessView, ...]
    more: bool = False


def shown(person: Person, purpose: Purpose) -> PersonView:
    """The fields that the purpose needs, in clear; the names of the others that are there."""
    there = {name for name, value in person if value and name != "id"}
    values = {name: getattr(person, name) for name in there & purpose.fields}
    if "billing" in values:
        values["billing"] = _billing(values["billing"])
    return PersonView(masked=False, purpose=purpose.name, hidden=tuple(sorted(there - purpose.fields)), **values)


def masked(person: Person) -> PersonView:
    """Enough to tell two persons apart in a conversation, too little to reach or find one."""
    there = {name for name, value in person if value and name != "id"}
    return PersonView(
        masked=True,
        hidden=tuple(sorted(there & {"billing", "note", "gift_message", "address_lines"})),
        name=_initials(person.name),
        company=_initials(person.company),
        email=_email(person.email),
        phone=_phone(person.phone),
        city=_initials(person.city),
        region=_initials(person.region),
        postal_code=person.postal_code[:_AREA] + _DOT if person.postal_code else None,
        country=person.country or None,
    )


def fields_of(view: PersonView) -> tuple[str, ...]:
    """What was shown, for the log."""
    return tuple(sorted(name for name, value in view if value and name not in ("masked", "purpose", "hidden")))


def _billing(text: str) -> BillingView:
    return BillingView.model_validate(json.loads(text))


def _initials(text: str | None) -> str | None:
    """`Z••• K•••`: always three dots, because a length is a hint too."""
    return " ".join(word[0] + 3 * _DOT for word in text.split()) or None if text else None


def _email(text: str | None) -> str | None:
    if not text:
        return None
    name, _, domain = text.rpartition("@")
    return f"{name[:1]}{3 * _DOT}@{domain[:1]}{3 * _DOT}.{domain.rpartition('.')[2]}"


def _phone(text: str | None) -> str | None:
    if not text:
        return None
    digits = "".join(each for each in text if each.isdigit())
    return 3 * _DOT + digits[-_PHONE_END:] if len(digits) > 2 * _PHONE_END else 3 * _DOT
