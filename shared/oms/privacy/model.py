"""The person behind an order. Clear text of this lives in the inbound request and inside this context only."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Person(BaseModel):
    """Who, and where to. `id` is derived from the order's id; `billing` is JSON, where another address is billed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str = ""
    region: str | None = None
    postal_code: str = ""
    country: str = ""
    billing: str | None = None
    note: str | None = None
    gift_message: str | None = None

    def __repr__(self) -> str:
        """Never the person: a representation ends up in logs."""
        return f"Person(id={self.id!r})"

    __str__ = __repr__


class WrappingKey(NamedTuple):
    """A key that wraps the keys of the persons of one day; `secret` is in memory only."""

    number: str
    secret: bytes

    def __repr__(self) -> str:
        """Never the secret."""
        return f"WrappingKey(number={self.number!r})"


class Sealed(NamedTuple):
    """A person as stored: the person's own key, wrapped, and the person, encrypted with it."""

    key_number: str
    wrapped_key: bytes
    box: bytes
    blind: str | None


class Access(NamedTuple):
    """A look at a person: who, as what, what for, which fields, over which order; `outcome` is `shown` or `refused`."""

    person_id: str
    at: str
    by: str
    roles: tuple[str, ...]
    purpose: str
    fields: tuple[str, ...]
    order_id: str
    request_id: str
    outcome: str
