"""Queues: one message to one queue."""

from typing import Any

from oms.aws import clients
from oms.aws.errors import translated
from oms.kernel.json import write_json


class Queue:
    """A queue by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, document: Any) -> None:
        """Put one JSON document on the queue.

        Raises:
            TransientError: throttled or unreachable; it may have been sent, so readers deduplicate.
        """
        with translated():
            clients.sqs().send_message(QueueUrl=self.url, MessageBody=write_json(document))
