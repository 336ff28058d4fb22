"""The work of import jobs: files that have come and the chunks they are cut into, from the import queue."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.intake.imports.service import run_imports
from oms.wiring import wire


def run(messages: list[Message]) -> Mapping[str, Exception]:
    return run_imports(messages, desk=wire().import_works)


def put_off(receipt: str, seconds: float) -> None:
    wire().import_works.queue.put_off(receipt, seconds)


handler = queue(run, put_off=put_off)
