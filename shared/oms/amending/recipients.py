"""To whom an order goes, when its sender says it anew. The clear text goes no further than this comparison."""

from typing import Any, NamedTuple

from oms.amending.ports import AmendingDesk
from oms.kernel.errors import NotFoundError
from oms.kernel.ids import derive_id
from oms.orders.model import Order
from oms.orders.ports import WantedOrder
from oms.orders.shapes import PersonShape, someone_like


class Recipient(NamedTuple):
    """Another person for the order. `moved`: parcels must say so; else only how to reach them is different."""

    person_id: str
    write: Any
    moved: bool


def recipient_of(order: Order, said: WantedOrder, desk: AmendingDesk) -> Recipient | None:
    """The person as the sender says now, if that is another one; None too for one who was erased."""
    try:
        person = desk.people.read(order.person_id, purpose="channel_update")
    except NotFoundError:
        return None
    customer = said.customer
    moved = _label(person) != _wanted_label(said)
    reach = (customer.email or person.email, customer.phone or person.phone, customer.company or person.company)
    if not moved and reach == (person.email, person.phone, person.company):
        return None
    person_id = derive_id("per", order.id, str(order.version))
    new = someone_like(person).at(said.ship_to)
    email, phone, company = reach
    write = desk.people.write_new(
        person_id, new._replace(name=customer.name, email=email, phone=phone, company=company)
    )
    return Recipient(person_id, write, moved)


def _label(person: PersonShape) -> tuple[object, ...]:
    return (
        person.name,
        tuple(person.address_lines),
        person.city,
        person.region,
        person.postal_code,
        person.country,
    )


def _wanted_label(said: WantedOrder) -> tuple[object, ...]:
    customer, place = said.customer, said.ship_to
    return (customer.name, tuple(place.address_lines), place.city, place.region, place.postal_code, place.country)
