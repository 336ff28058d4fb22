"""The checks of an order, each a pure function from figures to faults. No fault: the check passes."""

from collections.abc import Collection, Mapping, Sequence

from oms.kernel.errors import Fault, RejectedError
from oms.validation.model import LineToCheck, OrderToCheck


def sku_faults(lines: Sequence[LineToCheck], known: Collection[str]) -> list[Fault]:
    """A line whose SKU is not in the catalogue."""
    return [
        Fault(f"lines.{place}.sku", f"{line.sku} is not in the catalogue")
        for place, line in enumerate(lines)
        if line.sku not in known
    ]


def total_of(order: OrderToCheck) -> int:
    """What the parts come to, to the minor unit (see `oms.intake.model` for the formula)."""
    lines = sum(line.quantity * line.unit_price_minor - line.discount_minor for line in order.lines)
    goods = lines - order.discount_minor + order.shipping_minor
    return goods if order.taxes_included else goods + order.tax_minor


def total_faults(order: OrderToCheck) -> list[Fault]:
    """Amounts that contradict each other: exact, no tolerance."""
    faults = [
        Fault(f"lines.{place}.discount_minor", "is more than the line is worth")
        for place, line in enumerate(order.lines)
        if line.discount_minor > line.quantity * line.unit_price_minor
    ]
    taxes = sum(line.tax_minor for line in order.lines)
    if taxes > order.tax_minor:
        faults.append(Fault("tax_minor", f"the lines alone carry {taxes}, not {order.tax_minor}"))
    expected = total_of(order)
    if expected != order.total_minor:
        faults.append(Fault("total_minor", f"the parts come to {expected}, not {order.total_minor}"))
    if order.taxes_included and order.tax_minor > order.total_minor:
        faults.append(Fault("tax_minor", "is more than the total that contains it"))
    return faults


def currency_faults(currency: str, accepted: Collection[str]) -> list[Fault]:
    """A currency that the channel does not take."""
    if currency in accepted:
        return []
    return [Fault("currency", f"the channel takes {', '.join(sorted(accepted))}, not {currency}")]


def destination_faults(country: str, served: Collection[str]) -> list[Fault]:
    """A country that no carrier service of ours reaches."""
    return [] if country in served else [Fault("ship_to.country", f"nothing ships to {country}")]


def refuse_if_any(findings: Mapping[str, Sequence[Fault]]) -> None:
    """Refuse the order with all its faults; the code is that of the first check that failed.

    Raises:
        RejectedError: at least one fault.
    """
    failed = {code: faults for code, faults in findings.items() if faults}
    if failed:
        faults = [fault for group in failed.values() for fault in group]
        raise RejectedError(f"{len(faults)} check(s) failed", code=next(iter(failed)), faults=faults)


def units_short(wanted: Mapping[str, int], stock: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Units per SKU beyond what all locations together can promise now; nothing missing, no entry."""
    missing = {sku: units - sum(max(free, 0) for free in stock.get(sku, {}).values()) for sku, units in wanted.items()}
    return {sku: units for sku, units in missing.items() if units > 0}
