"""Lines of waiting orders, in the inventory table, because they move in one transaction with the stock.

| access pattern | how |
|---|---|
| who waits for a SKU, in order | query pk `WAITING#<sku>`; sk `<supply_on>#<submitted_at>#<order id>#<line>` ¹ |
| how many units of a SKU are waited for | get `LINE#<sku>` / `LINE`; batch get for many |
| every SKU that is waited for | index `listed`: `WAITING`, `<sku>` |

¹ of an urgent order `!` and nine less its priority stand before `<submitted_at>`.

A place follows from the order's header and is written with it: the header's version is the condition of both. The head
of a line sums it up: who joins writes it on its version, so that those who join see each other and a cap is exact; who
leaves only adds to it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.inventory.waiting.model import Changed, Head, Place, turn_of
from oms.inventory.waiting.rules import moves_of

_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"  # the header's own condition guards the place
_LISTED = "WAITING"
_OF = "of:"  # attributes of a head: `sold` by channel
_NEXT = "\x01"  # `key + _NEXT` is behind `key` and before every other key


class WaitingStore:
    """Reads and writes of the lines in one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def heads(self, skus: Iterable[str]) -> dict[str, Head]:
        """The heads of lines, of those too where nobody waits; consistent."""
        keys = {self._head_key(sku): sku for sku in sorted(set(skus))}
        found = {sku: Head(sku) for sku in keys.values()}
        for key, row in tables.get_many(keys).items():
            own = {name.removeprefix(_OF): units for name, units in row.items() if name.startswith(_OF)}
            found[keys[key]] = Head(keys[key], row["v"], row["units"], row["sold"], own)
        return found

    def line(self, sku: str, *, after: str | None = None, limit: int | None = None) -> Iterator[Place]:
        """The line for a SKU behind the place `after`, first served first; consistent."""
        rows = tables.query(
            self.table,
            condition="pk = :pk AND sk > :after",
            values={":pk": f"WAITING#{sku}", ":after": after + _NEXT if after else " "},
            limit=limit,
            consistent=True,
        )
        return map(_place, rows)

    def last(self, sku: str) -> Place | None:
        """Who stands last; consistent."""
        rows = tables.query(
            self.table,
            condition="pk = :pk",
            values={":pk": f"WAITING#{sku}"},
            forward=False,
            limit=1,
            consistent=True,
        )
        return next(map(_place, rows), None)

    def lasts(self, skus: Iterable[str]) -> dict[str, Place | None]:
        """Who stands last in each of several lines; consistent."""
        names = list(dict.fromkeys(skus))
        return dict(zip(names, tables.side_by_side(self.last, names), strict=True))

    def waited_for(self) -> Iterator[str]:
        """Every SKU that is waited for, and some that were; a moment old."""
        rows = tables.query(self.table, index="listed", condition="listed_pk = :pk", values={":pk": _LISTED})
        return (row["listed_sk"] for row in rows)

    def unlist(self, head: Head) -> None:
        """Forget a line in which nobody stands.

        Raises:
            ConditionFailedError: somebody has joined.
        """
        write = tables.update(
            self._head_key(head.sku),
            expression="REMOVE listed_pk, listed_sk",
            condition="v = :seen AND units = :zero AND sold = :zero",
            values={":seen": head.version, ":zero": 0},
            label=head_label(head.sku),
        )
        tables.commit(write)

    def writes(self, changes: Iterable[Changed], heads: Mapping[str, Head] | None = None) -> list[Write]:
        """What some changes of orders write in the lines: places, and a write per head. `heads`: those joined."""
        units: Counter[str] = Counter()
        sold: Counter[tuple[str, str]] = Counter()
        joined: set[str] = set()
        places: list[Write] = []
        for moves in map(moves_of, changes):
            places += [tables.delete(self._place_key(p), condition=_ALWAYS, label=_label(p)) for p in moves.gone]
            places += [tables.put(self.table, self._item(p), condition=_ALWAYS, label=_label(p)) for p in moves.put]
            units.update(moves.units)
            sold.update({(sku, moves.channel): by for sku, by in moves.sold.items()})
            joined |= moves.joined
        return [*places, *self._head_writes(units, sold, joined, heads or {})]

    def _head_writes(
        self,
        units: Counter[str],
        sold: Counter[tuple[str, str]],
        joined: set[str],
        heads: Mapping[str, Head],
    ) -> Iterator[Write]:
        by_sku: dict[str, dict[str, int]] = {}
        for (sku, channel), by in sold.items():
            if by:
                by_sku.setdefault(sku, {})[channel] = by
        for sku in sorted({*units, *by_sku}):
            own = by_sku.get(sku, {})
            if units[sku] or own or sku in joined:
                yield self._head_write(sku, units[sku], own, joined=sku in joined, seen=heads.get(sku))

    def _head_write(self, sku: str, units: int, sold: Mapping[str, int], *, joined: bool, seen: Head | None) -> Write:
        values = {":units": units, ":sold": sum(sold.values()), ":zero": 0, ":one": int(joined)}
        names = {f"#of{place}": f"{_OF}{channel}" for place, channel in enumerate(sorted(sold))}
        values |= {f":of{place}": sold[channel] for place, channel in enumerate(sorted(sold))}
        by_channel = "".join(f", #of{place} :of{place}" for place in range(len(sold)))
        condition = _ALWAYS
        if seen is not None and joined:
            condition = "v = :seen" if seen.version else "attribute_not_exists(pk)"
            values |= {":seen": seen.version} if seen.version else {}
        listed = {":listed": _LISTED, ":sku": sku} if joined else {}
        also = ", listed_pk = :listed, listed_sk = :sku" if joined else ""
        return tables.update(
            self._head_key(sku),
            expression=f"SET n = :zero{also} ADD units :units, sold :sold, v :one{by_channel}",
            condition=condition,
            names=names,
            values={**values, **listed},
            label=head_label(sku),
        )

    def _item(self, place: Place) -> dict[str, object]:
        key = self._place_key(place)
        return {"pk": key.pk, "sk": key.sk, "n": 0, "units": place.units, "at": place.location}

    def _place_key(self, place: Place) -> Key:
        return Key(self.table, f"WAITING#{place.sku}", place.key)

    def _head_key(self, sku: str) -> Key:
        return Key(self.table, f"LINE#{sku}", "LINE")


def head_label(sku: str) -> str:
    """What the write of a head is called when it fails."""
    return f"line for {sku}"


def _label(place: Place) -> str:
    return f"place of {place.order_id} for {place.sku}"


def _place(row: tables.Item) -> Place:
    supply_on, turn, order_id, number = row["sk"].split("#")
    priority, submitted_at = turn_of(turn)
    return Place(
        sku=row["pk"].removeprefix("WAITING#"),
        supply_on=supply_on,
        submitted_at=submitted_at,
        order_id=order_id,
        number=int(number),
        units=row["units"],
        location=row.get("at"),
        priority=priority,
    )
