"""What a sender had and we had not is found, filled, and told; and who says nothing at all is noticed."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_manage_polling import handler as manage
from oms.kernel.time import to_text
from oms.reference.model import Channel
from oms.wiring import wire
from tests.intake import NOW, TestClock, archived, body_of, company, hook, shopify, work_off
from tests.lambda_events import api_event
from tests.polling import CHANNEL, Shop, add_channel, facts, later, minutes, run, shop_on_loopback, state, taken_in


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Shop]:
    with company(clock), shop_on_loopback(poll_minutes=15) as found:
        yield found


def test_an_order_that_the_shop_made_known_too_late_is_found_by_the_audit_and_taken_in(
    shop: Shop, clock: TestClock
) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(3))
    shop.sells(2, at=NOW + minutes(4))
    shop.hidden.add(2)
    later(clock, 15)
    shop.hidden.clear()
    later(clock, 15)
    assert taken_in() == [(1, "09:33:00")]
    later(clock, 15)
    later(clock, 15)
    report = later(clock, 15)
    assert (report.gaps, report.taken_in) == (1, 1)
    assert taken_in() == [(1, "09:33:00"), (2, "09:34:00")]
    (gap,) = wire().polls.gaps(CHANNEL)
    assert (gap.theirs, gap.ours, gap.short, gap.external_order_ids) == (2, 1, 0, ("2",))
    assert (gap.until, gap.found_at) == (to_text(NOW + minutes(60)), to_text(NOW + minutes(75)))
    assert facts() == ["ChannelGapFound"]
    assert state().facts == ()  # told in the write that found it, not again in the next one
    for _ in range(5):
        assert later(clock, 15).gaps == 0
    assert facts() == ["ChannelGapFound"]


def test_an_audit_that_finds_nothing_says_nothing(shop: Shop, clock: TestClock) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(3))
    for _ in range(10):
        later(clock, 15)
    assert state().audited_until == to_text(NOW + minutes(120))
    assert wire().polls.gaps(CHANNEL) == []
    assert facts() == []
    assert len(archived()) == 1


def test_a_shop_that_counts_more_than_it_lists_is_asked_again_and_then_the_gap_is_told(
    shop: Shop, clock: TestClock
) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(3))
    shop.counts = 2
    assert later(clock, 15).gaps == 0
    assert state().news is not None
    assert later(clock, 0).gaps == 0
    report = later(clock, 0)
    assert (report.gaps, report.listed) == (1, 1)
    (gap,) = wire().polls.gaps(CHANNEL)
    assert (gap.theirs, gap.ours, gap.short, gap.external_order_ids) == (3, 1, 2, ())
    assert (state().watermark, state().news) == (to_text(NOW + minutes(15)), None)
    assert len(shop.partner.calls) == 4


def test_a_channel_that_falls_silent_is_noticed_once_and_heard_again(clock: TestClock) -> None:
    with company(clock):
        changed = wire().reference.channels()["shopify_eu"].model_copy(update={"silent_after_minutes": 60})
        wire().reference.put_setting("CHANNEL", changed.name, changed)
        run(clock)
        hook(shopify())
        work_off()
        assert later(clock, 59).silent == ()
        assert later(clock, 2).silent == ("shopify_eu",)
        assert later(clock, 1).silent == ("shopify_eu",)
        assert facts("shopify_eu") == ["ChannelFellSilent"]
        assert state("shopify_eu").heard_at == to_text(NOW)
        later(clock, 10)
        hook(shopify(id=2, email="b@example.com"))
        work_off()
        assert later(clock, 5).silent == ()
        assert facts("shopify_eu") == ["ChannelFellSilent", "ChannelHeardAgain"]


def test_a_channel_that_is_polled_well_is_silent_all_the_same_when_it_sends_nothing(clock: TestClock) -> None:
    with company(clock), shop_on_loopback(silent_after_minutes=60) as shop:
        other = Channel(name="quiet", kind="canonical", currencies=frozenset({"EUR"}))
        wire().reference.put_setting("CHANNEL", other.name, other)
        add_channel("never", shop.partner.url, poll_minutes=0, silent_after_minutes=30, options={})
        run(clock)
        shop.sells(1, at=NOW + minutes(50))
        later(clock, 55)
        work_off()
        assert state().silent is False  # it never sent anything: what it was asked for counts
        later(clock, 50)
        report = later(clock, 15)
        assert report.silent == ("never", "woo_1")


def ask(method: str, path: str, body: Any = None) -> Any:
    answer = manage(
        api_event(f"{method} /v1/channels/{{channel}}/polling{path}", path={"channel": CHANNEL}, body=body), None
    )
    return answer["statusCode"], body_of(answer)


def test_an_operator_sees_how_polling_stands_and_has_a_stretch_of_time_listed_again(
    shop: Shop, clock: TestClock
) -> None:
    assert ask("GET", "") == (200, {"channel": CHANNEL, "poll_minutes": 15, "failures": 0, "silent": False, "gaps": []})
    run(clock)
    shop.sells(7, at=NOW - minutes(600))
    later(clock, 15)
    assert taken_in() == []
    status, shown = ask("POST", "/backfill", {"since": to_text(NOW - minutes(720))})
    assert (status, shown["listed_until"]) == (202, to_text(NOW - minutes(720)))
    assert run(clock).taken_in == 1
    assert taken_in() == [(7, "23:30:00")]
    status, shown = ask("GET", "")
    assert (status, shown["listed_until"], shown["calls_per_hour"]) == (200, to_text(NOW + minutes(15)), 3600)
    assert "problem" not in shown
    assert [row.what for row in state().log] == ["backfill"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("since", "status"),
    [("2026-11-24T00:00:00Z", 400), ("2026-13-41T00:00:00Z", 400), ("yesterday", 422)],
)
def test_a_backfill_needs_an_instant_that_makes_sense(clock: TestClock, since: str, status: int) -> None:
    run(clock)
    before = state()
    assert ask("POST", "/backfill", {"since": since})[0] == status
    assert state() == before
