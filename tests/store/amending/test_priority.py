"""An order becomes more urgent: what of it waits stands in line anew, what has its stock stays as it is."""

from oms.inventory.waiting.model import UNKNOWN
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
