"""The packing list says which lots to pick: those that are committed, first expired first, and for whom they last."""

from io import BytesIO
from typing import Any

from pypdf import PdfReader

from functions.allocation import queue_allocate_orders
from functions.fulfillment import task_write_packing_lists
from oms.aws import clients, tables
from oms.fulfillment.picking import picks_of
from oms.orders.model import Content, FulfillmentOrder, Order, Parcel
from oms.orders.shapes import Someone
from oms.wiring import Wiring
from tests.allocation_scene import batch, confirmed_order, item_of, position, put_order
from tests.aws import moto_cloud
from tests.crash import calls_of, restart
from tests.store.inventory.test_lots import BRIE, HANDS, post, seed


def shop(wiring: Wiring) -> None:
    """Cheese of two lots, 3 and 6 units, a cup; Zofia who buys."""
    seed(wiring)
    wiring.reference.put_item(BRIE.model_copy(update={"channel_shelf_days": {"market": 60}}))
    who = Someone(name="Zofia", address_lines=["Lipowa 1"], city="Kraków", postal_code="30-001", country="PL")
    tables.commit(wiring.people.write_new("per_1", who))
    post("received", 3, "L-SOON", "2026-12-24")
    post("received", 6, "L-LATE", "2027-03-31")


def bought(wiring: Wiring, name: str, units: dict[str, int], **more: Any) -> FulfillmentOrder:
    order = put_order(wiring, name, units, **more)
    assert queue_allocate_orders.handler(batch(order), None) == {"batchItemFailures": []}
    (work,) = wiring.orders.tree(name).fulfillment_orders
    return work


def packed(wiring: Wiring, work: FulfillmentOrder, *parcels: dict[int, int]) -> list[str]:
    """The texts of the packing lists of a work, its units by line put into parcels."""
    order: Order = wiring.orders.tree(work.order_id).order
    skus = {line.number: line.sku for line in work.lines}
    made = [
        Parcel(
            id=f"shp_{work.order_id}_{place}",
            order_id=order.id,
            fulfillment_order_id=work.id,
            location=work.location,
            status="label_purchased",
            carrier="swift_post",
            service="standard",
            tracking_number=f"SW{place}",
            sscc="195212340000000017",
            weight_g=300,
            contents=tuple(Content(number=number, sku=skus[number], quantity=count) for number, count in one.items()),
            label_number=str(place),
            cost_minor=500,
            currency="EUR",
            length_mm=100,
            width_mm=100,
            height_mm=100,
        ).changed(at=HANDS.now, by="test", what="made")
        for place, one in enumerate(parcels)
    ]
    tables.commit(*(wiring.orders.write(parcel) for parcel in made))
    task = {"order_id": order.id, "fulfillment_order_id": work.id, "parcel_ids": [one.id for one in made]}
    assert task_write_packing_lists.handler(task, None)["outcome"] == "documented"
    return [read(wiring, one.id) for one in made]


def read(wiring: Wiring, parcel_id: str) -> str:
    key = wiring.documents.packing_list_key(parcel_id)
    body = clients.s3().get_object(Bucket=wiring.documents.bucket, Key=key)["Body"].read()
    return PdfReader(BytesIO(body)).pages[0].extract_text()


def lots_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if "of lot" in line or "erial" in line or "lot not" in line]


def test_orders_are_sent_to_the_lots_behind_those_of_the_orders_before_them() -> None:
    with moto_cloud(HANDS) as wiring:
        shop(wiring)
        first, second = bought(wiring, "ord_1", {"BRIE": 2}), bought(wiring, "ord_2", {"BRIE": 4}, minute=1)
        assert lots_in(*packed(wiring, second, {1: 4})) == [
            "1 of lot L-SOON, good until 2026-12-24",
            "3 of lot L-LATE, good until 2027-03-31",
        ]
        assert lots_in(*packed(wiring, first, {1: 2})) == ["2 of lot L-SOON, good until 2026-12-24"]


def test_each_parcel_names_its_own_units_and_a_channel_gets_what_lasts() -> None:
    with moto_cloud(HANDS) as wiring:
        shop(wiring)
        work = bought(wiring, "ord_1", {"BRIE": 4})
        texts = packed(wiring, work, {1: 2}, {1: 2})
        assert [lots_in(text) for text in texts] == [
            ["2 of lot L-SOON, good until 2026-12-24"],
            ["1 of lot L-SOON, good until 2026-12-24", "1 of lot L-LATE, good until 2027-03-31"],
        ]
        market = bought(wiring, "ord_2", {"BRIE": 2}, channel="market")
        assert lots_in(*packed(wiring, market, {1: 2})) == ["2 of lot L-LATE, good until 2027-03-31"]


def test_serials_are_named_when_they_are_known_and_asked_for_when_not() -> None:
    with moto_cloud(HANDS) as wiring:
        shop(wiring)
        wiring.reference.put_item(item_of("DRILL").model_copy(update={"serial_tracked": True}))
        assert wiring.stock.open_position(position("DRILL", "ber-1", 2))
        work = bought(wiring, "ord_1", {"DRILL": 1})
        assert lots_in(*packed(wiring, work, {1: 1})) == ["Scan the serial number of each unit"]
        line = work.lines[0].model_copy(update={"serials": ("D-77",)})
        tables.commit(wiring.orders.write(work.changed(at=HANDS.now, by="test", what="picked", lines=(line,))))
        task = {"order_id": "ord_1", "fulfillment_order_id": work.id, "parcel_ids": ["shp_ord_1_0"]}
        task_write_packing_lists.handler(task, None)
        assert lots_in(read(wiring, "shp_ord_1_0")) == ["Serials D-77"]


def test_of_components_the_lots_stand_with_their_sku_and_units_without_a_lot_say_so() -> None:
    with moto_cloud(HANDS) as wiring:
        shop(wiring)
        board = item_of("BOARD").model_copy(update={"components": (("BRIE", 5), ("CUP", 1))})
        wiring.reference.put_item(board)
        (line,) = confirmed_order("ord_1", {"BOARD": 2}).lines
        sold = line.model_copy(update={"components": board.components})
        assert wiring.stock.receive("BRIE", "ber-1", 1, receipt_id="r", by="t")  # nobody said of which lot
        work = bought(wiring, "ord_1", {"BOARD": 2}, lines=(sold,))
        assert lots_in(*packed(wiring, work, {1: 2})) == [
            "BRIE: 3 of lot L-SOON, good until 2026-12-24",
            "BRIE: 6 of lot L-LATE, good until 2027-03-31",
            "BRIE: 1, lot not recorded",
        ]


def test_an_article_without_lots_costs_no_call_more() -> None:
    with moto_cloud(HANDS) as wiring:
        shop(wiring)
        work = bought(wiring, "ord_1", {"CUP": 1})
        packed(wiring, work, {1: 1})
        restart(HANDS)
        task = {"order_id": "ord_1", "fulfillment_order_id": work.id, "parcel_ids": ["shp_ord_1_0"]}
        calls = calls_of(lambda: task_write_packing_lists.handler(task, None))
        assert "BatchGetItem" in calls
        assert calls.count("BatchGetItem") + calls.count("Query") == 3  # the order, its item; the locations


def test_the_journals_of_several_articles_are_read_together() -> None:
    """Six orders came after ours: of both articles the seven last entries are read, in one call each time."""
    with moto_cloud(HANDS) as wiring:
        shop(wiring)
        wiring.reference.put_item(BRIE.model_copy(update={"sku": "GOUDA"}))
        assert wiring.stock.open_position(position("GOUDA", "ber-1", 20))
        ours = bought(wiring, "ord_1", {"BRIE": 1, "GOUDA": 1})
        for n in range(6):
            bought(wiring, f"oth_{n}", {"BRIE": 1, "GOUDA": 1}, minute=1 + n)
        order = wiring.orders.tree("ord_1").order
        items = wiring.reference.items(["BRIE", "GOUDA"])
        place = wiring.reference.locations()["ber-1"]
        desk = wiring.pick_desk
        calls = calls_of(lambda: picks_of(ours, order, items, place, desk))
        assert calls == ["BatchGetItem"] * (1 + 7 + 1)  # the positions, the journals, the lots
        picks = picks_of(ours, order, items, place, desk)
        assert [(one.sku, one.lot) for number in (1, 2) for one in picks.take(number, {"BRIE": 1, "GOUDA": 1})] == [
            ("BRIE", "L-SOON"),
            ("GOUDA", None),
        ]
