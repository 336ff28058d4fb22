"""A channel's later word as a wish. Pure.

Lines are known by the sender's line id, or without one by SKU and price. A sender may count units that it took off in
the quantity of a line or not: the quantity that the order has for ever tells which (`_wanted`).
"""

from collections.abc import Iterable, Mapping

from oms.amending.wishes import Wish, add_line, follow, replace, set_units, wish_as_it_is
from oms.orders.model import Destination, Line, Order, RequestedDelivery
from oms.orders.ports import WantedLine, WantedOrder


def wish_of_said(order: Order, said: WantedOrder, gone: Mapping[str, int], destination: Destination) -> Wish:
    """What the order is to be, as its sender has it.

    Raises:
        RejectedError: more lines than an order may have.
    """
    wish = wish_as_it_is(order)
    left = {line.number: line for line in order.lines}
    follows = False
    for theirs in said.lines:
        off = gone.get(theirs.external_line_id or "", 0)
        known = _known(theirs, left.values())
        if known is None:
            if theirs.quantity > off:
                add_line(wish, _new_line(theirs, theirs.quantity - off))
            continue
        del left[known.number]
        units = _wanted(known, theirs.quantity, off)
        follows = follows or units != theirs.quantity
        _take_over(wish, known, theirs, units)
    for line in left.values():  # not on the sender's order any more
        if wish.units[line.number]:
            set_units(wish, line.number, 0)
    _take_amounts(order, wish, said, follows=follows)
    _redirect(order, wish, said, destination)
    wish.kinds = _kinds(order, wish)
    return wish


def _known(said: WantedLine, lines: Iterable[Line]) -> Line | None:
    for line in lines:
        if line.sku != said.sku:
            continue
        if said.external_line_id and line.external_line_id:
            if said.external_line_id == line.external_line_id:
                return line
        elif line.unit_price_minor == said.unit_price_minor:
            return line
    return None


def _wanted(known: Line, quantity: int, gone: int) -> int:
    if gone and quantity + gone == known.quantity:
        return quantity
    units = max(quantity - gone, 0)
    return known.quantity - known.cancelled if units == known.quantity else units


def _new_line(said: WantedLine, units: int) -> Line:
    return Line(
        number=0,
        sku=said.sku,
        quantity=units,
        unit_price_minor=said.unit_price_minor,
        discount_minor=said.discount_minor * units // said.quantity,
        tax_minor=said.tax_minor * units // said.quantity,
        external_line_id=said.external_line_id,
    )


def _take_over(wish: Wish, known: Line, said: WantedLine, units: int) -> None:
    """The line as it was said; of units that are not wanted, their share of the amounts is not either."""
    amounts = {
        "unit_price_minor": said.unit_price_minor,
        "discount_minor": said.discount_minor,
        "tax_minor": said.tax_minor,
    }
    if units == said.quantity:
        replace(wish, known.model_copy(update=amounts), units)
    elif units != wish.units[known.number]:
        if wish.units[known.number]:
            set_units(wish, known.number, units)
        else:
            replace(wish, known.model_copy(update=amounts), units)


def _take_amounts(order: Order, wish: Wish, said: WantedOrder, *, follows: bool) -> None:
    """The sender's own amounts where they are those of the units that are wanted; else what follows from ours."""
    if follows:
        follow(order, wish)
        return
    wish.shipping_minor, wish.discount_minor = said.shipping_minor, said.discount_minor
    wish.other_tax_minor = said.tax_minor - sum(line.tax_minor for line in wish.lines)
    wish.total_minor = said.total_minor


def _redirect(order: Order, wish: Wish, said: WantedOrder, destination: Destination) -> None:
    if destination != order.destination:
        wish.destination, wish.redirected = destination, True
    delivery = RequestedDelivery(**said.delivery.model_dump()) if said.delivery else None
    if delivery is not None and delivery != order.delivery:
        before = order.delivery.service if order.delivery else None
        wish.delivery = delivery
        wish.redirected = wish.redirected or (before is not None and delivery.service != before)


def _kinds(order: Order, wish: Wish) -> list[str]:
    """What is different, in the words of edits."""
    old = {line.number: line for line in order.lines}
    had = {line.number: line.quantity - line.cancelled for line in order.lines}
    kinds = {
        "add_line": any(line.number not in old for line in wish.lines),
        "set_quantity": any(wish.units[number] != units for number, units in had.items()),
        "price": any(_prices(line) != _prices(old.get(line.number, line)) for line in wish.lines)
        or (wish.shipping_minor, wish.other_tax_minor)
        != (order.shipping_minor, order.tax_minor - sum(line.tax_minor for line in order.lines))
        or (wish.total_minor is not None and wish.total_minor != order.total_minor),
        "discount": wish.discount_minor != order.discount_minor,
        "delivery_service": wish.delivery is not None,
        "ship_to": wish.destination is not None,
    }
    return [kind for kind, different in kinds.items() if different]


def _prices(line: Line) -> tuple[int, int, int]:
    return line.unit_price_minor, line.discount_minor, line.tax_minor
