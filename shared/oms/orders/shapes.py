"""What an order shows of itself in whatever form it is there: as its sender said it, to be checked, with its person.

Contexts do not import each other's models; any shape with these fields will do.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class LineFigures(Protocol):
    """One line's figures; discount and tax are of the whole line."""

    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...


class OrderFigures(Protocol):
    """The amounts of an order besides its lines, in minor units of its currency."""

    @property
    def currency(self) -> str: ...
    @property
    def shipping_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...
    @property
    def taxes_included(self) -> bool: ...
    @property
    def total_minor(self) -> int: ...


class Contact(Protocol):
    """Who, and how to reach them. Personal data: it may be compared, and never be put into a finding."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...


class PostalPlace(Protocol):
    """Where to. Personal data, except for the country."""

    @property
    def address_lines(self) -> Sequence[str]: ...
    @property
    def city(self) -> str: ...
    @property
    def region(self) -> str | None: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def country(self) -> str: ...


class PersonShape(Contact, PostalPlace, Protocol):
    """Who, and where to, with what else they said. Personal data: on its way into or out of the privacy context."""

    @property
    def company(self) -> str | None: ...
    @property
    def billing(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def gift_message(self) -> str | None: ...


class Someone(NamedTuple):
    """A person who is not known yet: what is handed over to be kept. Never kept, logged or published like this."""

    name: str
    address_lines: Sequence[str]
    city: str
    postal_code: str
    country: str
    region: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    billing: str | None = None
    note: str | None = None
    gift_message: str | None = None

    def __repr__(self) -> str:
        return "Someone()"

    def at(self, place: PostalPlace) -> "Someone":
        """The same person at another place."""
        return self._replace(
            address_lines=place.address_lines,
            city=place.city,
            region=place.region,
            postal_code=place.postal_code,
            country=place.country,
        )


def someone_like(person: PersonShape) -> Someone:
    """Another person with all that is known of this one."""
    return Someone(**{name: getattr(person, name) for name in Someone._fields})
