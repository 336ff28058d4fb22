"""The queue edge: a batch of SQS messages in, the ids of those that must come again out.

A message is JSON; for messages that a bus rule put there it is a packed entry `{"route": ..., "facts": [...]}`.
A message that can never succeed is logged and dropped to the rejects (the handler says so by `Rejected`); one that
failed for now goes back to the queue and, after its tries, to the dead-letter queue.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from oms.entry.log import logger
from oms.events.fact import Fact
from oms.kernel.errors import RejectedError, TransientError
from oms.kernel.json import read_json


class Message(NamedTuple):
    """One message: its id, and its JSON document."""

    id: str
    document: Any

    @property
    def facts(self) -> list[Fact]:
        """The facts of a packed bus entry."""
        return [Fact.model_validate(row) for row in self.document["facts"]]


Process = Callable[[list[Message]], Mapping[str, Exception]]


def queue(process: Process) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Make a handler of `process`, which gets all messages and returns the errors by message id (none: all done).

    An error of the transient family, or a bug, sends the message back. A `RejectedError` never can succeed: it is
    logged with its code and goes to the dead-letter queue with the rest of its tries (parked, not lost). When a batch
    ends in a bug, its messages are processed again one by one, so that the one at fault takes no other with it.
    """

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        messages, failed = _read(event["Records"])
        if messages:
            failed |= _run(process, messages)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}

    return handler


def _read(records: Iterable[Mapping[str, Any]]) -> tuple[list[Message], set[str]]:
    messages: list[Message] = []
    failed: set[str] = set()
    for record in records:
        try:
            messages.append(Message(record["messageId"], read_json(record["body"].encode())))
        except RejectedError as error:
            logger.error("unreadable message", extra={"message_id": record["messageId"], "code": error.code})
            failed.add(record["messageId"])
    return messages, failed


def _run(process: Process, messages: list[Message]) -> set[str]:
    try:
        errors = process(messages)
    except TransientError as error:
        logger.warning("batch failed for now", extra={"error": str(error), "messages": len(messages)})
        return {message.id for message in messages}
    except Exception:  # noqa: BLE001  the edge: the bug is logged, and kept to the message that has it
        logger.exception("batch failed", extra={"messages": len(messages)})
        if len(messages) == 1:
            return {messages[0].id}
        return {failed for message in messages for failed in _run(process, [message])}
    for message_id, failure in errors.items():
        logger.warning("message failed", extra={"message_id": message_id, "error": str(failure)})
    return set(errors)
