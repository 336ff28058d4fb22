"""From a table's stream to the bus: packed, in order, nothing lost, nothing blocked."""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.orders.stream_publish_facts import handler
from oms.aws import clients, tables
from oms.aws.documents import pack as packed
from oms.aws.outbox import CALL_BYTES, ENTRIES_PER_CALL, ENTRY_BYTES, FACTS_PER_ENTRY, in_calls, pack
from oms.events.fact import Fact
from oms.orders.model import Aggregate
from oms.wiring import Wiring, wire
from tests.aws import moto_cloud
from tests.crash import crash, crash_points, restart
from tests.order_builders import MONDAY, one_parcel_order

PARK_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/baton-park"


@pytest.fixture
def cloud() -> Iterator[Wiring]:
    with moto_cloud() as wiring:
        wiring.outbox.pause_s = 0
        yield wiring


on_moto = pytest.mark.usefixtures("cloud")


def fact(subject: str, sequence: int, kind: str = "OrderConfirmed", size: int = 1, route: str | None = None) -> Fact:
    return Fact(
        id=f"{subject}.{sequence}.0",
        type=kind,
        version=1,
        source="baton.orders",
        subject=subject,
        order_id=subject,
        sequence=sequence,
        time="2026-11-23T09:00:00.000Z",
        route=route,
        data={"text": "x" * size},
    )


def record(place: int, *facts: Fact, doc: bytes | None = None) -> dict[str, Any]:
    """A stream record as Lambda gets it."""
    value = Aggregate(version=place + 1, facts=facts)
    image = {
        "pk": {"S": f"ORDER#{place}"},
        "sk": {"S": "ORDER"},
        "v": {"N": str(place + 1)},
        "n": {"N": str(len(facts) or int(doc is not None))},
        "doc": {"B": base64.b64encode(doc if doc is not None else packed(value)).decode()},
    }
    keys = {"pk": image["pk"], "sk": image["sk"]}
    change = {
        "Keys": keys,
        "NewImage": image,
        "SequenceNumber": str(100 + place),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    return {"eventID": f"e{place}", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def intercept(operation: str, answer: Any) -> None:
    """Let `answer` reply instead of AWS; only clients made from now on know it."""
    clients.session().register(f"before-call.{operation}", answer)
    clients._client.cache_clear()


class Bus:
    """Listens to PutEvents on its way out, and answers for some entries that they failed."""

    def __init__(self, *refusals: dict[int, str]) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []
        self.refusals = list(refusals)
        intercept("eventbridge.PutEvents", self.answer)

    def answer(self, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        entries = json.loads(params["body"])["Entries"]
        refused = self.refusals.pop(0) if self.refusals else {}
        self.calls.append(entries)
        self.taken += [entry for place, entry in enumerate(entries) if place not in refused]
        rows = [{"ErrorCode": refused[n]} if n in refused else {"EventId": str(n)} for n in range(len(entries))]
        return _Response(), {"FailedEntryCount": len(refused), "Entries": rows}

    @property
    def ids(self) -> list[str]:
        return [row["id"] for entry in self.taken for row in json.loads(entry["Detail"])["facts"]]


class _Response:
    status_code = 200


def publish(*records: dict[str, Any]) -> list[str]:
    answer = handler({"Records": list(records)}, None)
    return [row["itemIdentifier"] for row in answer["batchItemFailures"]]


def parked() -> list[dict[str, Any]]:
    got = clients.sqs().receive_message(QueueUrl=PARK_URL, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in got.get("Messages", [])]


facts = st.builds(
    fact,
    st.sampled_from(["a", "b", "c"]),
    st.just(0),
    st.sampled_from(["OrderConfirmed", "OrderAllocated", "OrderHeld"]),
    st.sampled_from([1, 50_000, 150_000]),
    st.sampled_from([None, "ber-1"]),
)


@given(st.lists(facts, max_size=60))
def test_packing_keeps_the_order_of_each_aggregate_and_every_limit(some: list[Fact]) -> None:
    numbered = [each.model_copy(update={"sequence": place, "id": str(place)}) for place, each in enumerate(some)]
    entries = pack(enumerate(numbered))
    sequences = defaultdict(list)
    for entry in entries:
        rows = json.loads(entry.detail)["facts"]
        assert {(row["source"], row["type"], row["route"]) for row in rows} == {(entry.source, entry.type, entry.route)}
        assert (len(rows) <= FACTS_PER_ENTRY, len(entry.detail) <= ENTRY_BYTES) == (True, True)
        for row in rows:
            sequences[row["subject"]].append(row["sequence"])
    assert sum(map(len, sequences.values())) == len(some)
    assert all(each == sorted(each) for each in sequences.values())
    assert [entry.first for entry in entries] == sorted(entry.first for entry in entries)
    for call in in_calls(entries):
        assert len(call) <= ENTRIES_PER_CALL
        assert sum(entry.size for entry in call) <= CALL_BYTES


@on_moto
def test_facts_of_a_kind_share_an_entry_and_routes_part_them() -> None:
    bus = Bus()
    assert publish(
        record(0, fact("a", 1), fact("a", 1, "OrderAllocated")),
        record(1, fact("b", 1)),
        record(2, fact("b", 2, "OrderConfirmed", route="ber-1")),
        record(3),
    ) == []  # fmt: skip
    (call,) = bus.calls
    assert [(entry["DetailType"], len(json.loads(entry["Detail"])["facts"])) for entry in call] == [
        ("OrderConfirmed", 2),
        ("OrderAllocated", 1),
        ("OrderConfirmed", 1),
    ]
    assert (call[0]["Source"], call[0]["EventBusName"]) == ("baton.orders", "baton")
    assert json.loads(call[2]["Detail"])["route"] == "ber-1"


def test_a_later_fact_never_overtakes_an_earlier_one_of_its_order() -> None:
    said = [fact("a", 1, "OrderHeld"), fact("a", 2, "OrderConfirmed"), fact("a", 3, "OrderHeld")]
    assert [entry.type for entry in pack(enumerate(said))] == ["OrderHeld", "OrderConfirmed", "OrderHeld"]


@on_moto
def test_only_what_the_bus_refused_is_sent_again() -> None:
    bus = Bus({1: "ThrottlingException"}, {0: "InternalFailure"})
    assert publish(record(0, fact("a", 1)), record(1, fact("b", 1, "OrderHeld")), record(2, fact("c", 1))) == []
    assert [len(call) for call in bus.calls] == [2, 1, 1]
    assert sorted(bus.ids) == ["a.1.0", "b.1.0", "c.1.0"]


@on_moto
def test_what_stays_refused_comes_again_with_all_behind_it() -> None:
    bus = Bus(*[{1: "ThrottlingException"}, *[{0: "ThrottlingException"}] * 3])
    batch = [record(0, fact("a", 1)), record(1, fact("b", 1, "OrderHeld")), record(2, fact("c", 1))]
    assert publish(*batch) == ["101"]
    assert publish(*batch[1:]) == []
    assert set(bus.ids) == {"a.1.0", "b.1.0", "c.1.0"}


@on_moto
def test_a_bus_that_does_not_answer_loses_nothing() -> None:
    def down(**_: Any) -> tuple[Any, dict[str, Any]]:
        response = _Response()
        response.status_code = 500
        return response, {"Error": {"Code": "InternalFailure"}, "ResponseMetadata": {"HTTPStatusCode": 500}}

    intercept("eventbridge.PutEvents", down)
    assert publish(record(0), record(1, fact("a", 1)), record(2, fact("b", 1))) == ["101"]


@on_moto
def test_a_poison_record_is_parked_with_its_reason_and_blocks_nobody() -> None:
    bus = Bus()
    assert publish(record(0, fact("a", 1)), record(1, doc=b"not deflated"), record(2, fact("b", 1))) == []
    assert bus.ids == ["a.1.0", "b.1.0"]
    (message,) = parked()
    assert message["reason"].startswith("error: Error -3")
    assert (message["sequence_number"], message["keys"]["pk"]) == ("101", {"S": "ORDER#1"})
    assert json.loads(message["image"])["v"] == {"N": "2"}


@on_moto
def test_poison_that_cannot_be_parked_comes_again_after_what_stood_before_it() -> None:
    bus = Bus()

    def down(**_: Any) -> tuple[Any, dict[str, Any]]:
        response = _Response()
        response.status_code = 503
        return response, {"Error": {"Code": "ServiceUnavailable"}, "ResponseMetadata": {"HTTPStatusCode": 503}}

    intercept("sqs.SendMessage", down)
    assert publish(record(0, fact("a", 1)), record(1, doc=b"poison"), record(2, fact("b", 1))) == ["101"]
    assert bus.ids == ["a.1.0"]


@on_moto
def test_an_entry_that_the_bus_will_never_take_is_parked() -> None:
    bus = Bus({0: "MalformedDetail"})
    assert publish(record(0, fact("a", 1)), record(1, fact("b", 1, "OrderHeld"))) == []
    assert bus.ids == ["b.1.0"]
    (message,) = parked()
    assert (message["reason"], json.loads(message["detail"])["facts"][0]["id"]) == ("MalformedDetail", "a.1.0")


@on_moto
def test_a_fact_larger_than_the_bus_allows_is_parked_too() -> None:
    bus = Bus()
    assert publish(record(0, fact("a", 1, size=CALL_BYTES)), record(1, fact("b", 1))) == []
    assert bus.ids == ["b.1.0"]
    assert [message["reason"][:14] for message in parked()] == ["TooLargeError:"]


@on_moto
def test_a_write_that_brought_no_fact_says_nothing() -> None:
    bus = Bus()
    moved = record(4, fact("a", 1))
    moved["dynamodb"]["OldImage"] = {**moved["dynamodb"]["NewImage"]}
    gone = {"eventName": "REMOVE", "dynamodb": {"Keys": {}, "SequenceNumber": "7"}}
    assert publish(record(0), moved, gone) == []
    assert bus.calls == []


def _stream_of_a_life() -> list[dict[str, Any]]:
    """The records of real writes of the store, in order."""
    records = []
    for place, value in enumerate(one_parcel_order()):
        said = value.changed(at=MONDAY, by="system:test", what="Seeded", facts=())
        known = said.model_copy(update={"facts": (fact(said.subject, 1),)})
        write = wire().orders.write(known)
        tables.commit(write)
        image = {**write.request["Item"], "doc": {"B": base64.b64encode(write.request["Item"]["doc"]["B"]).decode()}}
        records.append({"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(place), "NewImage": image}})
    return records


@on_moto
def test_reading_the_stream_from_the_start_again_gives_the_same_facts() -> None:
    bus = Bus()
    records = _stream_of_a_life()
    publish(*records)
    publish(*records)
    assert len(bus.calls) == 2
    assert bus.calls[0] == bus.calls[1]
    assert len(set(bus.ids)) == 3


@pytest.mark.parametrize("point", crash_points(["SendMessage", "PutEvents"]), ids=str)
def test_a_crash_at_any_call_loses_no_fact(point: Any) -> None:
    with moto_cloud():
        batch = [record(0, fact("a", 1)), record(1, doc=b"poison"), record(2, fact("b", 1))]
        crash(point, lambda: publish(*batch))
        restart()
        bus = Bus()
        assert publish(*batch) == []
        assert bus.ids == ["a.1.0", "b.1.0"]
        assert {message["sequence_number"] for message in parked()} == {"101"}
