"""Units that no location of ours may ship are shipped by a supplier, from its own place. Pure.

The engine decides again, among the places of suppliers, under the same rule: filters, split and prices are those of any
decision. What a supplier has is known from its counts, and is committed as any other stock.
"""

from oms.allocation.fallbacks.model import Again, Did, Stranded, Units
from oms.allocation.rules import Demand
from oms.orders.bundles import with_bundles


def drop_ship(stranded: Stranded, left: Units) -> Did:
    """Plan what is left on the stock of the suppliers that the rule names, or of all if it names none."""
    sourcing, named = stranded.sourcing, stranded.rule.suppliers
    places = {name for name, place in sourcing.suppliers.items() if not named or place.supplier in named}
    if not places:
        return Did({}, why_not="no supplier ships for us" if not named else f"{', '.join(named)} ships nothing for us")
    lines = [stranded.line(number) for number in left]
    bundles = {line.sku: line.components for line in lines if line.components}
    demands = [Demand(line.number, line.sku, left[line.number]) for line in lines]
    stock = with_bundles(stranded.free, bundles)
    if not any(stock.get(line.sku, {}).get(name, 0) > 0 for line in lines for name in places):
        return Did({}, why_not=f"{', '.join(sorted(places))} has none of it free")
    ships = dict(stranded.ships)
    case = sourcing.case(
        stranded.order, demands, stock, stranded.case.excluded, stranded.now, among=places, ships=ships
    )
    plan, outcome = sourcing.decided(case, stranded.rule)
    stranded.take(plan.takes)
    units: dict[int, int] = {}
    for take in plan.takes:
        units[take.number] = units.get(take.number, 0) + take.quantity
    how = f"suppliers ship them from {', '.join(plan.locations)}" if units else ""
    out = [f"{row.location} is out ({row.constraint}): it {row.why}" for row in outcome.refusals]
    why_not = "; ".join(out) or "no more of it is free at suppliers"
    again = (Again("drop_ship", case, outcome),) if units else ()
    return Did(units, how, why_not, takes=plan.takes, again=again, reasons=(plan.reason,))
