"""The same order sent ten times at once is one order, whichever way it comes in."""

from infra.local.cloud import Cloud
from tests.duplicates import ORDERS, TIMES, ten_at_once


def test_ten_at_once_are_one_order_one_debt_and_one_confirmation(cloud: Cloud) -> None:
    outcomes = ten_at_once(cloud, first=7_500_000)
    assert [outcome.way for outcome in outcomes] == ["one key", "a key for each", "webhooks"]
    for outcome in outcomes:
        assert (outcome.found, outcome.confirmed) == (ORDERS, ORDERS), outcome
        assert outcome.answers.total() == outcome.sent == ORDERS * TIMES
        assert outcome.owed_minor == outcome.due_minor, outcome
    one_key, own_keys, webhooks = (outcome.answers for outcome in outcomes)
    assert set(one_key) <= {201, 409}, one_key  # 409: the first one is still being worked on
    assert one_key[201] >= ORDERS
    assert set(own_keys) <= {201, 409}, own_keys
    assert own_keys[201] >= ORDERS
    assert webhooks == {202: ORDERS * TIMES}
    assert outcomes[0].due_minor > 0
