"""What asking a channel loses or doubles: when the run dies at any of its calls, and when the list moves meanwhile."""

from typing import NamedTuple

from tests.crash import CrashPoint, calls_of, crash, crash_points, restart
from tests.intake import NOW, TestClock, archived, company
from tests.partners import Call, Reply
from tests.polling import ORDERS, Shop, later, minutes, run, shop_on_loopback, state, taken_in, watermark

_SOLD = 60
_MOVED = (1, 2, 3)


class Crashes(NamedTuple):
    """Where a run was killed, and at which of these places something was not as it should be afterwards."""

    points: int
    lost: tuple[CrashPoint, ...]
    doubled: tuple[CrashPoint, ...]
    stuck: tuple[CrashPoint, ...]


def crashes() -> Crashes:
    """Kill a poll that takes one order in before and after each of its AWS calls; let the next ones make it good."""
    clock = TestClock()
    with company(clock), shop_on_loopback() as shop:
        _sold_one(clock, shop)
        points = crash_points(calls_of(lambda: run(clock)))
    lost, doubled, stuck = [], [], []
    for point in points:
        clock = TestClock()
        with company(clock), shop_on_loopback() as shop:
            _sold_one(clock, shop)
            crash(point, lambda clock=clock: run(clock))  # type: ignore[misc]
            restart(clock)
            later(clock, 3)
            later(clock)
            if taken_in() != [(1, "09:31:00")]:
                lost.append(point)
            if len(archived()) > 1:
                doubled.append(point)
            if state().busy_until or state().news or watermark() < NOW + minutes(5):
                stuck.append(point)
    return Crashes(len(points), tuple(lost), tuple(doubled), tuple(stuck))


def _sold_one(clock: TestClock, shop: Shop) -> None:
    run(clock)
    shop.sells(1, at=NOW + minutes(1))
    clock.pass_time(minutes=5)


def moving_list() -> set[int]:
    """Orders taken in from a list of 60 of which three change, and so leave their page, each time one is read."""
    clock = TestClock()
    with company(clock), shop_on_loopback() as shop:
        run(clock)
        for number in range(1, _SOLD + 1):
            shop.sells(number, at=NOW + minutes(number / 30))

        def page_and_change(call: Call) -> Reply:
            answer = shop.page(call)
            shop.sells(*_MOVED, at=NOW + minutes(6))
            return answer

        shop.partner.answers[ORDERS] = page_and_change
        later(clock)
        later(clock)
        found = taken_in()
        assert {(number, "09:36:00") for number in _MOVED} <= set(found)
        return {number for number, _ in found}


def figures() -> list[tuple[str, str]]:
    """For docs/reliability.md."""
    died, moved = crashes(), moving_list()
    wrong = f"{len(died.lost)} lost, {len(died.doubled)} doubled, {len(died.stuck)} stuck"
    return [
        (f"a poll killed at {died.points} points: orders", wrong),
        (f"orders of a list that moves while it is read, of {_SOLD}", str(len(moved))),
    ]
