"""A market whose list only names its orders: each is fetched, as often as the market lets us."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from functions.intake.api_receive_webhooks import handler as receive
from oms.intake.fetching import Listed, Page, Rate
from oms.intake.polling.model import PollReport
from oms.intake.polling.service import poll_channels
from oms.kernel.errors import NotNowError, RejectedError
from oms.kernel.json import write_json
from oms.kernel.time import to_text
from oms.reference.model import Channel
from oms.wiring import wire
from tests.intake import NOW, TestClock, archived, body_of, company
from tests.lambda_events import api_event
from tests.polling import add_channel, minutes, state, taken_in

NAME = "market"


class Market:
    """Names `count` orders, lets two be fetched at once and one more each minute, and says so when asked too often."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.fetched: list[str] = []
        self.windows: list[tuple[datetime, datetime, str | None]] = []
        self.refuses_at: int | None = None
        self.per_s: float | None = None

    def lists(self, channel: Channel) -> bool:
        return channel.name == NAME

    def rate(self, _channel: Channel, operation: str) -> Rate:
        return Rate(1 / 60, 2) if operation == "fetch" else Rate(1.0, 5)

    def list_orders(self, _channel: Channel, since: datetime, until: datetime, cursor: str | None = None) -> Page:
        self.windows.append((since, until, cursor))
        orders = [Listed(str(number), to_text(NOW), None) for number in range(1, self.count + 1)]
        return Page(orders, None, self.count, self.per_s)

    def fetch(self, _channel: Channel, external_order_id: str) -> bytes | None:
        if len(self.fetched) + 1 == self.refuses_at:
            self.refuses_at = None
            raise NotNowError("too many", after_s=90)
        self.fetched.append(external_order_id)
        gone = external_order_id == "4"
        document = {"id": int(external_order_id), "date_modified_gmt": "2026-11-23T09:30:00"}
        return None if gone else write_json(document).encode()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def market_channel(clock: TestClock) -> Iterator[None]:
    with company(clock):
        add_channel(NAME, "http://127.0.0.1:9", poll_minutes=5)
        yield


def run(market: Market, clock: TestClock) -> PollReport:
    desk = replace(wire().poll_desk, partners=market, pause=lambda seconds: clock.pass_time(seconds=seconds))
    return poll_channels(desk, reference=wire().reference, heard=wire().message_log)


def test_a_page_is_gone_through_in_several_runs_and_no_order_is_fetched_twice(clock: TestClock) -> None:
    market = Market(5)
    taken = []
    for _ in range(5):
        taken.append(run(market, clock).taken_in)
        clock.pass_time(minutes=1)
    assert market.fetched == ["1", "2", "3", "4", "5"]
    assert taken == [2, 1, 0, 1, 0]
    assert [number for number, _ in taken_in()] == [1, 2, 3, 5]  # 4 was deleted meanwhile
    assert len({window[:2] for window in market.windows}) == 1
    assert state(NAME).watermark == to_text(NOW)


def test_too_many_fetches_wait_as_long_as_the_market_says(clock: TestClock) -> None:
    market = Market(2)
    market.refuses_at = 2
    assert run(market, clock).taken_in == 1
    bucket = state(NAME).fetch_bucket
    assert bucket is not None
    assert (bucket.per_hour, bucket.blocked_until) == (30, to_text(NOW + minutes(1.5)))
    clock.pass_time(minutes=1)
    assert run(market, clock).polled == 0
    clock.pass_time(minutes=0.5)
    report = run(market, clock)
    assert (report.taken_in, report.failing) == (1, ())
    assert market.fetched == ["1", "2"]


def test_an_order_that_the_market_will_not_give_is_told_and_stops_no_other_one(clock: TestClock) -> None:
    class Refusing(Market):
        def fetch(self, channel: Channel, external_order_id: str) -> bytes | None:
            if external_order_id == "1":
                raise RejectedError("no", code="partner_refused")
            return super().fetch(channel, external_order_id)

    report = run(Refusing(2), clock)
    assert (report.taken_in, report.gaps, report.failing) == (1, 1, ())
    (gap,) = wire().polls.gaps(NAME)
    assert (gap.theirs, gap.ours, gap.short, gap.external_order_ids) == (2, 1, 1, ("1",))
    assert [number for number, _ in taken_in()] == [2]


def test_refused_credentials_stop_the_channel_and_cost_no_order(clock: TestClock) -> None:
    class Locked(Market):
        def fetch(self, channel: Channel, external_order_id: str) -> bytes | None:
            if self.count == 2:
                raise RejectedError("no", code="partner_refused_credentials")
            return super().fetch(channel, external_order_id)

    market = Locked(2)
    assert run(market, clock).failing == (NAME,)
    assert wire().polls.seen(NAME, ["1", "2"]) == {}
    market.count = 1
    clock.pass_time(minutes=2)
    assert run(market, clock).taken_in == 1


def test_the_rate_that_the_market_grants_is_remembered(clock: TestClock) -> None:
    market = Market(0)
    market.per_s = 0.0167
    run(market, clock)
    bucket = state(NAME).list_bucket
    assert bucket is not None
    assert bucket.per_hour == 60


def test_a_list_that_goes_round_in_a_circle_is_a_failure_and_not_for_ever(clock: TestClock) -> None:
    class Circle(Market):
        def list_orders(self, channel: Channel, since: datetime, until: datetime, cursor: str | None = None) -> Page:
            return super().list_orders(channel, since, until, cursor)._replace(cursor="again")

    market = Circle(0)
    assert run(market, clock).failing == (NAME,)
    assert [cursor for *_, cursor in market.windows] == [None, "again"]


def test_a_list_that_alternates_between_two_pages_is_a_failure_and_is_begun_again(clock: TestClock) -> None:
    class Alternating(Market):
        def list_orders(self, channel: Channel, since: datetime, until: datetime, cursor: str | None = None) -> Page:
            page = super().list_orders(channel, since, until, cursor)
            return page._replace(cursor="B" if cursor == "A" else "A")

    market = Alternating(0)
    assert run(market, clock).failing == (NAME,)
    assert [cursor for *_, cursor in market.windows] == [None, "A", "B"]
    told = state(NAME)
    assert (told.failures, told.problem) == (1, "ListInACircleError")
    assert told.news is not None
    assert (told.news.cursor, told.news.mark_cursor, told.watermark) == (None, None, None)
    clock.pass_time(minutes=5)
    assert run(Market(0), clock).failing == ()


def test_a_ping_that_tries_the_address_is_answered_200_and_leaves_nothing_behind() -> None:
    def post(raw: bytes) -> tuple[int, object]:
        path = {"channel": NAME}
        answer = receive(api_event("POST /v1/channels/{channel}/webhooks", path=path, raw=raw, scope=None), None)
        return answer["statusCode"], body_of(answer)

    assert post(b"webhook_id=12") == (200, {"ignored": "ping"})
    assert post(b"webhook_id=12&order=1")[0] == 401
    assert archived() == []
