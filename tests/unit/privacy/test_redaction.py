"""Messages of channels: card numbers go, identifiers stay, and what is left still parses."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.kernel.cards import redact
from oms.privacy.redaction import identifies, redact_message
from tests.shared_data import shared_data

CARD = "4242424242424242"
CUT = "424242XXXXXX4242"
DINERS = "30569309025904"
CHANCE = "630400001230"  # twelve digits of Maestro: a card number in a text, a number in an identifier
CHANCE_CUT = "630400XX1230"


@pytest.mark.parametrize(
    ("raw", "redacted"),
    [
        (f'{{"note":"{CARD}"}}', f'{{"note":"{CUT}"}}'),
        (f'{{"note_attributes":[{{"name":"card","value":"{CARD}"}}]}}', CUT),
        (f'{{"note":{CARD},"id":1}}', f'{{"note":"{CUT}","id":1}}'),
        (f'{{"credit_card_number":"{CARD}"}}', CUT),
        (f'{{"payment":{{"ccNumber":{CARD}}}}}', f'{{"ccNumber":"{CUT}"}}'),
        ('{"note":"\\u0034242424242424242"}', CUT),
        (f"<order><remark>{CARD}</remark></order>", f"<remark>{CUT}</remark>"),
        (f'<order remark="{CARD}"/>', f'remark="{CUT}"'),
        (f"<order remark='{CARD}'/>", f"remark='{CUT}'"),
        (f"<order><remark><![CDATA[a < b, {CARD}]]></remark></order>", f"<![CDATA[a < b, {CUT}]]>"),
        (f"<order><remark>see <b>here</b> {CARD}</remark></order>", f"</b> {CUT}</remark>"),
        (f"<order><!-- {CARD} --></order>", f"<!-- {CUT} -->"),
        (f"sku,note\nA,{CARD}\n", f"A,{CUT}"),
        (f'sku;note\nA;"pay ""{CARD}"";"\n', f'""{CUT}"";'),
        (f"call me, my card is {CARD}", CUT),
        (f"UNB+UNOA:1+A+B+261123:0930+1'FTX+AAI+++{CARD}'UNZ+1+1'", f"FTX+AAI+++{CUT}'"),
        (f"UNA:+.? 'UNB+UNOA:1+A+B+261123:0930+1'NAD+ST+++Zoë?'s {CARD}'UNZ+1+1'", f"Zoë?'s {CUT}'"),
    ],
)
def test_a_card_number_in_a_text_is_cut_down(raw: str, redacted: str) -> None:
    cut = redact_message(raw.encode()).decode()
    assert redacted in cut
    assert CARD not in cut


def x12(*segments: str) -> bytes:
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261123*0930*U*00401*000000001*0*P*>~"
    return (isa + "~".join(segments) + "~").encode()


def test_text_segments_of_x12_are_searched_as_texts_and_all_others_as_identifiers() -> None:
    raw = x12(f"BEG*00*SA*{CARD}**20261123", f"N1*ST*{CHANCE}*92*{CHANCE}", f"MSG*card {CARD}", f"REF*CO*{CARD}")
    assert redact_message(raw) == x12(
        f"BEG*00*SA*{CUT}**20261123", f"N1*ST*{CHANCE_CUT}*92*{CHANCE}", f"MSG*card {CUT}", f"REF*CO*{CUT}"
    )


@pytest.mark.parametrize(
    "raw",
    [
        '{"id":%s,"order_number":"%s","sku":"%s","createdAt":"%s","admin_graphql_api_id":"%s"}',
        "<order><OrderId>%s</OrderId><a:PurchaseOrderNumber>%s</a:PurchaseOrderNumber></order>",
        'order_id,sku,reference\n%s,"%s",%s\n',
        "UNB+UNOA:1+A+B+261123:0930+1'BGM+220+%s+9'RFF+CO:%s'NAD+BY+%s::9'UNZ+1+1'",
    ],
)
def test_what_identifies_something_is_cut_by_the_rule_of_identifiers(raw: str) -> None:
    chance = raw.replace("%s", CHANCE).encode()
    assert redact_message(chance) == chance
    cut = raw.replace('"id":%s', f'"id":"{CUT}"').replace("%s", CUT).encode()
    assert redact_message(raw.replace("%s", CARD).encode()) == cut


def test_a_key_is_cut_and_what_the_sender_counts_is_not() -> None:
    own = re.compile(r"\d{14}")
    raw = f'{{"id":{DINERS},"ref":"{DINERS}","note":"{DINERS}","{CARD}":"{CARD}"}}'.encode()
    cut = f'{{"id":{DINERS},"ref":"{DINERS}","note":"305693XXXX5904","{CUT}":"{CUT}"}}'.encode()
    assert redact_message(raw, own) == cut
    assert DINERS not in redact_message(raw).decode()


@pytest.mark.parametrize(
    ("name", "yes"),
    [
        ("id", True),
        ("order_id", True),
        ("orderId", True),
        ("AmazonOrderId", True),
        ("lineItemID", True),
        ("updated_at", True),
        ("credit_card_number", False),
        ("cardNumber", False),
        ("number", False),
        ("note", False),
        ("address1", False),
        ("value", False),
        ("", False),
        ("0", False),
    ],
)
def test_identifiers_are_known_by_their_names(name: str, yes: bool) -> None:
    assert identifies(name) is yes


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just(f"a {CARD} b"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(document=_JSON, ascii_only=st.booleans())
def test_json_stays_json_and_only_its_texts_change(document: Any, ascii_only: bool) -> None:
    raw = json.dumps([document], ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    read = json.loads(redact_message(raw).decode("utf-8", "surrogatepass"))
    assert [_same(ours, theirs) for ours, theirs in zip(_leaves(read), _leaves([document]), strict=True)].count(
        False
    ) == 0


@given(raw=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_come_through_and_twice_is_once(raw: bytes) -> None:
    once = redact_message(raw)
    assert redact_message(once) == once


def test_nothing_of_the_given_payloads_changes_but_the_one_card_number() -> None:
    changed = []
    for group in ("2_order_source_payloads", "3_carriers"):
        for path in sorted(shared_data(group, "given").rglob("*.json")):
            lines = zip(path.read_bytes().split(b"\n"), redact_message(path.read_bytes()).split(b"\n"), strict=True)
            changed += [new.strip() for old, new in lines if old != new]
    assert changed == [b'"number": "453641XXXXXX6170",']


def test_nothing_of_the_given_edi_documents_changes() -> None:
    paths = [path for path in sorted(shared_data("4_edi_erp_wms", "given").rglob("*")) if path.is_file()]
    assert [path.name for path in paths if redact_message(path.read_bytes()) != path.read_bytes()] == []


def _same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs or str(ours) == redact(str(theirs)))


def _leaves(document: Any) -> Iterator[Any]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _leaves(value)
    elif isinstance(document, list):
        for value in document:
            yield from _leaves(value)
    else:
        yield document
