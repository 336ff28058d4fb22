"""The crash helper itself: it really dies before and after each call."""

import pytest

from oms.aws import tables
from oms.aws.tables import Key
from tests.aws import moto_cloud
from tests.crash import CrashPoint, calls_of, crash, crash_points, restart

_KEY = Key("baton-orders", "A", "A")


def _run() -> None:
    tables.get(_KEY)
    tables.commit(tables.put("baton-orders", {"pk": "A", "sk": "A"}, condition="attribute_not_exists(pk)", label="a"))


def test_a_run_dies_at_each_point_and_only_what_came_before_is_done() -> None:
    with moto_cloud():
        assert calls_of(_run) == ["GetItem", "PutItem"]
    stored = []
    for point in crash_points(["GetItem", "PutItem"]):
        with moto_cloud():
            crash(point, _run)
            restart()
            stored.append(tables.get(_KEY) is not None)
    assert stored == [False, False, False, True]


def test_a_point_that_is_never_reached_fails_the_test() -> None:
    with moto_cloud(), pytest.raises(AssertionError, match="never came"):
        crash(CrashPoint(9, "before", "PutItem"), _run)
