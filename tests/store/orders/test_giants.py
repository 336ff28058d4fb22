"""A giant order in the orders table, and on its whole way: what lasts of its lines lies beside its header."""

import random
import string

import pytest

from infra.local import seed
from oms.aws.tables import ConditionFailedError, commit, put
from oms.kernel.errors import TooLargeError
from oms.orders.model import Line, Order
from oms.orders.store import OrderStore
from oms.wiring import Wiring
from tests.allocation_scene import START, confirmed_order, rows
from tests.aws import moto_cloud
from tests.conductor import Conductor
from tests.crash import calls_of, crash, crash_points, restart
from tests.giant_journey import Journey, catalogue, giant

LETTERS = string.ascii_letters + string.digits


def names(count: int, length: int) -> list[str]:
    chance = random.Random(f"{count} {length}")  # noqa: S311  the same in every run
    return ["".join(chance.choices(LETTERS, k=length)) for _ in range(count)]


def giant_order(lines: int = 400) -> Order:
    """Names of 64 and 128 characters: 60 KB that nothing can pack."""
    order = confirmed_order("ord_1", {})
    made = tuple(
        Line(number=number, sku=sku, external_line_id=name, quantity=1, unit_price_minor=100, open=1)
        for number, (sku, name) in enumerate(zip(names(lines, 64), names(lines, 128), strict=True), 1)
    )
    return order.model_copy(update={"lines": made})


def stored(wiring: Wiring) -> dict[str, int]:
    """Bytes by sort key."""
    return {row["sk"]: len(row["doc"]) for row in rows(wiring, "ORDERS_TABLE")}


def test_whoever_reads_it_finds_it_whole(cloud_on_moto: Wiring) -> None:
    orders, order = cloud_on_moto.orders, giant_order()
    commit(orders.write(order))
    small = confirmed_order("ord_2", {"A": 1})
    commit(orders.write(small))
    assert orders.find("ord_1") == orders.get("ord_1") == orders.tree("ord_1").order == order
    assert orders.get_many(["ord_1", "ord_2"]) == orders.load(orders=["ord_1", "ord_2"]).orders
    assert orders.get_many(["ord_2", "ord_1"]) == {"ord_1": order, "ord_2": small}
    (goods,) = [key for key in stored(cloud_on_moto) if key.startswith("GOODS#")]
    assert stored(cloud_on_moto)[goods] > 50_000
    assert stored(cloud_on_moto)["ORDER"] < 3_000


def test_who_has_read_it_writes_its_header_alone_and_an_ordinary_order_is_one_item(cloud_on_moto: Wiring) -> None:
    orders, order = cloud_on_moto.orders, giant_order()
    assert calls_of(lambda: commit(orders.write(order))) == ["PutItem", "PutItem"]
    moved = orders.get("ord_1").changed(at=START, by="user:test", what="Looked")
    assert calls_of(lambda: commit(orders.write(moved))) == ["PutItem"]
    assert OrderStore(orders.table).get("ord_1") == moved
    assert calls_of(lambda: commit(orders.write(confirmed_order("ord_2", {"A": 1})))) == ["PutItem"]


def test_who_has_read_an_order_of_the_same_lines_puts_those_of_another_all_the_same(cloud_on_moto: Wiring) -> None:
    orders, order = cloud_on_moto.orders, giant_order()
    commit(orders.write(order))
    same = orders.get("ord_1").model_copy(update={"id": "ord_2"})
    commit(orders.write(same))
    assert OrderStore(orders.table).get("ord_2") == same


def test_another_line_is_put_beside_those_that_were_and_who_lost_a_race_has_changed_nothing(
    cloud_on_moto: Wiring,
) -> None:
    orders, order = cloud_on_moto.orders, giant_order()
    commit(orders.write(order))
    more = Line(number=401, sku="NEW", quantity=1, unit_price_minor=1, open=1)
    added = orders.get("ord_1").changed(at=START, by="user:test", what="Added", lines=(*order.lines, more))
    commit(orders.write(added))
    assert orders.get("ord_1").lines[-1] == more
    other = order.changed(
        at=START, by="user:other", what="Added", lines=(*order.lines, more.model_copy(update={"sku": "OTHER"}))
    )
    with pytest.raises(ConditionFailedError):
        commit(orders.write(other))
    assert orders.get("ord_1") == added


def test_killed_anywhere_while_it_is_written_it_is_there_whole_or_not_at_all() -> None:
    order = giant_order()
    with moto_cloud() as wiring:
        points = crash_points(calls_of(lambda: commit(wiring.orders.write(order))))
    assert len(points) == 4
    for point in points:
        with moto_cloud() as wiring:
            crash(point, lambda wiring=wiring: commit(wiring.orders.write(order)))  # type: ignore[misc]
            again = restart()
            if again.orders.find("ord_1") is None:
                commit(again.orders.write(order))
            assert again.orders.get("ord_1") == order, point
            assert OrderStore(again.orders.table).tree("ord_1").order == order


def test_what_is_larger_than_an_item_is_refused_and_no_bug(cloud_on_moto: Wiring) -> None:
    item = {"pk": "X", "sk": "X", "doc": b"x" * 410_000}
    table = cloud_on_moto.orders.table
    large = put(table, item, condition="attribute_not_exists(pk)", label="x")
    other = put(table, {"pk": "Y", "sk": "Y"}, condition="attribute_not_exists(pk)", label="y")
    with pytest.raises(TooLargeError):
        commit(large)
    with pytest.raises(TooLargeError):
        commit(other, large)
    assert rows(cloud_on_moto, "ORDERS_TABLE") == []


def test_an_order_of_260_lines_is_delivered_within_every_limit_of_aws() -> None:
    """More than are kept in the header. 1,000 and 5,000 lines take the same way: `python -m tests.bench largest`."""
    with moto_cloud() as wiring:
        seed.fill(wiring)
        skus = names(260, 64)
        catalogue(wiring, skus, ["ber-1", "lon-1"])
        journey = Journey(wiring, Conductor(wiring))
        body = giant("G-260", skus)
        for line, name in zip(body["lines"], names(260, 128), strict=True):
            line["external_line_id"] = name
        journey.submit(body)
        journey.allocate_and_release()
        order, works = wiring.orders.tree(journey.order_id)
        found = sorted((work.location, len(work.lines)) for work in works if work.status == "requested")
        assert found == [("ber-1", 42), ("ber-1", 88), ("lon-1", 43), ("lon-1", 87)]
        assert (order.units_allocated, order.reserving) == (520, None)
        journey.ship()
        journey.deliver()
        shown = journey.read()
        assert shown["status"] == "completed"
        assert [line["units"]["delivered"] for line in shown["lines"]] == [2] * 260
        assert [(line["sku"], line["external_line_id"]) for line in shown["lines"]] == [
            (line["sku"], line["external_line_id"]) for line in body["lines"]
        ]
        journey.watch.assert_within_limits()
