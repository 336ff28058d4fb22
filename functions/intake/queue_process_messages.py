"""Archived messages, as the bucket tells of them: up to ten at a time, from the message queue."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.intake.messages import processing
from oms.intake.messages.model import MAX_TRIES
from oms.wiring import wire


def process(messages: list[Message]) -> Mapping[str, Exception]:
    return processing.process_messages(messages, desk=wire().messages)


def give_up(message: Message, error: Exception) -> None:
    processing.give_up(message.document, error, desk=wire().messages)


def put_off(receipt: str, seconds: float) -> None:
    wire().message_queue.put_off(receipt, seconds)


handler = queue(process, tries=MAX_TRIES, give_up=give_up, put_off=put_off)
