"""What single checks let pass, and what their parameters change."""

from datetime import timedelta
from typing import Any

import pytest

from oms.validation.check import Params, Score
from oms.validation.checks import (
    address,
    age,
    destination,
    duplicate,
    export,
    fraud,
    hazmat,
    outside_score,
    payment,
    quantity,
    tax,
    velocity,
)
from tests.unit.validation.scene import NOW, facts, new


def to(country: str, postal_code: str, region: str | None = None, *lines: str) -> dict[str, Any]:
    place = {"address_lines": list(lines) or ["1 Some Street"], "city": "X", "postal_code": postal_code}
    return {"ship_to": {**place, "country": country, **({"region": region} if region else {})}}


@pytest.mark.parametrize(
    ("country", "postal_code", "region", "field"),
    [
        ("DE", "10435", None, None),
        ("DE", "D-10435", None, "postal_code"),
        ("GB", "sw1a 1aa", None, None),
        ("GB", "SW1A1AA", None, None),
        ("GB", "SW1A 1AAA", None, "postal_code"),
        ("NL", "1012AB", None, None),
        ("NL", "1012 ab", None, None),
        ("PL", "00 950", None, None),
        ("SE", "11455", None, None),
        ("US", "90058", "CA", None),
        ("US", "90058-1234", "California", None),
        ("US", "90058", None, "region"),
        ("US", "90058", "Bavaria", "region"),
        ("US", "90058", "NY", "postal_code"),
        ("CA", "K2P 0V6", "ON", None),
        ("CA", "k2p0v6", "Ontario", None),
        ("CA", "K2P 0V6", "Québec", "postal_code"),
        ("JP", "100-0001", None, None),
        ("JP", "1000001", None, None),
        ("IT", "00184", None, None),
        ("ES", "28013", "anything", None),
        ("AU", "2000", "nsw", None),
        ("IE", "D02 X285", None, None),
        ("HK", "no code at all", None, None),
        ("HK", "", None, None),
        ("AE", "", None, None),
        ("IE", "", None, None),
        ("XX", "1", None, "country"),
    ],
)
def test_an_address_is_one_that_its_country_knows(
    country: str, postal_code: str, region: str | None, field: str | None
) -> None:
    found = address.check(new(**to(country, postal_code, region)), facts(), address.Post())
    assert [fault.field for fault in found] == ([f"ship_to.{field}"] if field else [])


def test_an_address_is_not_looked_at_where_the_buyer_fetches_it_or_the_policy_says_so() -> None:
    assert address.check(new(**to("DE", "1"), delivery={"pickup_location": "ber-1"}), facts(), address.Post()) == []
    assert address.check(new(**to("DE", "1")), facts(), address.Post(off=("DE",))) == []


@pytest.mark.parametrize(
    ("line", "box"),
    [
        ("P.O. Box 12", True),
        ("PO BOX 12", True),
        ("Postfach 10 20", True),
        ("Packstation 123", True),
        ("Boîte postale 4", True),
        ("BP 44", True),
        ("Boxhagener Straße 12", False),
        ("Am Postplatz 3", False),
    ],
)
def test_a_box_is_told_from_a_street(line: str, box: bool) -> None:
    order = new(**to("DE", "10435", None, line))
    found = destination.check(order, facts(), destination.Places(boxes=False))
    assert [fault.field for fault in found] == (["ship_to.address_lines"] if box else [])
    assert destination.check(order, facts(), destination.Places()) == []


def test_a_country_can_be_blocked_and_does_not_matter_to_who_fetches() -> None:
    order = new()
    assert destination.check(order, facts(), destination.Places(blocked=("DE",)))[0].message == "nothing ships to DE"
    fetched = new(**to("FR", "75001"), delivery={"pickup_location": "ber-1"})
    assert destination.check(fetched, facts(), destination.Places()) == []


@pytest.mark.parametrize(
    ("said", "account", "passes"),
    [
        (None, None, True),
        ({"status": "none"}, None, True),
        ({"status": "paid"}, None, True),
        ({"status": "authorized"}, None, True),
        ({"status": "partially_paid"}, None, False),
        ({"status": "refunded"}, None, False),
        ({"status": "pending", "method": "COD"}, None, True),
        ({"status": "pending"}, "ACME", True),
    ],
)
def test_money_is_wanted_unless_it_comes_later(said: Any, account: str | None, passes: bool) -> None:
    order = new(payment=said, account_id=account)
    assert (payment.check(order, facts(), payment.Wanted()) == []) is passes
    strict = payment.check(order, facts(), payment.Wanted(said_nothing=False))
    assert (strict == []) is (passes and (account is not None or (said or {}).get("status") not in (None, "none")))


def test_an_items_own_limit_counts_all_its_lines() -> None:
    lines = [{"sku": "MUG", "quantity": 3, "unit_price_minor": 0}] * 2
    known = facts({"MUG": {"max_per_order": 5}})
    found = quantity.check(new(lines=lines), known, quantity.Most())
    assert [tuple(fault) for fault in found] == [("lines", "6 of MUG; at most 5 go with one order")]
    found = quantity.check(new(lines=lines), facts(), quantity.Most(per_order=5))
    assert [tuple(fault) for fault in found] == [("lines", "6 units are more than 5")]


def test_goods_go_only_where_they_may() -> None:
    lines = [{"sku": "GIN", "quantity": 1, "unit_price_minor": 0}]
    only_gb = facts({"GIN": {"only_to": {"GB"}}})
    assert [fault.field for fault in export.check(new(lines=lines), only_gb, export.Embargo())] == ["lines.0.sku"]
    british = new(lines=lines, **to("GB", "SW1A 1AA"))
    assert export.check(british, only_gb, export.Embargo()) == []
    adult = facts({"GIN": {"min_age": 18, "hazmat": "UN1170"}})
    assert age.check(new(lines=lines), adult, age.Checked(by_channel=18)) == []
    params = hazmat.Carriage(to=("DE",))
    assert hazmat.check(new(lines=lines), adult, params) == []
    flammable = hazmat.Carriage(to=("DE",), classes=("UN3480",))
    assert hazmat.check(new(lines=lines), adult, flammable)[0].message == "GIN (UN1170) may not be carried"


def test_honest_signs_alone_do_not_add_up_to_fraud() -> None:
    abroad = {"name": "Zoe Krueger", "address_lines": ["1"], "city": "Bern", "country": "CH"}
    honest = new(bill_to=abroad, customer={"name": "Krueger, Zoë", "email": "zoe@gmail.com", "phone": "0041 44 1"})
    assert fraud.check(honest, facts(), fraud.Signals()) == []
    found = fraud.check(honest, facts(), fraud.Signals(threshold=40))
    assert [fault.message for fault in found] == ["risk 40: billed to another country, a telephone of another country"]
    assert fraud.check(honest, facts(), fraud.Signals(threshold=40, weights={"phone_abroad": 0})) == []
    assert fraud.check(new(bill_to=abroad, account_id="ACME"), facts(), fraud.Signals(threshold=1)) == []


def test_a_score_counts_from_the_threshold_on_and_none_says_nothing() -> None:
    params = outside_score.Asked(threshold=90)
    scored = [facts(), *(facts(score=Score(value)) for value in (0, 89, 90, 100))]
    assert [len(outside_score.check(new(), each, params)) for each in scored] == [0, 0, 0, 1, 1]


def test_a_tax_is_looked_at_with_the_rounding_of_one_minor_unit() -> None:
    def order(tax: int, *, included: bool) -> Any:
        line = {"sku": "LAMP", "quantity": 1, "unit_price_minor": 1_000, "tax_minor": tax}
        amounts = {"shipping_minor": 0, "tax_minor": tax, "total_minor": 1_000 if included else 1_000 + tax}
        return new(lines=[line], taxes_included=included, **amounts)

    assert tax.check(order(351, included=False), facts(), tax.Rates()) == []
    assert len(tax.check(order(352, included=False), facts(), tax.Rates())) == 1
    assert tax.check(order(260, included=True), facts(), tax.Rates()) == []
    assert len(tax.check(order(261, included=True), facts(), tax.Rates())) == 1


def labels(module: Any, params: Params, at: timedelta = timedelta(), **changes: Any) -> set[str]:
    known = facts(at=NOW + at, buyer=changes.pop("buyer", "b"))
    return {guard.label for guard in module.guards(new(**changes), known, params)}


def test_the_same_again_is_the_same_guard_whatever_its_number_and_the_order_of_its_lines() -> None:
    params = duplicate.Window()
    first = labels(duplicate, params)
    lines = new().model_dump()["lines"][::-1]
    assert labels(duplicate, params, external_order_id="B", lines=lines) == first
    assert labels(duplicate, params, total_minor=1) != first
    assert labels(duplicate, params, buyer="other") != first


def test_a_buyers_orders_are_counted_per_stretch_of_time_and_not_on_account() -> None:
    params = velocity.Pace()
    first = labels(velocity, params)
    assert labels(velocity, params, timedelta(minutes=29), external_order_id="B", total_minor=1) == first
    assert labels(velocity, params, timedelta(minutes=30)) != first
    assert labels(velocity, params, buyer="other") != first
    assert labels(velocity, params, account_id="ACME") == set()
    assert len(labels(velocity, velocity.Pace(on_account=True), account_id="ACME")) == 1
    assert labels(velocity, velocity.Pace(orders=0)) == set()
