"""Nothing that a channel said is lost or counted twice, whatever dies meanwhile; `make reliability` sends 10,000."""

import pytest

from tests.reliability.messages import storm


@pytest.mark.parametrize("seed", [1, 2])
def test_in_is_processed_plus_parked_after_a_storm(seed: int) -> None:
    outcome = storm(seed, said=120)
    assert outcome.wrong == []
    assert outcome.archived == outcome.processed + outcome.parked
    assert outcome.waiting == 0
    assert outcome.parked > 0
    assert outcome.posted > outcome.said >= 144
    assert {"before PutObject", "after PutObject", "before TransactWriteItems", "after TransactWriteItems"} <= set(
        outcome.crashes
    )
