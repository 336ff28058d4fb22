"""Positions that fell short of what is committed, from the shortfall queue."""

from collections.abc import Mapping

from oms.allocation.shortfall import mend_shortfalls
from oms.entry.queue import Message, queue
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    return mend_shortfalls(((message.id, message.document) for message in messages), desk=wire().shortfall_desk)
