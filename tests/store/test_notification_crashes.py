"""Kill the receiver of notifications at every AWS call: no notification is lost and none is there twice."""

import json

from functions.intake.queue_receive_notifications import handler as notified
from oms.wiring import Wiring
from tests.crash import calls_of, crash, crash_points, restart
from tests.intake import TestClock, archived, company
from tests.lambda_events import sqs_event
from tests.unit.intake.specimens import amazon


def notify() -> list[str]:
    answer = notified(sqs_event([json.loads(amazon.MESSAGE)]), None)
    return [row["itemIdentifier"] for row in answer["batchItemFailures"]]


def sell_on_amazon(wiring: Wiring) -> None:
    wiring.reference.put_setting("CHANNEL", amazon.CHANNEL.name, amazon.CHANNEL)


def test_a_crash_anywhere_loses_no_notification_and_doubles_none() -> None:
    clock = TestClock()
    with company(clock) as wiring:
        sell_on_amazon(wiring)
        points = crash_points(calls_of(notify))
    assert points[-1].operation == "PutObject"
    for point in points:
        with company(clock) as wiring:
            sell_on_amazon(wiring)
            crash(point, notify)
            restart(clock)
            assert notify() == notify() == []
            assert len(archived()) == 1, point
