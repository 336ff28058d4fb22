"""What Amazon's own header may teach us about the pace."""

import pytest

from oms.aws.http import Reply
from oms.intake.gateways.amazon import _limit


@pytest.mark.parametrize(
    ("said", "learned"),
    [("0.0167", 0.0167), ("2", 2.0), ("nan", None), ("inf", None), ("0", None), ("-1", None), ("soon", None)],
)
def test_only_a_rate_that_one_can_keep_is_learned(said: str, learned: float | None) -> None:
    assert _limit(Reply(200, {"x-amzn-ratelimit-limit": said}, b"")) == learned
