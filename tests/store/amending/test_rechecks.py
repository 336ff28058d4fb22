"""An edit goes through the checks that it can fail, as the order did when it came in; what was decided on stays so."""

from collections.abc import Iterator
from typing import Any

import pytest

from oms.aws.tables import commit
from oms.orders.model import Order
from oms.reference.model import Channel, Item
from oms.validation.policy import Policy, Rule
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance
from tests.amending_scene import Clock, allocate, allocated, company, confirm, exposure, look, place, propose, quantity
from tests.store.amending.test_channel import amend, lines

FRANCE = {"address_lines": ["Rue 2"], "city": "Paris", "postal_code": "75001", "country": "FR"}
WEB = Channel(name="web", kind="canonical", currencies=frozenset({"EUR"}))


@pytest.fixture(name="shop")
def _shop() -> Iterator[Wiring]:
    with company(Clock(), cups=50) as wiring:
        wiring.reference.put_setting("CHANNEL", "web", WEB)
        yield wiring


def goods(wiring: Wiring, sku: str, **fields: Any) -> None:
    known = {"sku": sku, "name": sku, "weight_g": 500, "length_mm": 100, "width_mm": 100, "height_mm": 100}
    wiring.reference.put_item(Item(**{**known, **fields}))


def policy(wiring: Wiring, **rules: Rule) -> None:
    wiring.reference.put_setting(
        "POLICY", "default", Policy(name="default", rules=rules, version=1, by="user:test", at="2026-11-23")
    )


def to(where: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "ship_to", "ship_to": where}


def add(sku: str, units: int = 1) -> dict[str, Any]:
    return {"kind": "add_line", "sku": sku, "quantity": units, "unit_price_minor": 300}


def reasons(order: Order) -> list[tuple[str, tuple[str, ...]]]:
    return [(hold.reason, hold.blocks) for hold in order.holds]


def made(order_id: str, *edits: dict[str, Any], key: str = "k-1") -> tuple[int, dict[str, Any]]:
    """Propose and confirm: (status of the confirmation or of the refusal, preview or problem)."""
    status, view, tag = propose(order_id, *edits, key=key)
    if status != 201:
        return status, view
    return confirm(order_id, view["id"], tag)[0], view["preview"]


@pytest.mark.parametrize("fields", [{"not_to": frozenset({"FR"})}, {"only_to": frozenset({"DE"})}])
def test_goods_that_may_not_go_there_cannot_be_sent_there_by_an_edit(shop: Wiring, fields: dict[str, Any]) -> None:
    goods(shop, "PEN", **fields)
    order, _ = allocated(shop)
    status, problem = made(order.id, to(FRANCE))
    assert (status, problem["code"], problem["faults"]) == (
        422,
        "not_allowed_there",
        [{"field": "lines.1.sku", "message": "PEN may not go to FR"}],
    )
    assert shop.orders.get(order.id).change is None
    assert (made(order.id, quantity(1, 2))[0], shop.orders.get(order.id).holds) == (200, ())


@pytest.mark.parametrize("fields", [{"min_age": 18}, {"hazmat": "UN1993"}])
def test_restricted_goods_that_an_edit_adds_hold_the_order(shop: Wiring, fields: dict[str, Any]) -> None:
    goods(shop, "INK", **fields)
    order, _ = allocated(shop)
    status, preview = made(order.id, add("INK"))
    assert (status, preview["waits_for"]) == (200, ["restricted_goods"])
    header = shop.orders.get(order.id)
    assert reasons(header) == [("restricted_goods", ("allocate", "release"))]
    assert [finding.effect for finding in header.findings] == ["hold"]
    assert allocate(shop, header).order.lines[2].allocated == 0
    assert_the_books_balance(shop)


def test_an_address_that_its_country_does_not_know_holds_the_release_and_a_good_one_nothing(shop: Wiring) -> None:
    order, _ = allocated(shop)
    status, view, tag = propose(order.id, to({**FRANCE, "postal_code": "7500"}))
    assert (status, view["preview"]["waits_for"]) == (201, ["incorrect_address"])
    assert look(order.id, view["id"])[1]["preview"] == view["preview"]
    assert confirm(order.id, view["id"], tag)[0] == 200
    assert reasons(shop.orders.get(order.id)) == [("incorrect_address", ("release",))]
    other = place(shop, external_order_id="A-2")
    assert made(other.id, to(FRANCE))[1]["waits_for"] == []
    assert shop.orders.get(other.id).holds == ()


def test_a_country_that_the_policy_blocks_is_refused_also_by_an_edit(shop: Wiring) -> None:
    policy(shop, destination=Rule(params={"blocked": ["FR"]}))
    order, _ = allocated(shop)
    status, problem = made(order.id, to(FRANCE))
    assert (status, problem["code"]) == (422, "destination_not_served")
    assert exposure(shop) == order.total_minor


def test_an_order_that_grows_beyond_a_size_is_held_and_held_again_when_it_grows_on(shop: Wiring) -> None:
    policy(shop, order_size=Rule(params={"units": 5}))
    order, _ = allocated(shop)
    assert made(order.id, quantity(1, 2), key="less")[1]["waits_for"] == []
    assert made(order.id, quantity(1, 4), key="more")[1]["waits_for"] == ["order_size"]
    header = shop.orders.get(order.id)
    commit(shop.orders.write(header.changed(at=START, by="user:test", what="looked at", holds=())))
    assert made(order.id, quantity(1, 3), key="fewer")[1]["waits_for"] == []
    assert made(order.id, quantity(2, 4), key="again")[1]["waits_for"] == ["order_size"]


def test_a_policy_that_refuses_a_quantity_refuses_the_edit(shop: Wiring) -> None:
    policy(shop, quantity=Rule(mode="reject", params={"per_line": 5}))
    order, _ = allocated(shop)
    status, problem = made(order.id, quantity(1, 6))
    assert (status, problem["code"], problem["faults"][0]["field"]) == (422, "too_many_units", "lines.0.quantity")


def test_a_policy_that_informs_leaves_a_finding_with_the_order(shop: Wiring) -> None:
    policy(shop, quantity=Rule(mode="inform", params={"per_line": 5}))
    order, _ = allocated(shop)
    assert made(order.id, quantity(1, 6))[0] == 200
    header = shop.orders.get(order.id)
    assert (header.holds, [(each.check, each.effect) for each in header.findings]) == ((), [("quantity", "inform")])


def test_what_a_channel_changes_is_checked_as_what_we_change(shop: Wiring) -> None:
    goods(shop, "PEN", not_to=frozenset({"FR"}))
    policy(shop, order_size=Rule(params={"units": 7}))
    order, _ = allocated(shop)
    before = shop.orders.get(order.id)
    assert amend(shop, order.id, ship_to=FRANCE) is False, "a person must decide"
    assert shop.orders.get(order.id) == before
    grown: dict[str, Any] = {"lines": lines(L1=6, L2=2), "total_minor": 7522}
    assert amend(shop, order.id, **grown)
    header = shop.orders.get(order.id)
    assert (header.lines[0].quantity, reasons(header)) == (6, [("order_size", ("allocate", "release"))])


def test_totals_of_a_channels_change_that_do_not_add_up_are_left_to_a_person(shop: Wiring) -> None:
    order, _ = allocated(shop)
    assert amend(shop, order.id, lines=lines(L1=6, L2=2), total_minor=4_000) is False
    assert shop.orders.get(order.id).lines == order.lines
    assert exposure(shop) == order.total_minor


def test_a_preview_shows_what_a_draft_would_have_done_and_the_draft_decides_nothing(shop: Wiring) -> None:
    order = place(shop)
    rules = {"order_size": Rule(mode="reject", params={"units": 5})}
    draft = Policy(name="default", rules=rules, version=0, by="user:test", at="2026-11-23")
    shop.reference.put_setting("POLICY_DRAFT", "default", draft)
    status, preview = made(order.id, quantity(1, 6))
    assert (status, preview["waits_for"]) == (200, [])
    (found,) = preview["findings"]
    assert (found["check"], found["effect"]) == ("order_size", "draft_reject")
    after = shop.orders.get(order.id)
    assert ([finding.effect for finding in after.findings], after.holds) == (["draft_reject"], ())
    assert after.lines[0].quantity == 6
