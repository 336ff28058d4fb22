"""Facts of orders on account: what shipped is unbilled now, what ended is counted for the last time."""

from collections.abc import Mapping

from oms.credit.recount import recount_exposure
from oms.entry.queue import Message, queue
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    named = ((message.id, message.document) for message in messages)
    return recount_exposure(named, orders=wire().orders, desk=wire().credit)
