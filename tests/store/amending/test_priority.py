"""An order becomes more urgent: what of it waits stands in line anew, what has its stock stays as it is."""

from oms.inventory.waiting.model import UNKNOWN
from oms.reference.model import MayWait
from tests.amending_scene import allocate, company, confirm, place, propose


def test_what_waits_stands_before_those_of_the_same_day_and_nothing_is_taken_back() -> None:
    with company(cups=1) as wiring:
        first = place(wiring, external_order_id="A-1")
        allocate(wiring, first)
        second = place(wiring, external_order_id="A-2")
        allocate(wiring, second)
        line = [(one.order_id, one.supply_on) for one in wiring.waiting_lines.line("CUP")]
        assert line == [(first.id, UNKNOWN), (second.id, UNKNOWN)]
        works = wiring.orders.tree(second.id).fulfillment_orders
        _, change, tag = propose(second.id, {"kind": "priority", "priority": 7})
        status, _, _ = confirm(second.id, change["id"], tag)
        assert status == 200
        changed = wiring.orders.get(second.id)
        assert changed.priority == 7
        allocate(wiring, changed)
        assert [one.order_id for one in wiring.waiting_lines.line("CUP")] == [second.id, first.id]
        assert [(one.id, one.version) for one in wiring.orders.tree(second.id).fulfillment_orders] == [
            (one.id, one.version) for one in works
        ]


def test_who_waits_goes_on_waiting_when_nobody_new_may() -> None:
    with company(cups=1) as wiring:
        for number in ("A-1", "A-2"):
            allocate(wiring, order := place(wiring, external_order_id=number))
        item = wiring.reference.items(["CUP"])["CUP"]
        wiring.reference.put_item(item.model_copy(update={"waiting": MayWait(kind="none")}))
        wiring.reference.forget_item("CUP")
        waiting = wiring.orders.get(order.id)
        _, change, tag = propose(order.id, {"kind": "priority", "priority": 7})
        assert confirm(order.id, change["id"], tag)[0] == 200
        allocate(wiring, wiring.orders.get(order.id))
        now = wiring.orders.get(order.id)
        assert [line.backordered for line in now.lines] == [line.backordered for line in waiting.lines]
        assert (sum(line.backordered for line in now.lines) > 0, now.holds) == (True, ())
        assert next(iter(wiring.waiting_lines.line("CUP"))).order_id == order.id
