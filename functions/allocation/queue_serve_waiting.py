"""Stock that came or was freed, orders that joined a line, supplies that moved: those who wait are served."""

from collections.abc import Mapping

from oms.allocation.serving import serve_waiting
from oms.entry.queue import Message, queue
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    return serve_waiting(((message.id, message.document) for message in messages), desk=wire().serving_desk)
