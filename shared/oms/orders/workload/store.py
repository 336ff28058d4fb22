"""How much of a location's day is given out: counters in the reference table.

| access pattern | how |
|---|---|
| how full some days are | batch get `WORKLOAD#<location>` / `<date>`: `orders`, `lines`, `units` |
| take of a day, or give back | update the same item, in the transaction of the fulfillment orders |

An item is kept only for locations with a limit, which also bounds its rate, and is one write per location and
transaction of up to 48 orders. `expires_at` removes it two months after its day.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.orders.workload.model import Load, Workday

_KEPT = timedelta(days=60)


class WorkloadStore:
    """Counters of one reference table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def used(self, days: Iterable[Workday]) -> dict[Workday, Load]:
        """What is given out of each of the days."""
        by_key = {self._key(day): day for day in days}
        rows = tables.get_many(by_key)
        found = {by_key[key]: Load(row["orders"], row["lines"], row["units"]) for key, row in rows.items()}
        return {day: found.get(day, Load()) for day in by_key.values()}

    def take(self, day: Workday, load: Load, limit: Load) -> Write:
        """A write that takes of a day, and fails when it would be more than the limit."""
        room = {name: most - more for name, most, more in zip(Load._fields, limit, load, strict=True) if most}
        fits = " AND ".join(f"#{name} <= :room_{name}" for name in room) or "attribute_exists(pk)"
        condition = f"attribute_not_exists(pk) OR ({fits})" if load.fits(limit) else fits
        return self._add(day, load, condition, {f":room_{name}": left for name, left in room.items()})

    def take_beyond(self, day: Workday, load: Load, seen: Load) -> Write:
        """A write that takes of a day whatever its limit, and fails when it is not as it was seen."""
        same = " AND ".join(f"#{name} = :seen_{name}" for name in Load._fields)
        condition = f"({same})" if any(seen) else f"attribute_not_exists(pk) OR ({same})"
        return self._add(day, load, condition, {f":seen_{name}": of for name, of in seen._asdict().items()})

    def give_back(self, loads: Mapping[Workday, Load]) -> list[Write]:
        """A write per day that gives back, and fails when less was taken."""
        return [
            self._add(
                day,
                Load(*(-of for of in load)),
                " AND ".join(f"#{name} >= :back_{name}" for name in Load._fields),
                {f":back_{name}": of for name, of in load._asdict().items()},
            )
            for day, load in sorted(loads.items())
        ]

    def _add(self, day: Workday, load: Load, condition: str, values: Mapping[str, int]) -> Write:
        until = date.fromisoformat(day.on) + _KEPT
        return tables.update(
            self._key(day),
            expression="SET expires_at = :until ADD #orders :orders, #lines :lines, #units :units",
            condition=condition,
            names={f"#{name}": name for name in Load._fields},
            values={
                **{f":{name}": of for name, of in load._asdict().items()},
                **values,
                ":until": until.toordinal() * 86_400 - _EPOCH_S,
            },
            label=label_of(day),
        )

    def _key(self, day: Workday) -> Key:
        return Key(self.table, f"WORKLOAD#{day.location}", day.on)


_EPOCH_S = date(1970, 1, 1).toordinal() * 86_400


def label_of(day: Workday) -> str:
    """How the write of a day is named when it fails."""
    return f"workday {day.location} {day.on}"
