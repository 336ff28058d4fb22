"""How units become parcels."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from oms.fulfillment.parcels import BOXES, fits, plan_parcels
from oms.orders.model import FulfillmentLine
from oms.reference.model import Item
from tests.shipping_builders import item

MUG = item("MUG-1", 400, (120, 100, 100))
LAMP = item("LAMP-1", 2_500, (500, 350, 300))
RUG = item("RUG-1", 9_000, (2_000, 200, 200))
ANVIL = item("ANVIL-1", 40_000, (400, 200, 200))
ITEMS = {thing.sku: thing for thing in (MUG, LAMP, RUG, ANVIL)}


def line(number: int, sku: str, quantity: int, short: int = 0) -> FulfillmentLine:
    return FulfillmentLine(number=number, sku=sku, quantity=quantity, short=short)


def test_two_mugs_share_the_smallest_box_that_holds_them() -> None:
    (parcel,) = plan_parcels([line(1, "MUG-1", 2)], ITEMS)
    assert [(content.number, content.sku, content.quantity) for content in parcel.contents] == [(1, "MUG-1", 2)]
    assert (parcel.length_mm, parcel.width_mm, parcel.height_mm) == (300, 220, 150)
    assert parcel.weight_g == 2 * 400 + 150


def test_a_unit_larger_than_any_box_ships_as_it_is_one_by_one() -> None:
    parcels = plan_parcels([line(1, "RUG-1", 2), line(2, "ANVIL-1", 1), line(3, "MUG-1", 1)], ITEMS)
    assert [(parcel.contents[0].sku, parcel.weight_g, parcel.length_mm) for parcel in parcels] == [
        ("RUG-1", 9_000, 2_000),
        ("RUG-1", 9_000, 2_000),
        ("ANVIL-1", 40_000, 400),
        ("MUG-1", 550, 300),
    ]


def test_small_things_fill_the_room_beside_a_large_one() -> None:
    (parcel,) = plan_parcels([line(1, "MUG-1", 3), line(2, "LAMP-1", 1)], ITEMS)
    assert [(content.number, content.quantity) for content in parcel.contents] == [(1, 3), (2, 1)]
    assert parcel.weight_g == 3 * 400 + 2_500 + 700


def test_short_units_are_not_packed() -> None:
    (parcel,) = plan_parcels([line(1, "MUG-1", 3, short=2), line(2, "LAMP-1", 1, short=1)], ITEMS)
    assert [(content.sku, content.quantity) for content in parcel.contents] == [("MUG-1", 1)]


def test_the_weight_limit_splits_what_the_volume_would_allow() -> None:
    brick = item("BRICK-1", 5_000, (100, 100, 50))
    parcels = plan_parcels([line(1, "BRICK-1", 12)], {"BRICK-1": brick})
    assert [parcel.contents[0].quantity for parcel in parcels] == [5, 5, 2]
    assert [parcel.weight_g for parcel in parcels] == [25_700, 25_700, 10_350]


items = st.builds(
    item,
    sku=st.sampled_from(["A-1", "B-1", "C-1", "D-1"]),
    weight_g=st.integers(1, 45_000),
    sides=st.tuples(*[st.integers(1, 1_500)] * 3),
)


@given(st.lists(items, min_size=1, max_size=4, unique_by=lambda thing: thing.sku), st.data())
def test_every_unit_is_packed_exactly_once_and_no_box_is_overfull(things: list[Item], data: st.DataObject) -> None:
    known = {thing.sku: thing for thing in things}
    skus = data.draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=6))
    lines = [line(number, sku, data.draw(st.integers(1, 40))) for number, sku in enumerate(skus, start=1)]
    parcels = plan_parcels(lines, known)
    packed: Counter[tuple[int, str]] = Counter()
    for parcel in parcels:
        weight = 0
        volume = 0
        for content in parcel.contents:
            packed[content.number, content.sku] += content.quantity
            thing = known[content.sku]
            weight += thing.weight_g * content.quantity
            volume += thing.length_mm * thing.width_mm * thing.height_mm * content.quantity
        alone = sum(content.quantity for content in parcel.contents) == 1
        boxed = parcel.weight_g > weight
        assert boxed or (alone and not fits(known[parcel.contents[0].sku], BOXES[-1]))
        if boxed:
            assert parcel.weight_g <= BOXES[-1].max_weight_g
            assert volume <= parcel.length_mm * parcel.width_mm * parcel.height_mm * 80 // 100
            longest = max(parcel.length_mm, parcel.width_mm, parcel.height_mm)
            assert all(max(known[c.sku].length_mm, known[c.sku].width_mm) <= longest for c in parcel.contents)
    assert packed == Counter({(row.number, row.sku): row.quantity for row in lines})
    assert plan_parcels(lines, known) == parcels
