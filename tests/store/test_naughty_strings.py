"""F12: every naughty string through every text field of an order and back, identical in NFC; or refused with 422."""

from collections.abc import Iterator

import pytest

from oms.orders.natural import order_id_of
from oms.wiring import Wiring
from tests.intake import TestClock, company
from tests.naughty import PLACES, kept_pairs, may_be_refused, naughty, refusals, taken, through_storage


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        yield wiring


def test_f12_what_is_refused_is_refused_for_a_reason_and_most_is_taken() -> None:
    strings = naughty()
    refused = [(place, text) for place in PLACES for text in strings if not taken(place, text)]
    assert [each for each in refused if not may_be_refused(*each)] == []
    kept = {text for text in strings if taken("note", text)}
    assert len(kept) == 495


def test_f12_every_naughty_string_is_kept_by_every_text_field_through_json_and_the_envelope() -> None:
    pairs = kept_pairs()
    assert (pairs.same, pairs.changed, pairs.unsealed) == (8_497, 0, 0)
    assert pairs.same + pairs.refused == 515 * len(PLACES)


def test_f12_every_naughty_string_comes_back_from_what_is_stored(shop: Wiring) -> None:
    stored = through_storage(shop)
    assert (len(stored.back), stored.changed, set(stored.answers)) == (423, [], {201})


def test_f12_a_naughty_string_that_is_refused_is_answered_422_and_never_500(shop: Wiring) -> None:
    answers = refusals()
    assert set(answers) == {422}
    assert answers.total() > 10
    assert shop.orders.find(order_id_of("sales_desk", "A-1")) is None
