"""Rate limits: exact buckets, leases that save calls, one caller's flood that the others do not notice (faults H7)."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.procurement.api_list_proposals import handler
from oms.aws import clients
from oms.aws.buckets import SECOND_US, Buckets, Rate, Taken
from oms.aws.leases import LEASE_S, Leases
from oms.kernel.errors import TransientError
from oms.reference.model import Client, Limit
from oms.wiring import Wiring, rewire
from tests.aws import environment, moto_cloud
from tests.lambda_events import api_event

LIST = "GET /v1/purchase-proposals"
RATE = Rate(burst=20, per_minute=600)  # one token in 100 ms
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
START_US = int(NOON.timestamp()) * SECOND_US


class Watch:
    """A clock that is set by hand, and a count of the calls to DynamoDB that write."""

    def __init__(self) -> None:
        self.now = NOON
        self.writes = 0

    def __call__(self) -> datetime:
        return self.now

    @property
    def us(self) -> int:
        return int(self.now.timestamp() * SECOND_US)

    def count(self, **_call: Any) -> None:
        self.writes += 1


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def cloud(watch: Watch) -> Iterator[Wiring]:
    with moto_cloud(watch) as wiring:
        clients.session().register("before-call.dynamodb.UpdateItem", watch.count)
        clients._client.cache_clear()
        yield wiring


@pytest.fixture
def buckets(cloud: Wiring, watch: Watch) -> Buckets:
    watch.now, watch.writes = NOON, 0
    return Buckets(cloud.setting("LIMITS_TABLE"))


@pytest.fixture
def fresh(cloud: Wiring, watch: Watch) -> Iterator[Wiring]:
    """A process of its own."""
    watch.now, watch.writes = NOON, 0
    wiring = Wiring(environment(), watch)
    rewire(wiring)
    yield wiring
    rewire(cloud)


def test_a_bucket_that_nobody_used_is_full_and_gives_no_more_than_it_has(buckets: Buckets) -> None:
    first = buckets.take("a", 5, RATE, now_us=START_US)
    assert (first.tokens, first.left, first.wait_us) == (5, 15, 0)
    rest = buckets.take("a", 50, RATE, now_us=START_US)
    assert (rest.tokens, rest.left) == (15, 0)
    none = buckets.take("a", 1, RATE, now_us=START_US)
    assert (none.tokens, none.left, none.wait_us) == (0, 0, 100_000)
    assert buckets.take("a", 1, RATE, now_us=START_US + 99_999).tokens == 0
    assert buckets.take("a", 1, RATE, now_us=START_US + 100_000).tokens == 1


def test_an_empty_bucket_is_full_again_after_its_time_and_never_fuller(buckets: Buckets) -> None:
    assert buckets.take("b", 20, RATE, now_us=START_US).tokens == 20
    assert buckets.take("b", 99, RATE, now_us=START_US + RATE.depth_us).tokens == 20
    assert buckets.take("b", 99, RATE, now_us=START_US + 60 * RATE.depth_us).tokens == 20


def test_a_bucket_costs_one_call_when_it_is_idle_and_when_its_taker_knows_it(buckets: Buckets, watch: Watch) -> None:
    first = buckets.take("c", 2, RATE, now_us=START_US)
    assert watch.writes == 1
    buckets.take("c", 2, RATE, now_us=START_US, tat_us=first.tat_us)
    assert watch.writes == 2
    buckets.take("c", 2, RATE, now_us=START_US)  # somebody who does not know it
    assert watch.writes == 4


def test_buckets_are_deleted_a_day_after_they_are_full_again(buckets: Buckets, cloud: Wiring) -> None:
    buckets.take("d", 20, RATE, now_us=START_US)
    key = {"pk": {"S": "BUCKET#d"}, "sk": {"S": "BUCKET"}}
    item = clients.dynamodb().get_item(TableName=cloud.setting("LIMITS_TABLE"), Key=key)["Item"]
    assert int(item["expires_at"]["N"]) == START_US // SECOND_US + 2 + 86_400


def test_a_lower_limit_takes_effect_at_once(buckets: Buckets) -> None:
    buckets.take("e", 20, RATE, now_us=START_US)
    lowered = buckets.take("e", 1, Rate(burst=2, per_minute=60), now_us=START_US)
    assert (lowered.tokens, lowered.wait_us) == (0, 1_000_000)


class Shelf(Buckets):
    """The same buckets, kept in memory: what the property below turns many thousand times."""

    def __init__(self) -> None:
        super().__init__("none")
        self.kept: dict[str, int] = {}
        self.calls = 0

    def _update(self, name: str, expression: str, _condition: str, values: dict[str, int]) -> tuple[bool, int]:
        self.calls += 1
        now, tat = values[":now"], self.kept.get(name, 0)
        if "tat + :cost" not in expression:
            if tat < now:
                self.kept[name] = values[":tat"]
                return True, values[":tat"]
            return False, tat
        if now <= tat <= values[":latest"]:
            self.kept[name] = tat + values[":cost"]
            return True, self.kept[name]
        return False, tat


@settings(max_examples=200, deadline=None)
@given(
    burst=st.integers(1, 60),
    per_minute=st.integers(1, 6_000),
    pauses_us=st.lists(st.integers(0, 3 * SECOND_US), min_size=1, max_size=300),
    processes=st.integers(1, 4),
)
def test_however_it_is_called_nobody_gets_more_than_the_limit(
    burst: int, per_minute: int, pauses_us: list[int], processes: int
) -> None:
    rate, shelf = Rate(burst, per_minute), Shelf()
    gates = [Leases(shelf) for _ in range(processes)]
    now, given_at = START_US, []
    for place, pause in enumerate(pauses_us):
        now += pause
        if gates[place % processes].take("x", rate, now_us=now).given:
            given_at.append(now)
    for first in range(0, len(given_at), 7):
        for last in range(first, len(given_at), 5):
            span_us = given_at[last] - given_at[first] + LEASE_S * SECOND_US
            assert last - first + 1 <= burst + math.floor(span_us / rate.interval_us) + 1


@settings(max_examples=100, deadline=None)
@given(wanted=st.lists(st.tuples(st.integers(1, 30), st.integers(0, SECOND_US)), max_size=60))
def test_a_bucket_gives_exactly_what_its_definition_says(wanted: list[tuple[int, int]]) -> None:
    """Against a bucket that is filled drop by drop."""
    shelf, now = Shelf(), START_US
    level_us = RATE.depth_us  # what is in it, as time
    for tokens, pause_us in wanted:
        now += pause_us
        level_us = min(RATE.depth_us, level_us + pause_us)
        expected = min(tokens, level_us // RATE.interval_us)
        taken = shelf.take("x", tokens, RATE, now_us=now)
        level_us -= expected * RATE.interval_us
        assert (taken.tokens, taken.left) == (expected, level_us // RATE.interval_us)


def test_most_calls_cost_nothing_and_a_flood_costs_nothing_at_all(buckets: Buckets, watch: Watch) -> None:
    gate, rate = Leases(buckets), Rate(burst=600, per_minute=6_000)
    given_ = [gate.take("f", rate, now_us=START_US).given for _ in range(6_000)]
    assert (given_.count(True), given_.index(False)) == (600, 600)
    # Ten leases of sixty, one look that found nothing; the other 5,399 were answered from memory.
    assert watch.writes <= 12
    assert gate.take("f", rate, now_us=START_US + 10_000).given


def test_what_a_process_did_not_use_is_forgotten(buckets: Buckets) -> None:
    gate = Leases(buckets)
    assert gate.take("g", RATE, now_us=START_US).left == 19
    later = START_US + (LEASE_S + 1) * SECOND_US
    assert gate.take("g", RATE, now_us=later).left == 19  # a new lease from a bucket that is full again


def ask(**caller: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handler(api_event(LIST, **caller), None)
    return answer


def test_one_caller_at_ten_times_its_rate_is_told_when_to_come_again_and_ten_others_notice_nothing(
    fresh: Wiring, watch: Watch
) -> None:
    fresh.reference.put_setting("LIMIT", "procurement", Limit(burst=20, per_minute=600))
    statuses: dict[str, list[int]] = {}
    retry: set[int] = set()
    for tick in range(100):  # ten seconds
        watch.now = NOON + timedelta(milliseconds=100 * tick)
        for caller in ("greedy",) * 10 + tuple(f"fair-{n}" for n in range(10) if (tick + n) % 2):
            answer = ask(client=caller, roles=["procurement"])
            statuses.setdefault(caller, []).append(answer["statusCode"])
            if answer["statusCode"] == 429:
                retry.add(int(answer["headers"]["retry-after"]))
                assert json.loads(answer["body"])["code"] == "rate_limited"
    assert len(statuses["greedy"]) == 1_000
    assert 110 <= statuses["greedy"].count(200) <= 120  # twenty at once, then ten a second
    assert statuses["greedy"].count(429) == 1_000 - statuses["greedy"].count(200)
    assert retry == {1}
    assert {status for name, seen in statuses.items() if name != "greedy" for status in seen} == {200}


def test_the_limit_of_a_machine_is_its_own(fresh: Wiring) -> None:
    client = Client(name="ERP", roles=frozenset({"procurement"}), limit=Limit(burst=2, per_minute=1))
    fresh.reference.put_setting("CLIENT", "erp", client)
    asked = [ask(scope="baton/procurement:read", client="erp") for _ in range(3)]
    assert [answer["statusCode"] for answer in asked] == [200, 200, 429]
    assert asked[0]["headers"]["ratelimit-policy"] == '"caller";q=2;w=120'
    assert [answer["headers"]["ratelimit"] for answer in asked] == [
        '"caller";r=1;t=0',
        '"caller";r=0;t=0',
        '"caller";r=0;t=60',
    ]
    assert asked[2]["headers"]["retry-after"] == "60"
    assert json.loads(asked[2]["body"])["retryable"] is True


def test_who_may_not_call_is_counted_as_well(fresh: Wiring) -> None:
    fresh.reference.put_setting("LIMIT", "sales", Limit(burst=3, per_minute=1))
    assert [ask(client="nosy", roles=["sales"])["statusCode"] for _ in range(5)] == [403, 403, 403, 429, 429]


def test_without_a_token_nothing_is_counted(fresh: Wiring, watch: Watch) -> None:
    assert (ask(scope=None)["statusCode"], watch.writes) == (401, 0)
    assert fresh.stage == "test"


class Broken(Buckets):
    """A table that is not ready."""

    calls = 0

    def take(self, name: str, wanted: int, rate: Rate, *, now_us: int, tat_us: int = 0) -> Taken:
        self.calls += 1
        raise TransientError(f"throttled: {name} {wanted} {rate} {now_us} {tat_us}")


def test_when_the_table_is_not_ready_callers_are_let_in_and_it_is_asked_once_a_second(
    fresh: Wiring, watch: Watch
) -> None:
    broken = Broken("none")
    fresh.limits = Leases(broken)
    for second in range(3):
        watch.now = NOON + timedelta(seconds=second)
        assert [ask(client="lucky")["statusCode"] for _ in range(50)] == [200] * 50
    assert broken.calls == 3
