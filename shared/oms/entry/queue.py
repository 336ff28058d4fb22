"""The queue edge: a batch of SQS messages in, the ids of those that must come again out.

A message is JSON; for messages that a bus rule put there it is a packed entry `{"route": ..., "facts": [...]}`.
A message that can never succeed is logged and dropped to the rejects (the handler says so by `Rejected`); one that
failed for now goes back to the queue and, after its tries, to the dead-letter queue.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from oms.entry.log import logger
from oms.events.fact import Fact
from oms.kernel.errors import RejectedError, TransientError
from oms.kernel.json import read_json


class Message(NamedTuple):
    """One message: its id, its JSON document, how often it has been delivered (this time included), and its bytes."""

    id: str
    document: Any
    receives: int = 1
    receipt: str = ""
    raw: bytes = b""

    @property
    def facts(self) -> list[Fact]:
        """The facts of a packed bus entry."""
        return [Fact.model_validate(row) for row in self.document["facts"]]


Process = Callable[[list[Message]], Mapping[str, Exception]]
GiveUp = Callable[[Message, Exception], None]
PutOff = Callable[[str, float], None]
_FIRST_WAIT_S, _LONGEST_WAIT_S = 15, 900


def queue(
    process: Process, *, tries: int = 0, give_up: GiveUp | None = None, put_off: PutOff | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Make a handler of `process`, which gets all messages and returns the errors by message id (none: all done).

    An error of the transient family, or a bug, sends the message back. A `RejectedError` never can succeed: it is
    logged with its code and goes to the dead-letter queue with the rest of its tries (parked, not lost). When a batch
    ends in a bug, its messages are processed again one by one, so that the one at fault takes no other with it.

    Args:
        process: works a batch off.
        tries: deliveries after which `give_up` is called instead of another try.
        give_up: puts a message where a person finds it; if it fails too, the message goes the way of the others.
        put_off: has a message come again in so many seconds: as many as the error asks for (`after_s`), or 15, 60,
            240, 900 one after the other. Without it, when the queue's visibility time is up.
    """

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        messages, failed = _read(event["Records"])
        errors = _run(process, messages) if messages else {}
        for message in messages:
            error = errors.get(message.id)
            if error and give_up and message.receives >= tries and _given_up(give_up, message, error):
                del errors[message.id]
            elif error and put_off:
                _wait(put_off, message, error)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed | set(errors))]}

    return handler


def _given_up(give_up: GiveUp, message: Message, error: Exception) -> bool:
    try:
        give_up(message, error)
    except Exception:  # noqa: BLE001  the edge: whatever happens here, the message is kept
        logger.exception("could not give up", extra={"message_id": message.id})
        return False
    logger.error("gave up", extra={"message_id": message.id, "error": str(error)})
    return True


def _wait(put_off: PutOff, message: Message, error: Exception) -> None:
    seconds = getattr(error, "after_s", None) or _FIRST_WAIT_S * 4 ** (message.receives - 1)
    # It comes again in any case, only later.
    with contextlib.suppress(Exception):
        put_off(message.receipt, min(seconds, _LONGEST_WAIT_S))


def _read(records: Iterable[Mapping[str, Any]]) -> tuple[list[Message], set[str]]:
    messages: list[Message] = []
    failed: set[str] = set()
    for record in records:
        try:
            receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
            raw, receipt = record["body"].encode(), record.get("receiptHandle", "")
            messages.append(Message(record["messageId"], read_json(raw), receives, receipt, raw))
        except RejectedError as error:
            logger.error("unreadable message", extra={"message_id": record["messageId"], "code": error.code})
            failed.add(record["messageId"])
    return messages, failed


def _run(process: Process, messages: list[Message]) -> dict[str, Exception]:
    try:
        errors = process(messages)
    except TransientError as error:
        logger.warning("batch failed for now", extra={"error": str(error), "messages": len(messages)})
        return {message.id: error for message in messages}
    except Exception as error:  # noqa: BLE001  the edge: the bug is logged, and kept to the message that has it
        logger.exception("batch failed", extra={"messages": len(messages)})
        if len(messages) == 1:
            return {messages[0].id: error}
        return {key: failure for message in messages for key, failure in _run(process, [message]).items()}
    for message_id, failure in errors.items():
        logger.warning("message failed", extra={"message_id": message_id, "error": str(failure)})
    return dict(errors)
