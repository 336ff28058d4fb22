"""Who gets the last units: by submission, by rank, by the channels' shares; whatever the rule, all units are given."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oms.allocation.fairness.rules import in_sequence
from oms.orders.model import Destination, Line, Order, Promise
from oms.reference.model import Fairness


def order(name: str, units: Mapping[str, int], *, channel: str = "shop", minute: int = 0) -> Order:
    at = f"2026-11-23T09:{minute:02}:00.000Z"
    return Order(
        id=name,
        channel=channel,
        external_order_id=name,
        status="confirmed",
        currency="EUR",
        lines=tuple(
            Line(number=number, sku=sku, quantity=quantity, unit_price_minor=100, open=quantity)
            for number, (sku, quantity) in enumerate(units.items(), 1)
        ),
        shipping_minor=0,
        total_minor=0,
        person_id="per_1",
        destination=Destination(country="DE", postal_area="10"),
        promise=Promise(),
        submitted_at=at,
        entered_at=at,
        watch_at=at,
        body_hash="0",
    )


def served(sequence: Sequence[Order], units: int) -> list[str]:
    """Who gets one unit of CUP, when one after the other takes his."""
    return [one.id for one in sequence][:units]


def names(sequence: Sequence[Order]) -> list[str]:
    return [one.id for one in sequence]


def test_an_account_may_rank_before_its_channel() -> None:
    """A tier of customers, whatever channel they come through."""
    rules = {"CUP": Fairness(rule="priority", ranks={"store": 2}, account_ranks={"GOLD": 1})}
    orders = [
        order("store", {"CUP": 1}, channel="store", minute=0),
        order("gold", {"CUP": 1}, channel="market", minute=1).model_copy(update={"account_id": "GOLD"}),
        order("market", {"CUP": 1}, channel="market", minute=2),
        order("other", {"CUP": 1}, channel="market", minute=1).model_copy(update={"account_id": "IRON"}),
    ]
    assert names(in_sequence(orders, {"CUP": 1}, rules)) == ["gold", "store", "other", "market"]


def test_the_more_urgent_order_comes_before_every_rank_where_the_rule_is_priority() -> None:
    rules = {"CUP": Fairness(rule="priority", ranks={"store": 1})}
    orders = [
        order("store", {"CUP": 1}, channel="store", minute=0),
        order("urgent", {"CUP": 1}, minute=1).model_copy(update={"priority": 1}),
        order("most_urgent", {"CUP": 1}, minute=2).model_copy(update={"priority": 9}),
        order("normal", {"CUP": 1}, minute=0),
    ]
    assert names(in_sequence(orders, {"CUP": 1}, rules)) == ["most_urgent", "urgent", "store", "normal"]
    assert names(in_sequence(orders, {"CUP": 1}, {})) == ["normal", "store", "urgent", "most_urgent"]


def test_without_a_rule_who_came_first_is_first() -> None:
    late, early = order("a", {"CUP": 1}, minute=2), order("b", {"CUP": 1}, minute=1)
    assert names(in_sequence([late, early], {"CUP": 1}, {})) == ["b", "a"]


def test_a_better_rank_comes_before_an_earlier_order_only_while_the_sku_is_scarce() -> None:
    rules = {"CUP": Fairness(rule="priority", ranks={"store": 1, "shop": 2})}
    orders = [
        order("market", {"CUP": 1}, channel="market", minute=0),
        order("shop", {"CUP": 1}, channel="shop", minute=1),
        order("store", {"CUP": 1}, channel="store", minute=2),
    ]
    assert names(in_sequence(orders, {"CUP": 2}, rules)) == ["store", "shop", "market"]
    assert names(in_sequence(orders, {"CUP": 3}, rules)) == ["market", "shop", "store"]
    assert names(in_sequence(orders, {"CUP": 2}, {"*": rules["CUP"]})) == ["store", "shop", "market"]
    assert names(in_sequence(orders, {"CUP": 2}, {"*": rules["CUP"], "CUP": Fairness()})) == ["market", "shop", "store"]


def test_a_channel_has_its_share_and_what_it_does_not_use_goes_to_who_comes_next() -> None:
    rules = {"CUP": Fairness(rule="share", shares_pct={"store": 40, "shop": 50})}
    early = [order(f"shop{n}", {"CUP": 1}, channel="shop", minute=n) for n in range(9)]
    late = [order(f"store{n}", {"CUP": 1}, channel="store", minute=30 + n) for n in range(9)]
    got = served(in_sequence([*early, *late], {"CUP": 10}, rules), 10)
    # Five and four are the shares; the one unit that is nobody's goes to who came first of the rest.
    assert Counter(name[:4] for name in got) == {"shop": 6, "stor": 4}
    few = served(in_sequence([*early, late[0]], {"CUP": 10}, rules), 10)
    assert Counter(name[:4] for name in few) == {"shop": 9, "stor": 1}


def test_orders_of_a_hot_sku_stand_together_and_strangers_do_not_part_them() -> None:
    mixed = [order(f"{n:02}", {"CUP" if n % 2 else f"PEN{n}": 1}, minute=n) for n in range(6)]
    assert names(in_sequence(mixed, {}, {})) == ["00", "01", "03", "05", "02", "04"]


def test_shares_of_more_than_all_are_refused() -> None:
    with pytest.raises(ValidationError, match="more than 100 %"):
        Fairness(rule="share", shares_pct={"a": 60, "b": 41})


rules = st.builds(
    Fairness,
    rule=st.sampled_from(["first_come", "priority", "share"]),
    ranks=st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)),
    shares_pct=st.dictionaries(st.sampled_from("abc"), st.integers(0, 33)),
)
crowds = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 59)), max_size=40)


@given(crowds, st.integers(0, 30), rules)
def test_every_order_stands_in_line_once_and_each_share_is_kept(
    crowd: list[tuple[str, int]], units: int, rule: Fairness
) -> None:
    orders = [order(f"o{n}", {"CUP": 1}, channel=channel, minute=minute) for n, (channel, minute) in enumerate(crowd)]
    sequence = in_sequence(orders, {"CUP": units}, {"CUP": rule})
    assert sorted(names(sequence)) == sorted(names(orders))
    asked = Counter(one.channel for one in orders)
    got = Counter(one.channel for one in sequence[:units])
    if rule.rule == "share" and len(orders) > units:
        for channel, pct in rule.shares_pct.items():
            assert got[channel] >= min(asked[channel], units * pct // 100)
    for channel in "abc":  # within a channel nobody is overtaken
        own = [one.submitted_at for one in sequence if one.channel == channel]
        assert own == sorted(own)


@given(crowds, st.integers(0, 30), rules)
def test_the_sequence_does_not_depend_on_the_order_of_messages(
    crowd: list[tuple[str, int]], units: int, rule: Fairness
) -> None:
    orders = [order(f"o{n}", {"CUP": 1}, channel=channel, minute=minute) for n, (channel, minute) in enumerate(crowd)]
    there = names(in_sequence(orders, {"CUP": units}, {"CUP": rule}))
    assert names(in_sequence(orders[::-1], {"CUP": units}, {"CUP": rule})) == there
