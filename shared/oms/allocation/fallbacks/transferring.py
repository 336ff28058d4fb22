"""Units that lie where nobody may ship to this buyer are sent to a location that may. Pure.

A location that is out today only (its hours, its day is full, it would be late) ships tomorrow itself: it is asked for
no transfer, and may receive one. Who refused the order before is neither asked nor sent anything.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oms.allocation.fallbacks.model import Did, Stranded, Units
from oms.allocation.rules import Demand
from oms.allocation.sourcing.filters import candidates
from oms.inventory.transfers.asking import Wish
from oms.orders.model import Line

LASTING = frozenset({"blocked", "network", "country", "distance", "capability", "carrier", "split"})
PASSING = ("hours", "capacity", "promise")
MOST = 8  # transfers of one decision: four writes each, in its transaction


class _Way(NamedTuple):
    """How units of a line get to one destination: sources with days and units, the soonest first."""

    destination: str
    km: int
    parts: tuple[tuple[int, str, int], ...]

    @property
    def units(self) -> int:
        return sum(units for _, _, units in self.parts)

    @property
    def days(self) -> int:
        return max(days for days, _, _ in self.parts)


def transfer(stranded: Stranded, left: Units) -> Did:
    """Ask for transfers of units that are free where nobody may ship them; what is on its way already is enough.

    A line's units go to one destination: the one that gets most of them, then soonest, then nearest to the buyer.
    """
    units: dict[int, int] = {}
    wishes: list[Wish] = []
    how: list[str] = []
    why_not: list[str] = []
    waits_at: dict[int, str] = {}
    for number, wanted in left.items():
        line = stranded.line(number)
        may_ship = _may_ship(stranded, line, wanted)
        covered = min(wanted, _under_way(stranded, line, may_ship))
        if covered:
            how.append(f"{covered} unit(s) of line {number} are asked for already")
        asked, why = _asked(stranded, line, may_ship, wanted - covered, MOST - len(wishes))
        wishes += asked
        how += [f"{w.units} unit(s) of line {number} from {w.source} to {w.destination} by {w.due_on}" for w in asked]
        if asked:
            waits_at[number] = asked[0].destination
        if got := covered + sum(wish.units for wish in asked):
            units[number] = got
        if got < wanted:
            why_not.append(f"line {number}: {why}")
    said = f"they are transferred: {'; '.join(how)}" if how else ""
    return Did(units, said, "; ".join(why_not), tuple(wishes), waits_at)


def _under_way(stranded: Stranded, line: Line, may_ship: Mapping[str, int]) -> int:
    """Units of the line that are on their way to where they can be shipped from, or will be."""
    found = [stranded.under_way[name] for name in line.transfers if name in stranded.under_way]
    return sum(one.to_come(part) for one in found if one.destination in may_ship for part in one.lines)


def _asked(
    stranded: Stranded, line: Line, may_ship: Mapping[str, int], wanted: int, room: int
) -> tuple[list[Wish], str]:
    """Transfers for units of a line, and why there are not more."""
    if not wanted:
        return [], ""
    if line.components:
        return [], "a bundle is not transferred"
    sources = _sources(stranded, line)
    if not sources:
        return [], "no location that may not ship has any of it free"
    found = [_Way(name, km, _parts(stranded, line, sources, name, wanted)) for name, km in may_ship.items()]
    ways = [way for way in found if way.parts]
    if not ways:
        return [], f"{', '.join(sorted(sources))} sends it to no location that may ship and keeps it"
    best = min(ways, key=lambda way: (-way.units, way.days, way.km, way.destination))
    wishes: list[Wish] = []
    for days, source, units in best.parts[:room]:
        stranded.free[line.sku][source] -= units
        zone = ZoneInfo(stranded.sourcing.locations[best.destination].time_zone)
        due_on = stranded.now.astimezone(zone).date() + timedelta(days=days)
        wishes.append(Wish(line.number, line.sku, source, best.destination, units, due_on.isoformat()))
    if len(best.parts) > room:
        return wishes, f"more than {MOST} transfers at a time are not asked for"
    return wishes, "no more of it is free"


def _sources(stranded: Stranded, line: Line) -> list[str]:
    """Where units lie that may not ship to this buyer; not where a transfer for the line was cancelled before."""
    gone = {
        found.source
        for name in line.transfers
        if (found := stranded.under_way.get(name)) and found.status == "cancelled"
    }
    free = stranded.free.get(line.sku, {})
    out = {
        row.location
        for row in stranded.outcome.refusals
        if row.constraint in LASTING and row.number in (None, line.number)
    }
    return sorted(name for name in out - gone if free.get(name, 0) > 0)


def _may_ship(stranded: Stranded, line: Line, wanted: int) -> dict[str, int]:
    """Every location that may ship the line and keeps its SKU, with its km to the buyer; none for a bundle.

    Soft constraints are dropped, as they are while units would wait.
    """
    if line.components:
        return {}
    kept = dict.fromkeys(stranded.free.get(line.sku, {}), wanted)
    demand = Demand(line.number, line.sku, wanted)
    out, ships = stranded.case.excluded, dict(stranded.ships)
    case = stranded.sourcing.case(stranded.order, [demand], {line.sku: kept}, out, stranded.now, ships=ships)
    found = candidates(case, stranded.rule, (*PASSING, *stranded.rule.soft))
    return {place.name: place.km for place in found.places if line.number not in found.barred[place.name]}


def _parts(
    stranded: Stranded, line: Line, sources: list[str], destination: str, wanted: int
) -> tuple[tuple[int, str, int], ...]:
    free, places = stranded.free[line.sku], stranded.sourcing.locations
    reached = [(days, -free[name], name) for name in sources if (days := places[name].days_to(destination)) is not None]
    parts: list[tuple[int, str, int]] = []
    left = wanted
    for days, there, name in sorted(reached):
        if left:
            parts.append((days, name, min(left, -there)))
            left -= min(left, -there)
    return tuple(parts)
