"""Messages good, bad, doubled, late and out of order, with processes dying at every AWS call: is anything lost?

A storm is made from a seed: shops post what they have to say, again when they are not told 202; the queue delivers in
any order, some things twice; a process dies before or after a call, and what it held is delivered again. When the
storm is over, archive, log and orders are counted against what was said.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from functions.intake.api_receive_webhooks import handler as receive
from functions.intake.cron_sweep_messages import handler as sweep
from functions.intake.queue_process_messages import handler as process
from oms.aws import clients
from oms.intake.messages.service import prove
from oms.orders.natural import order_id_of
from oms.wiring import wire
from tests.crash import Deaths
from tests.intake import SECRET, TestClock, company, open_desk, shopify
from tests.lambda_events import bucket_event, shopify_event, sqs_event

CHANNEL = "shopify_eu"
STORMS, SAID = 84, 100
_DIES_EVERY = 23  # AWS calls; prime, so that it meets every call of every kind of message sooner or later
_QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/baton-message"


class Saying(NamedTuple):
    """A message of a shop: what it is about, and what it must come to."""

    topic: str
    body: dict[str, Any]
    parked: bool = False


class Expected(NamedTuple):
    """Where an order must end."""

    version: str
    cancelled: bool


class Outcome(NamedTuple):
    """What a storm came to. `wrong` names what is not as it should be."""

    said: int
    posted: int
    archived: int
    processed: int
    parked: int
    waiting: int
    orders: int
    deliveries: int
    crashes: Counter[str]
    wrong: list[str]


@dataclass
class Storm:
    """One run on a fresh moto."""

    chance: random.Random
    clock: TestClock
    queue: list[tuple[Any, int]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    posted: int = 0
    deliveries: int = 0

    def __post_init__(self) -> None:
        self.deaths = Deaths(_DIES_EVERY, self.clock, revive=open_desk)

    def watch(self) -> None:
        """See every AWS call: to note what the bucket would tell the queue, and to die now and then."""
        self.deaths.watch()
        hooks: Any = clients.session().get_component("event_emitter")
        hooks.register_first("before-parameter-build.s3.PutObject", self._about_to_keep)
        hooks.register_first("after-call.s3.PutObject", self._kept)

    def _about_to_keep(self, **call: Any) -> None:
        call["context"]["key"] = call["params"]["Key"]

    def _kept(self, **call: Any) -> None:
        if call["http_response"].status_code == 200:
            self.queue.append((bucket_event(call["context"]["key"]), 1))

    def post(self, saying: Saying) -> None:
        """As shops do: the same again until the answer is 202."""
        event = shopify_event(CHANNEL, saying.body, SECRET, saying.topic)
        answer = None
        while answer is None:
            self.posted += 1
            answer = self.deaths.survive(lambda: receive(event, None))
        if answer["statusCode"] != 202:
            raise AssertionError(answer)

    def deliver(self) -> None:
        """Up to ten messages of the queue, any of them; what fails or dies comes again, and some that went well."""
        self.chance.shuffle(self.queue)
        batch = [self.queue.pop() for _ in range(min(len(self.queue), self.chance.randint(1, 10)))]
        self.deliveries += len(batch)
        event = sqs_event([document for document, _ in batch])
        for record, (_, receives) in zip(event["Records"], batch, strict=True):
            record["attributes"]["ApproximateReceiveCount"] = str(receives)
        answer = self.deaths.survive(lambda: process(event, None))
        again = {f"m{n}" for n in range(len(batch))} if answer is None else _failed(answer)
        for number, (document, receives) in enumerate(batch):
            if f"m{number}" in again or self.chance.random() < 0.05:
                self.queue.append((document, receives + 1))

    def run(self, sayings: list[Saying]) -> None:
        """Until all is said and the queue is empty; then the sweep looks for what was forgotten."""
        while sayings or self.queue:
            if sayings and (not self.queue or self.chance.random() < 0.6):
                self.post(sayings.pop())
            else:
                self.deliver()
        self.deaths.stop()
        self.clock.pass_time(minutes=20)
        while any(sweep({}, None).values()):
            self.queue += [(document, 1) for document in _taken_off()]
            while self.queue:
                self.deliver()


def storm(seed: int, said: int = SAID) -> Outcome:
    """One storm of `said` different messages."""
    chance = random.Random(seed)  # noqa: S311  a simulation, not a secret
    clock = TestClock()
    clock.now = datetime.now(UTC)  # moto stamps objects with the true time
    day = clock.now.date().isoformat()
    sayings, expected = _sayings(chance, said)
    everything = [*sayings, *chance.choices(sayings, k=said // 5)]  # one in five is posted twice
    chance.shuffle(everything)
    with company(clock):
        run = Storm(chance, clock)
        run.watch()
        run.run(list(everything))
        proof = prove(CHANNEL, day, wire().message_care)
        return Outcome(
            len(everything),
            run.posted,
            proof.archived,
            proof.processed,
            proof.parked,
            len(proof.missing),
            len(expected),
            run.deliveries,
            run.deaths.crashes,
            list(_wrong(sayings, expected)),
        )


def _sayings(chance: random.Random, count: int) -> tuple[list[Saying], dict[str, Expected]]:
    """What shops have to say, about orders each of another buyer; and where those orders must end."""
    sayings: list[Saying] = []
    expected: dict[str, Expected] = {}
    number = 0
    while len(sayings) < count:
        number += 1
        kind = chance.choices(("plain", "paid", "cancelled", "refunded", "unknown", "unreadable", "other"),
                              weights=(45, 20, 10, 8, 7, 5, 5))[0]  # fmt: skip
        about = {"id": number, "email": f"buyer{number}@example.com"}
        first = _order(1, financial_status="authorized", **about)
        news = {
            "plain": [],
            "paid": [Saying("orders/updated", _order(2, financial_status="paid", **about))],
            "cancelled": [Saying("orders/cancelled", _order(3, cancelled_at="2026-11-23T09:03:00Z", **about))],
            "refunded": [Saying("refunds/create", _refund(number))],
        }
        if kind in news:
            sayings += [Saying("orders/create", first), *news[kind]]
            last = {"paid": 2, "cancelled": 3}.get(kind, 1)
            expected[order_id_of(CHANNEL, str(number))] = Expected(_at(last), kind == "cancelled")
        elif kind == "unknown":
            rows = [{"id": 1, "sku": "NOPE", "quantity": 1, "price": "187.00"}]
            sayings.append(Saying("orders/create", {**first, "line_items": rows}, parked=True))
        elif kind == "unreadable":
            sayings.append(Saying("orders/create", {**first, "total_price": "a lot"}, parked=True))
        else:
            sayings.append(Saying("products/update", {"id": number}))
    return sayings, expected


def _at(minute: int) -> str:
    return f"2026-11-23T09:{minute:02}:00.000Z"


def _order(minute: int, **changes: Any) -> dict[str, Any]:
    body = shopify(updated_at=_at(minute), **changes)
    body["line_items"] = [{**row, "id": 100 + place} for place, row in enumerate(body["line_items"])]
    return body


def _refund(number: int) -> dict[str, Any]:
    paid_back = [{"id": 9, "kind": "refund", "status": "success", "amount": "1.00", "currency": "EUR"}]
    return {"id": 10_000 + number, "order_id": number, "refund_line_items": [], "transactions": paid_back}


def _wrong(sayings: list[Saying], expected: dict[str, Expected]) -> Iterator[str]:
    """Everything in the tables that is not as it must be."""
    rows = clients.dynamodb().get_paginator("scan").paginate(TableName="baton-orders")
    stored = {
        row["pk"]["S"].removeprefix("ORDER#") for page in rows for row in page["Items"] if row["sk"]["S"] == "ORDER"
    }
    yield from (f"{order_id} is lost" for order_id in expected.keys() - stored)
    yield from (f"{order_id} should not be" for order_id in stored - expected.keys())
    orders = wire().orders.get_many(stored & expected.keys())
    for order_id, order in orders.items():
        ending = expected[order_id]
        if (order.status == "cancelled") != ending.cancelled or order.external_version != ending.version:
            yield f"{order_id} is {order.status} at {order.external_version}, not as {ending}"
    refunds = sum(row.what == "RefundReported" for order in orders.values() for row in order.log)
    if refunds != sum(saying.topic == "refunds/create" for saying in sayings):
        yield f"{refunds} refunds are noted"
    proof = prove(CHANNEL, datetime.now(UTC).date().isoformat(), wire().message_care)
    bad = sum(saying.parked for saying in sayings)
    if (proof.archived, proof.parked) != (len(sayings), bad):
        yield f"{proof.archived} archived and {proof.parked} parked, of {len(sayings)} and {bad}: {dict(proof.reasons)}"


def _failed(answer: dict[str, Any]) -> set[str]:
    return {row["itemIdentifier"] for row in answer["batchItemFailures"]}


def _taken_off() -> Iterator[Any]:
    """What the sweep put on the queue."""
    while messages := clients.sqs().receive_message(QueueUrl=_QUEUE, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            clients.sqs().delete_message(QueueUrl=_QUEUE, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(message["Body"])


def figures() -> list[tuple[str, str]]:
    """10,000 messages, and what is left of them."""
    with ProcessPoolExecutor(2) as pool:
        storms = list(pool.map(storm, range(STORMS)))
    crashes = sum((each.crashes for each in storms), Counter[str]())
    archived, processed, parked, waiting = (
        sum(getattr(each, name) for each in storms) for name in ("archived", "processed", "parked", "waiting")
    )
    wrong = [line for each in storms for line in each.wrong]
    said = sum(each.said for each in storms)
    what = "messages good, bad, doubled, late and out of order"
    return [
        (f"{what}: {said} posted", f"{archived} in = {processed} processed + {parked} parked + {waiting} waiting"),
        ("processes that died meanwhile", f"{crashes.total()}, at {len(crashes)} kinds of moments"),
        (
            "orders lost, doubled, or ended otherwise than said",
            f"{len(wrong)} of {sum(each.orders for each in storms)}",
        ),
    ]


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:70} {value}")  # noqa: T201  a command prints
