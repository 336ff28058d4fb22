"""Carrier scans from the scan queue: the bus delivers what the feeds report as `CarrierStatus`."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.tracking.service import record_scans
from oms.wiring import wire


def record(messages: list[Message]) -> Mapping[str, Exception]:
    return record_scans(messages, orders=wire().orders, clock=wire().clock)


handler = queue(record)
