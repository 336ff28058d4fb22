"""Where each unit is, and the words derived from it."""

from hypothesis import given
from hypothesis import strategies as st

from oms.orders.completion import is_complete
from oms.orders.model import Content, FulfillmentLine, FulfillmentOrder, Hold, Order, Parcel
from oms.orders.store import OrderTree
from oms.orders.views import Buckets, buckets, entity_tag, fulfillment_status, order_view, timeline
from tests.order_builders import MONDAY, line, one_parcel_order, order, parcel, work

STATES = ("open", "booked", "requested", "accepted", "in_progress", "incomplete", "closed", "rejected", "cancelled")


@st.composite
def situations(draw: st.DrawFn) -> tuple[Order, list[FulfillmentOrder], list[Parcel]]:
    """An order of one line, its fulfillment orders in any state, their parcels delivered or not, even early."""
    kept = {key: draw(st.integers(0, 3)) for key in ("open", "backordered", "cancelled")}
    works: list[FulfillmentOrder] = []
    parcels: list[Parcel] = []
    allocated = 0
    base = order()
    for place in range(draw(st.integers(0, 3))):
        quantity = draw(st.integers(1, 4))
        short = draw(st.integers(0, quantity))
        picked = draw(st.integers(0, quantity - short))
        packed = draw(st.integers(0, picked))
        shipped = draw(st.integers(0, packed))
        status = draw(st.sampled_from(STATES))
        row = FulfillmentLine(
            number=1, sku="A", quantity=quantity, picked=picked, packed=packed, shipped=shipped, short=short
        )
        share = work(base, f"loc-{place}", status=status, lines=(row,))
        works.append(share)
        if status not in ("rejected", "cancelled"):
            allocated += quantity - short
            if picked:
                tracking = draw(st.sampled_from(["pre_transit", "delivered"]))
                state = draw(st.sampled_from(["label_purchased", "handed_over", "voided"]))
                inside = (Content(number=1, sku="A", quantity=picked),)
                parcels.append(parcel(share, f"TR{place}", contents=inside, tracking_status=tracking, status=state))
    total = allocated + sum(kept.values())
    lines = (line(quantity=total, sku="A", allocated=allocated, **kept),) if total else ()
    return base.model_copy(update={"lines": lines}), works, parcels


@given(situations())
def test_the_buckets_of_a_line_sum_to_its_quantity_and_none_is_negative(
    situation: tuple[Order, list[FulfillmentOrder], list[Parcel]],
) -> None:
    header, works, parcels = situation
    for each in header.lines:
        units = buckets(each, works, parcels).model_dump()
        assert sum(units.values()) == each.quantity
        assert min(units.values()) >= 0


@given(situations())
def test_a_complete_order_is_a_delivered_order(
    situation: tuple[Order, list[FulfillmentOrder], list[Parcel]],
) -> None:
    header, works, parcels = situation
    if header.lines and is_complete(OrderTree(header, tuple(works)), parcels):
        (each,) = header.lines
        assert buckets(each, works, parcels) == Buckets(delivered=each.allocated, cancelled=each.cancelled)


def test_each_stage_of_the_work_has_its_bucket() -> None:
    header = order(lines=(line(quantity=10, sku="A", allocated=8, open=1, cancelled=1),))
    row = FulfillmentLine(number=1, sku="A", quantity=8, picked=6, packed=5, shipped=3)
    share = work(header, status="in_progress", lines=(row,))
    box = parcel(share, contents=(Content(number=1, sku="A", quantity=2),), tracking_status="delivered")
    assert buckets(header.lines[0], [share], [box]) == Buckets(
        open=1, released=2, picked=1, packed=2, shipped=1, delivered=2, cancelled=1
    )
    waiting = share.model_copy(update={"status": "open", "lines": (row.model_copy(update=dict.fromkeys(
        ("picked", "packed", "shipped"), 0)),)})  # fmt: skip
    assert buckets(header.lines[0], [waiting], []) == Buckets(open=1, allocated=8, cancelled=1)


def test_the_fulfillment_word_follows_the_units() -> None:
    header, share, box = one_parcel_order()
    tree = OrderTree(header, (share,))
    there = box.model_copy(update={"tracking_status": "delivered"})
    held = header.model_copy(
        update={"holds": (Hold(id="h", reason="credit", blocks=("allocate",), opened_at="2026-11-23T09:00:00Z"),)}
    )

    def word(tree: OrderTree, *parcels: Parcel) -> str:
        units = [buckets(each, tree.fulfillment_orders, parcels) for each in tree.order.lines]
        return fulfillment_status(tree.order, units)

    assert word(tree, there) == "delivered"
    assert word(tree, box) == "fulfilled"
    half = share.model_copy(update={"lines": (share.lines[0].model_copy(update={"shipped": 1}),)})
    assert word(OrderTree(header, (half,))) == "partially_fulfilled"
    assert word(OrderTree(header, ())) == "unfulfilled"
    assert word(OrderTree(held, ())) == "on_hold"


def test_the_view_shows_the_whole_order_and_no_person() -> None:
    header, share, box = one_parcel_order()
    tree = OrderTree(header, (share,))
    view = order_view(tree, {box.id: box}, token="tok", base_url="https://api.example")
    assert view.tracking_url == "https://api.example/v1/track/tok"
    assert (view.payment_status, view.fulfillment_status, view.return_status) == ("none", "fulfilled", "none")
    assert view.lines[0].units == Buckets(shipped=2)
    assert view.parcels[0].tracking_number == "TR1"
    assert view.fulfillment_orders[0].units == 2


def test_the_tag_changes_with_any_part_of_the_order() -> None:
    header, share, box = one_parcel_order()
    tag = entity_tag(OrderTree(header, (share,)), [box])
    later = box.changed(at=MONDAY, by="system:test", what="Moved")
    assert entity_tag(OrderTree(header, (share,)), [later]) != tag
    grown = header.changed(at=MONDAY, by="system:test", what="Changed")
    assert entity_tag(OrderTree(grown, (share,)), [box]) != tag


def test_the_timeline_is_one_list_by_time() -> None:
    header, share, box = one_parcel_order()
    first = header.changed(at=MONDAY, by="channel:web", what="OrderSubmitted")
    moved = box.changed(at=MONDAY.replace(hour=11), by="carrier:swift", what="ParcelMoved", why="delivered")
    worked = share.changed(at=MONDAY.replace(hour=10), by="location:ber-1", what="Shipped")
    rows = timeline(OrderTree(first, (worked,)), [moved]).rows
    assert [(row.at[11:16], row.what, row.by, row.why, row.version) for row in rows] == [
        ("09:00", "OrderSubmitted", "channel:web", None, 1),
        ("10:00", "Shipped", "location:ber-1", None, 1),
        ("11:00", "ParcelMoved", "carrier:swift", "delivered", 1),
    ]
    assert [row.subject for row in rows] == [header.id, share.id, box.id]
