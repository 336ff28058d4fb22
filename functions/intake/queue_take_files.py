"""Files that partners drop, as the bucket tells of them, from the file queue."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.intake.inbox.service import take_files
from oms.wiring import wire


def take(messages: list[Message]) -> Mapping[str, Exception]:
    return take_files(messages, desk=wire().inbox)


handler = queue(take)
