"""Count files that locations drop, as the bucket tells of them, piece by piece from the count queue."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.inventory.counts.files import take_count_files
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    return take_count_files(messages, desk=wire().count_desk)
