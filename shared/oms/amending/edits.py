"""A change set's edits as a wish. Pure: the same for the preview and for the change itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from oms.amending.model import ChangeAddress, Edit, KeptEdit
from oms.amending.wishes import Wish, add_line, follow, line_of, replace, set_units, wish_as_it_is
from oms.orders.model import Destination, Line, Order, RequestedDelivery

_AREA = 3  # characters of a postal code that zones and transit tables need
Fields = Mapping[str, int | str | None]


def kept(edits: Iterable[Edit]) -> tuple[KeptEdit, ...]:
    """The edits as they may be kept beside the order: without the address."""
    return tuple(
        KeptEdit(kind=edit.kind, fields={"country": edit.ship_to.country})
        if isinstance(edit, ChangeAddress)
        else KeptEdit(kind=edit.kind, fields=edit.model_dump(exclude={"kind"}))
        for edit in edits
    )


def address_of(edits: Iterable[Edit]) -> ChangeAddress | None:
    """The last address that the edits name."""
    found = [edit for edit in edits if isinstance(edit, ChangeAddress)]
    return found[-1] if found else None


def destination_of(country: str, postal_code: str) -> Destination:
    """Where to, without the person: enough for zones and transit days, too little to find anybody."""
    area = "".join(character for character in postal_code.upper() if character.isalnum())[:_AREA]
    return Destination(country=country, postal_area=area)


def wish_of(order: Order, edits: Sequence[KeptEdit], destination: Destination | None) -> Wish:
    """What the order is to be.

    Raises:
        RejectedError: an edit names what the order does not have (`invalid`).
    """
    wish = wish_as_it_is(order)
    for edit in edits:
        _APPLY[edit.kind](order, wish, edit.fields)
    discount_said = any(edit.kind == "discount" and edit.fields.get("number") is None for edit in edits)
    follow(order, wish, discount=not discount_said)
    if destination is not None:
        wish.destination, wish.redirected = destination, True
    wish.kinds = list(dict.fromkeys(edit.kind for edit in edits))
    return wish


def _add(_: Order, wish: Wish, fields: Fields) -> None:
    add_line(wish, Line.model_validate({**fields, "number": 0}))


def _set(_: Order, wish: Wish, fields: Fields) -> None:
    tax = fields.get("tax_minor")
    set_units(wish, _int(fields, "number"), _int(fields, "quantity"), None if tax is None else int(tax))


def _deliver(order: Order, wish: Wish, fields: Fields) -> None:
    known = order.delivery or RequestedDelivery()
    service = str(fields["service"])
    wish.redirected = wish.redirected or service != known.service
    wish.delivery = known.model_copy(update={"service": service})
    if fields.get("shipping_minor") is not None:
        wish.shipping_minor = _int(fields, "shipping_minor")


def _discount(_: Order, wish: Wish, fields: Fields) -> None:
    amount = _int(fields, "discount_minor")
    if fields.get("number") is None:
        wish.discount_minor = amount
    else:
        number = _int(fields, "number")
        replace(wish, line_of(wish, number).model_copy(update={"discount_minor": amount}), wish.units[number])


def _hurry(_: Order, wish: Wish, fields: Fields) -> None:
    wish.priority = _int(fields, "priority")


def _readdress(order: Order, wish: Wish, fields: Fields) -> None:
    """The address itself is with the person; its destination is told apart."""


def _int(fields: Fields, name: str) -> int:
    return int(fields[name] or 0)


_APPLY: Mapping[str, Callable[[Order, Wish, Fields], None]] = {
    "add_line": _add,
    "set_quantity": _set,
    "ship_to": _readdress,
    "delivery_service": _deliver,
    "discount": _discount,
    "priority": _hurry,
}
