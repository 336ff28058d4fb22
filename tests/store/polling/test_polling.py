"""A channel that is asked for its orders: nothing passed over, nothing doubled, nobody asked too often."""

from collections.abc import Iterator

import pytest

from oms.aws import clients
from oms.kernel.time import to_text
from tests.intake import NOW, TestClock, archived, company, count, message_rows, work_off
from tests.partners import Call, Reply
from tests.polling import (
    ORDERS,
    Shop,
    add_channel,
    facts,
    later,
    minutes,
    run,
    shop_on_loopback,
    state,
    taken_in,
    watermark,
)
from tests.reliability.polling import crashes, moving_list


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Shop]:
    with company(clock), shop_on_loopback() as found:
        yield found


def test_what_changed_since_the_last_poll_goes_into_the_archive_once(shop: Shop, clock: TestClock) -> None:
    run(clock)
    shop.sells(1, 2, at=NOW + minutes(1))
    report = later(clock)
    assert (report.polled, report.listed, report.taken_in, report.failing) == (1, 2, 2, ())
    assert taken_in() == [(1, "09:31:00"), (2, "09:31:00")]
    assert watermark() == NOW + minutes(5)
    again = later(clock)  # the overlap lists them once more
    assert (again.listed, again.taken_in) == (2, 0)
    assert len(archived()) == 2
    assert later(clock).listed == 0


def test_a_channel_is_asked_as_often_as_it_says(shop: Shop, clock: TestClock) -> None:
    for _ in range(11):
        run(clock)
        clock.pass_time(minutes=1)
    assert len(shop.partner.calls) == 3


def test_the_first_poll_begins_now_or_at_the_instant_of_its_option(clock: TestClock) -> None:
    since = to_text(NOW - minutes(180))
    with company(clock), shop_on_loopback() as shop:
        shop.sells(1, at=NOW - minutes(120))
        add_channel("woo_2", shop.partner.url, options={"base_url": shop.partner.url, "poll_since": since})
        add_channel("woo_3", shop.partner.url, options={"base_url": shop.partner.url, "poll_since": "yesterday"})
        report = run(clock)
        assert (report.polled, report.taken_in, report.failing) == (3, 1, ("woo_3",))
        assert taken_in("woo_2") == [(1, "07:30:00")]
        assert state("woo_3").problem == "poll_since"
        assert state("woo_3").watermark is None


def test_polled_orders_become_orders_and_a_webhook_of_the_same_order_no_second_one(
    shop: Shop, clock: TestClock
) -> None:
    run(clock)
    shop.sells(1, 2, at=NOW + minutes(1))
    later(clock)
    assert work_off() == []
    assert sorted(row["outcome"] for row in message_rows().values()) == ["created", "created"]
    assert {row["source"] for row in message_rows().values()} == {"poll"}
    shop.sells(2, at=NOW + minutes(7))
    report = later(clock)
    assert (report.listed, report.taken_in) == (2, 1)
    assert work_off() == []
    assert count("orders", "ORDER#") == 2


def test_an_order_that_came_by_itself_is_not_taken_in_again(shop: Shop, clock: TestClock) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(1))
    later(clock)
    work_off()
    clients.dynamodb().delete_item(TableName="baton-polls", Key={"pk": {"S": "SEEN#woo_1#1"}, "sk": {"S": "ORDER"}})
    report = later(clock)
    assert (report.listed, report.taken_in) == (1, 0)


def test_many_pages_are_listed_and_a_page_is_remembered(shop: Shop, clock: TestClock) -> None:
    run(clock)
    for number in range(1, 61):
        shop.sells(number, at=NOW + minutes(number / 30))
    report = later(clock)
    assert (report.listed, report.taken_in) == (60, 60)
    assert [number for number, _ in taken_in()] == list(range(1, 61))
    assert state().news is None


def test_an_order_that_changes_while_its_list_is_read_moves_no_other_one_out_of_sight() -> None:
    assert moving_list() == set(range(1, 61))


def test_more_orders_of_one_second_than_a_page_holds_are_all_listed(shop: Shop, clock: TestClock) -> None:
    run(clock)
    shop.sells(*range(1, 81), at=NOW + minutes(1))
    assert later(clock).taken_in == 80


def test_too_many_requests_end_the_run_and_the_next_one_goes_on_where_it_was(shop: Shop, clock: TestClock) -> None:
    run(clock)
    for number in range(1, 61):
        shop.sells(number, at=NOW + minutes(number / 30))
    page = shop.page
    asked: list[Call] = []

    def third_is_refused(call: Call) -> Reply:
        asked.append(call)
        return Reply(status=429, headers={"retry-after": "120"}) if len(asked) == 3 else page(call)

    shop.partner.answers[ORDERS] = third_is_refused
    report = later(clock)
    assert (report.taken_in, report.failing) == (49, ())  # the second page begins at the second of the first one's last
    bucket = state().list_bucket
    assert bucket is not None
    assert (bucket.per_hour, bucket.blocked_until) == (1800, to_text(NOW + minutes(7)))
    window = state().news
    assert window is not None
    assert window.cursor is not None
    assert watermark() == NOW
    later(clock, 1)
    assert len(asked) == 3
    report = later(clock, 1)
    assert report.taken_in == 11
    assert asked[3].query["modified_after"] == asked[2].query["modified_after"]
    assert watermark() == NOW + minutes(5)
    assert len(taken_in()) == 60


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=500),
        Reply(b"<!doctype html>We will be back", headers={"content-type": "text/html"}),
        Reply({"code": "maintenance"}),
        Reply([{"id": 1}]),
        Reply(drop=True),
    ],
    ids=["500", "html", "object", "no_time", "hangs_up"],
)
def test_a_shop_that_fails_is_left_alone_for_longer_each_time_and_nothing_is_lost(
    shop: Shop, clock: TestClock, fault: Reply
) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(1))
    shop.partner.faults += [fault] * 3
    assert later(clock).failing == ("woo_1",)
    assert state().failures == 1
    assert later(clock, 1).failing == ("woo_1",)
    assert later(clock, 1).failing == ()  # not asked yet
    assert len(shop.partner.calls) == 3
    assert later(clock, 1).failing == ("woo_1",)
    assert state().failures == 3
    report = later(clock, 4)
    assert (report.taken_in, report.failing) == (1, ())
    assert (state().failures, state().problem) == (0, None)
    assert taken_in() == [(1, "09:31:00")]


def test_refused_credentials_are_told_once_and_the_other_channels_do_not_wait(shop: Shop, clock: TestClock) -> None:
    with shop_on_loopback(name="woo_2") as other:
        run(clock)
        shop.partner.answers[ORDERS] = lambda _call: Reply(status=401)
        other.sells(1, at=NOW + minutes(1))
        report = later(clock)
        assert (report.failing, report.taken_in) == (("woo_1",), 1)
        later(clock)
        assert (state().problem, state().failures) == ("partner_refused_credentials", 2)
        assert facts().count("ChannelPollFailed") == 1
        assert facts("woo_2") == []


def test_two_runs_at_once_ask_once(shop: Shop, clock: TestClock) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(1))
    page = shop.page
    inner: list[int] = []

    def page_while_another_runs(call: Call) -> Reply:
        if not inner:
            inner.append(1)
            inner.append(run(clock).polled)
        return page(call)

    shop.partner.answers[ORDERS] = page_while_another_runs
    report = later(clock)
    assert (inner, report.polled, report.taken_in) == ([1, 0], 1, 1)
    assert len(archived()) == 1


def test_a_run_that_dies_anywhere_is_made_good_by_the_next_one() -> None:
    found = crashes()
    assert found.points >= 20
    assert (found.lost, found.doubled, found.stuck) == ((), (), ())
