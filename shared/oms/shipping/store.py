"""Numbers and capacity of shipping, both counters in the reference table.

| access pattern | how |
|---|---|
| the next serials of a kind, by the block | update `NUMBER#<kind>` / `NUMBER`: `n` grows by the block |
| parcels taken of a daily capacity | update `CAPACITY#<location>#<carrier>#<service>` / `<ship date>`: `used` |

Rate cards are settings (`CARRIER#<card key>`), read through the reference store. A block of 100 serials per process
costs 0.01 calls a parcel and lets one counter item (1,000 writes/s) number 100,000 parcels/s; a process that ends
leaves a gap, which numbers may have. The capacity counter is written by the transaction that books, so it moves
exactly once; it is only kept for services that have a capacity, which also bounds its rate.
"""

from oms.aws import clients, tables
from oms.aws.errors import translated
from oms.aws.tables import Key, Write

BLOCK = 100
CAPACITY_LABEL = "capacity"


class ShippingStore:
    """The counters, with the block of serials that this process has leased."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._leased: dict[str, range] = {}

    def next(self, kind: str) -> int:
        """The next serial of a kind, never given twice."""
        left = self._leased.get(kind) or self._lease(kind)
        self._leased[kind] = left[1:]
        return left[0]

    def _lease(self, kind: str) -> range:
        with translated():
            answer = clients.dynamodb().update_item(
                TableName=self.table,
                Key=tables.to_wire({"pk": f"NUMBER#{kind}", "sk": "NUMBER"}),
                UpdateExpression="ADD n :block",
                ExpressionAttributeValues=tables.to_wire({":block": BLOCK}),
                ReturnValues="UPDATED_NEW",
            )
        last = int(tables.from_wire(answer["Attributes"])["n"])
        return range(last - BLOCK + 1, last + 1)

    def take_capacity(self, place: str, carrier: str, service: str, ship_on: str, *, parcels: int, limit: int) -> Write:
        """A write that takes room for `parcels`, and fails (label `capacity`) when the day is full."""
        return tables.update(
            self._capacity_key(place, carrier, service, ship_on),
            expression="ADD used :parcels",
            condition="attribute_not_exists(used) OR used <= :room",
            values={":parcels": parcels, ":room": limit - parcels},
            label=CAPACITY_LABEL,
        )

    def give_capacity(self, place: str, carrier: str, service: str, ship_on: str, *, parcels: int) -> Write:
        """A write that gives room back; it fails when less was taken."""
        return tables.update(
            self._capacity_key(place, carrier, service, ship_on),
            expression="ADD used :given",
            condition="used >= :parcels",
            values={":given": -parcels, ":parcels": parcels},
            label=CAPACITY_LABEL,
        )

    def capacity_used(self, place: str, carrier: str, service: str, ship_on: str) -> int:
        item = tables.get(self._capacity_key(place, carrier, service, ship_on))
        return int(item["used"]) if item else 0

    def _capacity_key(self, place: str, carrier: str, service: str, ship_on: str) -> Key:
        return Key(self.table, f"CAPACITY#{place}#{carrier}#{service}", ship_on)
