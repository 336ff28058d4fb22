"""Every AWS call of taking a dropped file in, killed before and after, then delivered again: no document twice."""

from collections.abc import Callable
from typing import Any

from tests.crash import calls_of, crash, crash_points, restart
from tests.dropped import drop, objects, partners, reasons, taken
from tests.edi import many
from tests.intake import TestClock, company, count, open_desk, work_off


def _delivery(notification: dict[str, Any]) -> Callable[[], object]:
    return lambda: taken(notification)


def test_a_lost_process_neither_loses_nor_doubles_a_document_or_an_answer() -> None:
    raw = many("x12_850", 2)
    with company(TestClock()) as wiring:
        partners(wiring)
        restart(TestClock())
        points = crash_points(calls_of(_delivery(drop("big_retail", "po.edi", raw))))
    assert len(points) >= 20
    for point in points:
        with company(TestClock()) as wiring:
            partners(wiring)
            restart(TestClock())
            told = drop("big_retail", "po.edi", raw)
            crash(point, _delivery(told))
            open_desk(restart(TestClock()))
            assert [taken(told), taken(told)] == [0, 0], point
            assert work_off() == [], point
            assert reasons() == [("processed", None)] * 2, point
            assert list(objects("outbox/")) == ["outbox/big_retail/000000001.po.edi"], point
            assert (objects("inbox/"), count("orders", "ORDER#")) == ({}, 2), point
