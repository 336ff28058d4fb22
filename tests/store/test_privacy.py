"""Personal data: encrypted under a key per person, found by a blind index, in clear nowhere."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag

from functions.intake.api_receive_webhooks import handler as receive
from functions.intake.api_submit_orders import handler as submit
from oms.aws import clients, tables
from oms.aws.tables import Key
from oms.intake.rules import person_id_of
from oms.kernel.errors import NotFoundError
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import SECRET, TestClock, canonical, company, count, everything_stored, open_desk, shopify, work_off
from tests.lambda_events import api_event, shopify_event

PERSON = person_id_of(order_id_of("sales_desk", "A-1"))
CANARY: dict[str, Any] = {
    "customer": {
        "name": "Canarina Quexfield",
        "email": "canary.77@example.net",
        "phone": "+49 999 7654321",
        "company": "Quexfield Aviary",
    },
    "ship_to": {
        "address_lines": ["Kanarienweg 777", "Hinterhaus Zq"],
        "city": "Quexstadt",
        "region": "Zqland",
        "postal_code": "98765-Q",
        "country": "DE",
    },
}
WORDS = ("Canarina", "Quex", "canary.77", "7654321", "Kanarienweg", "Hinterhaus", "Zqland", "98765")


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def post(external_id: str = "A-1", **changes: Any) -> int:
    event = api_event(
        "POST /v1/orders",
        headers={"Idempotency-Key": external_id},
        body=canonical(external_order_id=external_id, **changes),
    )
    return int(submit(event, None)["statusCode"])


@pytest.mark.usefixtures("shop")
def test_no_clear_text_in_any_table_or_log_line(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    assert post(**CANARY) == 201
    assert post(**CANARY, total_minor=1) == 422
    address = {**shopify()["shipping_address"], "name": "Canarina Quexfield", "address1": "Kanarienweg 777"}
    hooked = shopify_event("shopify_eu", shopify(shipping_address=address, email="canary.77@example.net"), SECRET)
    assert receive(hooked, None)["statusCode"] == 202
    assert work_off() == []
    wire().people.read(PERSON, purpose="test")
    printed = capsys.readouterr()
    everything = everything_stored() + caplog.text + printed.out + printed.err
    assert [word for word in WORDS if word in everything] == []
    assert PERSON in everything


@pytest.mark.usefixtures("shop")
def test_a_person_is_read_back_whole_and_the_access_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    post(**CANARY)
    person = wire().people.read(PERSON, purpose="packing_list")
    assert (person.name, person.email, person.phone, person.company) == tuple(CANARY["customer"].values())
    assert (person.address_lines, person.city, person.region, person.postal_code, person.country) == (
        ("Kanarienweg 777", "Hinterhaus Zq"),
        "Quexstadt",
        "Zqland",
        "98765-Q",
        "DE",
    )
    told = f'"person_id":"{PERSON}","purpose":"packing_list","by":"system","fields":"all"'
    assert caplog.messages == [f'{{"message":"person read",{told}}}']
    assert "Canarina" not in f"{person!r} {person}"


@pytest.mark.usefixtures("shop")
def test_each_person_has_a_key_of_its_own_and_a_box_cannot_be_moved() -> None:
    post("A-1")
    post("A-2", customer=canonical()["customer"])
    rows = [
        tables.get(Key("baton-people", f"PERSON#{person_id_of(order_id_of('sales_desk', name))}", "PERSON"))
        for name in ("A-1", "A-2")
    ]
    assert rows[0]
    assert rows[1]
    assert rows[0]["person_key"] != rows[1]["person_key"]
    assert rows[0]["blind_pk"] == rows[1]["blind_pk"]
    swapped = {**rows[0], "box": rows[1]["box"], "person_key": rows[1]["person_key"]}
    clients.dynamodb().put_item(TableName="baton-people", Item=tables.to_wire(swapped))
    with pytest.raises(InvalidTag):
        wire().people.read(PERSON, purpose="test")


@pytest.mark.usefixtures("shop")
def test_a_person_without_its_key_is_erased() -> None:
    post()
    key = Key("baton-people", f"PERSON#{PERSON}", "PERSON")
    tables.commit(tables.update(key, expression="REMOVE person_key", condition="attribute_exists(pk)", label="erase"))
    with pytest.raises(NotFoundError):
        wire().people.read(PERSON, purpose="test")


def test_kms_is_asked_once_per_process_and_day(shop: Wiring, clock: TestClock) -> None:
    first = calls_of(lambda: post("A-1"))
    assert first.count("GenerateDataKey") == 1
    assert "Decrypt" not in calls_of(lambda: post("A-2"))
    open_desk(shop)
    shop.people.store._keys.clear()
    assert calls_of(lambda: post("A-3")).count("Decrypt") == 1
    clock.pass_time(days=1)
    assert calls_of(lambda: post("A-4")).count("GenerateDataKey") == 1
    assert count("people", "KEY#") == 2
    assert shop.people.read(PERSON, purpose="test").name == "Zoë Krüger"


@pytest.mark.usefixtures("shop")
def test_two_processes_that_need_the_first_key_agree_on_one() -> None:
    store = wire().people.store
    winner = store._todays_key()
    store._keys.clear()
    assert store._new_key(winner.number) == winner
    assert count("people", "KEY#") == 1


@pytest.mark.usefixtures("shop")
def test_when_kms_refuses_nothing_is_stored_least_of_all_in_clear() -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GenerateDataKey")

    def throttle(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "GenerateDataKey")

    events = clients.kms().meta.events
    for status, reaction in ((500, refuse), (503, throttle)):
        events.register("before-call.kms", reaction)
        assert post(f"B-{status}") == status
        events.unregister("before-call.kms", reaction)
    assert count("orders", "ORDER#") == count("people", "") == 0
    assert "Zoë" not in everything_stored()
    assert post("B-503") == 201


@pytest.mark.usefixtures("shop")
def test_a_sealed_message_is_unreadable_until_the_same_id_opens_it_in_any_process() -> None:
    people = wire().people
    sealed = people.seal_message("msg_1", b'{"name":"Canarina Quexfield"}')
    assert b"Canarina" not in sealed
    people.store._keys.clear()
    assert people.open_message("msg_1", sealed) == b'{"name":"Canarina Quexfield"}'
    with pytest.raises(InvalidTag):
        people.open_message("msg_2", sealed)
