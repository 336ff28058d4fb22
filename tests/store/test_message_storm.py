"""Nothing that a channel said is lost or counted twice, whatever dies meanwhile; `make reliability` sends 10,000."""

from tests.reliability.messages import storm


def test_in_is_processed_plus_parked_after_a_storm() -> None:
    outcome = storm(1, said=100)
    assert outcome.wrong == []
    assert outcome.archived == outcome.processed + outcome.parked
    assert outcome.waiting == 0
    assert outcome.parked > 0
    assert outcome.posted > outcome.said >= 120
    assert {"before PutObject", "after PutObject", "before TransactWriteItems", "after TransactWriteItems"} <= set(
        outcome.crashes
    )
