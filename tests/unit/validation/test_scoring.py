"""An outside scorer on loopback: asked without a person, and never waited for."""

import time

import pytest

from oms.aws.http import Http
from oms.kernel.json import read_json
from oms.validation.check import Score
from oms.validation.scoring import HttpScorer
from tests.partners import HTML, Partner, Reply, partner
from tests.unit.validation.scene import new

PATH = "POST /score"


def ask(one: Partner, timeout_ms: int = 500) -> Score | None:
    scorer = HttpScorer(client=lambda wait_s: one.client(total_s=wait_s), key=lambda: "secret")
    return scorer(new(), "buyer-1", url=f"{one.url}/score", timeout_ms=timeout_ms)


def test_a_score_comes_back_with_its_codes_and_the_person_stays_here() -> None:
    with partner() as one:
        one.on(PATH, {"score": 91, "reasons": ["stolen_card", "Zoë Krüger, Berlin", 7, "proxy"]})
        assert ask(one) == Score(91, ("stolen_card", "proxy"))
        (call,) = one.calls
    assert call.headers["authorization"] == "Bearer secret"
    assert read_json(call.body) == {
        "buyer": "buyer-1",
        "channel": "sales_desk",
        "currency": "EUR",
        "total_minor": 13209,
        "lines": [{"sku": "LAMP", "quantity": 2}, {"sku": "MUG", "quantity": 1}],
        "ship_to_country": "DE",
        "bill_to_country": "DE",
        "email_domain": "example.com",
        "payment_method": None,
        "service": None,
    }
    for secret in (b"Zo", b"Kr", b"Sch", b"10435", b"+49"):
        assert secret not in call.body


@pytest.mark.parametrize(
    "reply",
    [
        HTML,
        Reply({"score": 101}),
        Reply({"score": "high"}),
        Reply({"score": True}),
        Reply([]),
        Reply({"score": 1}, 500),
        Reply({"score": 1}, 401),
        Reply({"score": 1}, 404),
        Reply({"score": 1}, drop=True),
    ],
)
def test_whatever_is_no_score_is_no_answer(reply: Reply) -> None:
    with partner() as one:
        one.on(PATH, {"score": 1})
        one.faults.append(reply)
        assert ask(one) is None


def test_a_slow_scorer_is_not_waited_for_and_then_left_alone() -> None:
    now = [0.0]
    with partner() as one:
        one.on(PATH, {"score": 5})
        one.faults.append(Reply({"score": 1}, slow_s=1.0))
        scorer = HttpScorer(
            client=lambda wait_s: one.client(total_s=wait_s), key=lambda: None, monotonic=lambda: now[0]
        )
        url = f"{one.url}/score"
        started = time.monotonic()
        assert scorer(new(), "b", url=url, timeout_ms=100) is None
        assert time.monotonic() - started < 0.9
        assert scorer(new(), "b", url=url, timeout_ms=100) is None
        assert len(one.calls) == 1
        now[0] += 31
        assert scorer(new(), "b", url=url, timeout_ms=500) == Score(5)


def test_an_address_that_is_ours_or_none_is_not_called() -> None:
    scorer = HttpScorer(client=lambda wait_s: Http(total_s=wait_s), key=lambda: None)
    for url in ("", "http://127.0.0.1:1/score", "https://user:word@example.com/"):
        assert scorer(new(), "b", url=url, timeout_ms=50) is None
