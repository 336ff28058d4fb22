"""Pieces of what-ifs, one at a time, from the what-if queue."""

from collections.abc import Mapping

from oms.allocation.whatif.service import run_what_ifs
from oms.entry.queue import Message, queue
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    return run_what_ifs(messages, works=wire().what_if_works)
