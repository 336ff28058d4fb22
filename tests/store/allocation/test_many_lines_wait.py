"""An order that waits for more SKUs than one transaction can move."""

from oms.aws.tables import commit
from oms.inventory.model import Change, Movement
from oms.inventory.supply.model import PutSupply
from oms.inventory.supply.service import put_supply, tag_of
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, assert_the_books_balance, clock, position, put_order, set_up
from tests.aws import moto_cloud
from tests.waiting_scene import come, serve, trusted

SKUS = [f"S{n:02}" for n in range(55)]
MOVED = SKUS[:40]


def supplies(wiring: Wiring, due_on: str) -> None:
    for sku in MOVED:
        known = wiring.supplies.find(f"PO-{sku}")
        wanted = PutSupply(
            kind="purchase_order",
            reference=sku,
            supplier="aurora",
            sku=sku,
            location="ber-1",
            units=1,
            due_on=due_on,
            confirmed=True,
        )
        tag = tag_of(known.version) if known else ""
        put_supply(f"PO-{sku}", wanted, if_match=tag, by="user:buyer", desk=wiring.supply_desk)


def test_promises_of_many_lines_move_so_many_at_a_time_as_a_transaction_takes() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring)
        trusted(wiring)
        opened = [Movement("opened", (sku, "ber-1"), Change()) for sku in SKUS]
        commit(*wiring.stock.writes(opened, {one.key: position(*one.key, 0) for one in opened}, CAUSE))
        come(wiring, put_order(wiring, "ord_1", dict.fromkeys(SKUS, 1)))
        before = wiring.orders.get("ord_1")
        assert {line.supply_on for line in before.lines} == {"unknown"}
        supplies(wiring, "2026-12-01")
        serve(*MOVED)
        after = wiring.orders.get("ord_1")
        assert [line.supply_on for line in after.lines] == ["2026-12-01"] * 40 + ["unknown"] * 15
        assert after.version == before.version + 2
        assert len(wiring.orders.promises("ord_1")) == 2
        serve(*MOVED)
        assert wiring.orders.get("ord_1") == after
        assert_the_books_balance(wiring)
