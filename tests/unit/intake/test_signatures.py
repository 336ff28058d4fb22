"""Signature schemes against published vectors and against what senders get wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms.intake.notices import Arrival, ChannelSecrets
from oms.intake.signatures import fresh, standard_webhook
from tests.reliability.signatures import judged, vectors
from tests.shared_data import shared_data


def test_every_published_vector_is_judged_right() -> None:
    shared_data("2_order_source_payloads", "given", "signatures")
    found = vectors()
    assert len(found) == 14
    assert [judged(vector) for vector in found] == [vector["expect_valid"] for vector in found]


def test_standard_webhooks_refuse_old_and_future_messages() -> None:
    sent = datetime.fromtimestamp(1614265330, UTC)
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secrets = ChannelSecrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    def good(after_s: int, **changes: Any) -> bool:
        arrival = Arrival({**headers, **changes}, b'{"test": 2432232314}', sent + timedelta(seconds=after_s))
        return standard_webhook(arrival, secrets)

    assert [good(after) for after in (-301, -300, 0, 300, 301)] == [False, True, True, True, False]
    assert not good(0, **{"webhook-id": "another"})
    assert not good(0, **{"webhook-timestamp": "1614265331"})
    assert not good(0, **{"webhook-signature": headers["webhook-signature"].removeprefix("v1,")})


@pytest.mark.parametrize("written", ["", "1e9", "-1", "\uff11\uff16\uff11", "9" * 30, None])
def test_a_time_that_is_none_is_not_fresh(written: str | None) -> None:
    assert not fresh(written, datetime(2026, 11, 23, tzinfo=UTC))
