"""Pure parts of validation that no single check owns."""

from collections.abc import Mapping, Sequence

from oms.kernel.errors import Fault, RejectedError
from oms.orders.shapes import Contact, PostalPlace


def buyer_text(customer: Contact, ship_to: PostalPlace) -> str:
    """What tells one buyer from another: the e-mail address, else the telephone, else name and place. To be hashed."""
    if customer.email:
        return f"email {customer.email.strip().casefold()}"
    if customer.phone:
        return "phone " + "".join(character for character in customer.phone if character.isdigit())
    place = "".join(character for character in ship_to.postal_code.casefold() if character.isalnum())
    return f"name {' '.join(customer.name.casefold().split())} {ship_to.country} {place}"


def refuse_if_any(findings: Mapping[str, Sequence[Fault]]) -> None:
    """Refuse the order with all its faults; the code is that of the first check that failed.

    Raises:
        RejectedError: at least one fault.
    """
    failed = {code: faults for code, faults in findings.items() if faults}
    if failed:
        faults = [fault for group in failed.values() for fault in group]
        which = "; ".join(
            f"{code} ({', '.join(dict.fromkeys(f.field for f in group))})" for code, group in failed.items()
        )
        raise RejectedError(f"{len(failed)} check(s) failed: {which}", code=next(iter(failed)), faults=faults)


def units_short(wanted: Mapping[str, int], stock: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Units per SKU beyond what all locations together can promise now; nothing missing, no entry."""
    missing = {sku: units - sum(max(free, 0) for free in stock.get(sku, {}).values()) for sku, units in wanted.items()}
    return {sku: units for sku, units in missing.items() if units > 0}
