"""The same buyer ordered the same for the same amount a moment ago: perhaps the button was pressed twice."""

from datetime import timedelta

from oms.kernel.errors import Fault
from oms.validation.check import Check, Count, Facts, Guard, Params, placed_at
from oms.validation.model import OrderToCheck


class Window(Params):
    """`minutes`: how long the same again is suspicious."""

    minutes: Count = 30


def guards(order: OrderToCheck, facts: Facts, params: Window) -> list[Guard]:
    """One order of this content per window; whoever orders under another number counts, whoever repeats does not."""
    lines = sorted(f"{line.sku}\0{line.quantity}" for line in order.lines)
    content = "\n".join((facts.buyer, order.currency, str(order.total_minor), *lines))
    placed = placed_at(order, facts)
    ends_at = placed + timedelta(minutes=params.minutes)
    return [Guard("duplicate", facts.fingerprint(content), 1, placed, ends_at)]


def check(order: OrderToCheck, facts: Facts, params: Window) -> list[Fault]:
    if any(guard.label in facts.tripped for guard in guards(order, facts, params)):
        return [Fault("lines", f"the same buyer ordered the same within {params.minutes} minutes")]
    return []


PLUGIN = Check("possible_duplicate", check, "hold", Window, "possible_duplicate", guards=guards)
