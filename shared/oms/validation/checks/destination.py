"""Something of ours goes there: a carrier service reaches the country, and nobody said no to it."""

import re

from oms.kernel.errors import Fault
from oms.validation.check import Check, Country, Facts, Params
from oms.validation.model import OrderToCheck

# A box is no place to hand a parcel over. English, German, French, Spanish, Italian, Polish.
_BOX = re.compile(
    r"\b(p\.?\s?o\.?\s*box|post\s*office\s*box|postfach|packstation|bo[iî]te\s*postale|b\.?p\.?\s+\d|"
    r"apartado(\s+de\s+correos)?\s+\d|casella\s*postale|skr(ytka|\.)\s*pocztowa)",
    re.IGNORECASE,
)


class Places(Params):
    """`blocked`: countries that we do not send to although a carrier would. `boxes`: whether PO boxes are served."""

    blocked: tuple[Country, ...] = ()
    boxes: bool = True


def check(order: OrderToCheck, facts: Facts, params: Places) -> list[Fault]:
    if order.delivery is not None and order.delivery.pickup_location:
        return []
    country = order.ship_to.country
    if country not in facts.served or country in params.blocked:
        return [Fault("ship_to.country", f"nothing ships to {country}")]
    if not params.boxes and any(_BOX.search(line) for line in order.ship_to.address_lines):
        return [Fault("ship_to.address_lines", "is a post office box")]
    return []


PLUGIN = Check("destination_not_served", check, "reject", Places, rank=40, edits="address")
