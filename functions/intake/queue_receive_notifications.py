"""What senders that do not sign put in the queue that only they may write to: into the archive, like a webhook."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.intake.messages import receiving
from oms.wiring import wire


def process(messages: list[Message]) -> Mapping[str, Exception]:
    return receiving.receive_notifications(messages, desk=wire().reception)


handler = queue(process)
