"""Facts from a table's stream to the bus: the orders table's, and the procurement table's in the same way."""

from collections.abc import Sequence

from oms.entry.stream import Record, stream
from oms.orders.store import facts_of_stream_record
from oms.wiring import wire


def publish(records: Sequence[Record]) -> str | None:
    return wire().outbox.publish(records, facts_of_stream_record)


handler = stream(publish)
