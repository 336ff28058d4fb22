"""Queues: messages to one queue."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from oms.aws import clients
from oms.aws.errors import translated
from oms.kernel.errors import TransientError
from oms.kernel.json import write_json

_PER_CALL = 10  # SQS: messages per SendMessageBatch
_LONGEST_S = 43_200  # SQS: twelve hours


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

    def put_off(self, receipt: str, seconds: float) -> None:
        """Have a received message delivered again in so many seconds, rather than when its time is up.

        Raises:
            TransientError: then it comes when its time is up.
        """
        wait = min(max(int(seconds), 0), _LONGEST_S)
        with translated():
            clients.sqs().change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=wait)

    def send_all(self, documents: Iterable[Any]) -> None:
        """Put many small documents on the queue, ten to a call.

        Raises:
            TransientError: some were not taken, others may have been: send all again, readers deduplicate.
        """
        for batch in _batches(documents):
            entries: Any = [{"Id": str(place), "MessageBody": write_json(each)} for place, each in enumerate(batch)]
            with translated():
                answer = clients.sqs().send_message_batch(QueueUrl=self.url, Entries=entries)
            if answer.get("Failed"):
                raise TransientError(f"SQS refused {len(answer['Failed'])} of {len(entries)} messages")


def _batches(documents: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(documents)
    while batch := list(islice(rest, _PER_CALL)):
        yield batch
