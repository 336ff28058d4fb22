"""Card numbers in free text: found however they are written, and nothing else taken for one."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oms.kernel.cards import find_card_numbers, luhn, redact
from tests.reliability.pan import ENCODINGS, Encoding, given_cards, issued_cards, published_cards
from tests.shared_data import shared_data

VISA = "4242424242424242"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (VISA, "424242XXXXXX4242"),
        ("pay with 4242 4242 4242 4242, thanks", "pay with 4242 42XX XXXX 4242, thanks"),
        ("4242-4242-4242-4242 and 378282246310005", "4242-42XX-XXXX-4242 and 378282XXXXX0005"),
        ("3782 822463 10005", "3782 82XXXX X0005"),
        ("４２４２４２４２４２４２４２４２", "４２４２４２XXXXXX４２４２"),  # noqa: RUF001  full-width on purpose
        ("4242\u200b4242\u200b4242\u200b4242", "4242\u200b42XX\u200bXXXX\u200b4242"),
        ("Visa4242424242424242exp1227", "Visa424242XXXXXX4242exp1227"),
        ("card 4242424242424242 cvv 123", "card 424242XXXXXX4242 cvv " + 3 * "X"),
        ("%B4242424242424242^KRUEGER/ZOE^27121011000?", "%B424242XXXXXX4242^KRUEGER/ZOE^XXXXXXXXXXX?"),
        ("my card 4242 4242 4242 4242", "my card 4242 42XX XXXX 4242"),  # its first twelve digits pass Luhn too
        ("0 4242424242424242", "0 424242XXXXXX4242"),
        ("4242<br>4242&nbsp;4242%204242", "4242<br>42XX&nbsp;XXXX%204242"),
        ("(4242)(4242)(4242)(4242)", "(4242)(42XX)(XXXX)(4242)"),
        ("4242    4242    4242    4242", "4242    42XX    XXXX    4242"),
        ("4242x4242x4242x4242", "4242x42XXxXXXXx4242"),
        ("42424242424242424111111111111111", "424242XXXXXX4242411111XXXXXX1111"),
        ("3782822463100054242424242424242", "378282XXXXX0005424242XXXXXX4242"),
    ],
)
def test_a_card_number_is_cut_down_to_the_first_six_and_the_last_four(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242424242424241",  # the check digit does not fit
        "0000000000000000",
        "42424242424242424242",  # twenty digits
        "+49 30 1234567, call after 18:00",
        "DE89 3704 0044 0532 0130 00",  # an IBAN
        "IBAN DE89370400440532013000 THANKS",
        "1Z 626 853 00 4461 590 4",  # a UPS number
        "827-4540039-4367771",  # an order of Amazon
        "cec9ab4e-a820-155d-fba1-168f0c696192",
        "2026-11-23T09:30:00.000Z",
        "4006381333931",  # an EAN-13
        "35-209900-176148-1",  # an IMEI: Luhn fits, no issuer
        "1 0 0 1 9 0 1 7 8 1 9 9 0 0 0 1 0 0 0 3 0 0 6 1 7 7 6 7 8 3 9 4 3 7",  # a FedEx number as their page shows it
        "Schönhauser Allee 44a, 10435 Berlin",
        "42424242424242424111111111111112",  # only one half is a card number
        "(01)09506000134352(17)261128(10)4711",  # GS1 application identifiers
        "120x80x144 cm, 2500x1250x18 mm",
        "?a=4242&b=4242&c=4242&d=4242",
    ],
)
def test_what_is_no_card_number_stays_as_it_is(text: str) -> None:
    assert find_card_numbers(text) == []
    assert redact(text) == text


@pytest.mark.parametrize("encoding", ENCODINGS, ids=[encoding.name for encoding in ENCODINGS])
def test_a_number_is_found_in_every_way_of_writing_it(encoding: Encoding) -> None:
    numbers = issued_cards()
    missed = [number for number in numbers if not find_card_numbers(f"note: {encoding.write(number)} thank you")]
    assert missed == []


def test_an_old_visa_counts_only_after_a_word_that_says_card() -> None:
    assert find_card_numbers("4047737215142") == []
    assert [found.digits for found in find_card_numbers("my card 4047737215142")] == ["4047737215142"]
    assert [found.digits for found in find_card_numbers("Kreditkarte Nr. 4047737215142")] == ["4047737215142"]


def test_when_two_lengths_fit_no_last_four_are_shown() -> None:
    ends = [f"{VISA} {code:03}" for code in range(1000) if luhn(f"{VISA}{code:03}")]
    assert redact(ends[0]) == "424242" + 10 * "X" + " " + 3 * "X"


@given(st.text(max_size=120))
@example("4242 4242 4242 4242 4242 4242 4242 4242")
@example("4242 4242 4242 4242 4111 1111 1111 1111")
@example("cvv 123 cvc:4567")
def test_redacting_twice_is_redacting_once_and_keeps_the_length(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert len(once) == len(text)
    assert find_card_numbers(once) == []


@given(
    st.sampled_from(issued_cards()), st.text(alphabet="abc xyz\n,.;", max_size=20), st.text(alphabet=" abc", max_size=9)
)
def test_a_number_among_words_never_survives(number: str, before: str, after: str) -> None:
    shown = redact(f"{before}{number}{after}")
    assert number not in shown
    assert number[:6] in shown


def test_the_published_numbers_and_the_published_cases() -> None:
    numbers = published_cards(shared_data("7_security_pii", "given", "pan", "published_test_pans.csv"))
    assert [number for number in numbers if not find_card_numbers(number)] == []
    cases = json.loads(shared_data("7_security_pii", "given", "pan", "presidio_credit_card_cases.json").read_text())
    for case in cases:
        assert [[found.start, found.end] for found in find_card_numbers(case["text"])] == case["spans"]


def test_every_labelled_number_of_the_given_sentences_and_nothing_else() -> None:
    recall = given_cards(shared_data("7_security_pii", "given", "pii"))
    assert (recall.missed, recall.false) == (0, 0)
    assert recall.found > 150


@pytest.mark.parametrize("piece", ["1 ", "1234 ", "123-4567890-1234567 "])
def test_a_text_that_is_all_digits_is_looked_at_once_per_group_and_a_number_at_its_end_is_found(piece: str) -> None:
    text = piece * 2_000 + "x 4111 1111 1111 1111"
    assert [found.digits for found in find_card_numbers(text)][-1] == "4111111111111111"
