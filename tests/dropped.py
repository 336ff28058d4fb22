"""Files that partners drop, on moto: who drops them, how they go in, and what comes of it."""

from typing import Any

from functions.intake.queue_take_files import handler as take
from oms.aws import clients
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.intake import message_rows
from tests.lambda_events import sqs_event
from tests.unit.intake.specimens import edifact_orders, x12_850


def retailer(channel: Channel) -> Channel:
    return channel.model_copy(
        update={"currencies": frozenset({"USD", "EUR"}), "options": {**channel.options, "account_id": "DOLLAR"}}
    )


def partners(wiring: Wiring) -> None:
    for channel in (retailer(x12_850.CHANNEL), edifact_orders.CHANNEL):
        wiring.reference.put_setting("CHANNEL", channel.name, channel)


def drop(channel: str, name: str, raw: bytes) -> dict[str, Any]:
    """Put a file into the inbox; the notification of the bucket."""
    key = f"inbox/{channel}/{name}"
    clients.s3().put_object(Bucket="baton-files", Key=key, Body=raw)
    return {"Records": [{"s3": {"bucket": {"name": "baton-files"}, "object": {"key": key.replace(" ", "+")}}}]}


def taken(notification: dict[str, Any]) -> int:
    """The file goes in; how many messages came back to the queue."""
    return len(take(sqs_event([notification]), None)["batchItemFailures"])


def objects(prefix: str) -> dict[str, str]:
    found = clients.s3().list_objects_v2(Bucket="baton-files", Prefix=prefix).get("Contents", [])
    return {
        each["Key"]: clients.s3().get_object(Bucket="baton-files", Key=each["Key"])["Body"].read().decode()
        for each in found
    }


def reasons() -> list[tuple[str, str | None]]:
    return sorted((row["status"], row.get("reason")) for row in message_rows().values())
