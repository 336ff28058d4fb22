"""To whom an order goes, when its sender says it anew. The clear text goes no further than this comparison."""

from typing import Any, NamedTuple

from oms.amending.ports import AmendingDesk, PersonLike
from oms.kernel.errors import NotFoundError
from oms.kernel.ids import derive_id
from oms.orders.model import Order
from oms.orders.ports import WantedOrder


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
    place = said.ship_to
    person_id = derive_id("per", order.id, str(order.version))
    write = desk.people.write_new(
        person_id,
        name=customer.name,
        email=reach[0],
        phone=reach[1],
        company=reach[2],
        address_lines=place.address_lines,
        city=place.city,
        region=place.region,
        postal_code=place.postal_code,
        country=place.country,
        billing=person.billing,
        note=person.note,
        gift_message=person.gift_message,
    )
    return Recipient(person_id, write, moved)


def _label(person: PersonLike) -> tuple[object, ...]:
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
