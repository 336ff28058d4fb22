"""Whatever is done to transfers in whatever order: no unit appears, none vanishes, and both ends' books say the same.

Σ on hand + Σ in transit + Σ written off - Σ found beyond what was sent = what there was
"""

from collections import Counter
from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from oms.aws.documents import unpack
from oms.inventory.supply.model import Supply
from oms.inventory.transfers.model import Transfer
from oms.inventory.transfers.rules import status_of
from tests.allocation_scene import assert_the_books_balance, clock, position, rows, set_up
from tests.aws import moto_cloud
from tests.store.inventory.test_transfers import cancel, put, ready, receive, ship

PLACES = ("ber-1", "lon-1")
SKUS = ("CUP", "PEN")
OPENED = {("CUP", "ber-1"): 9, ("CUP", "lon-1"): 4, ("PEN", "ber-1"): 5, ("PEN", "lon-1"): 0}
NAMES = st.sampled_from(["T-1", "T-2", "T-3"])
FEW = st.integers(0, 4)
REFUSALS = {"wrong_state", "short_stock", "invalid", "not_found", "stale", "if_match_needed", "id_reused"}


class Transfers(RuleBasedStateMachine):
    """Two locations send each other two articles by up to three transfers; some stock is counted away meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.wiring = self._stack.enter_context(moto_cloud(clock))
        set_up(self.wiring, *(position(*key, units) for key, units in OPENED.items()))
        self.steps = 0

    def teardown(self) -> None:
        self._stack.close()

    def made(self, answer: dict[str, Any]) -> None:
        """Every answer is a success or a refusal that names its reason."""
        self.steps += 1
        assert answer["http"] in (200, 201) or answer["code"] in REFUSALS, answer

    @rule(name=NAMES, back=st.booleans(), cups=FEW, pens=FEW)
    def plan(self, name: str, back: bool, cups: int, pens: int) -> None:
        ends = PLACES[::-1] if back else PLACES
        lines = [{"sku": sku, "units": units} for sku, units in zip(SKUS, (cups, pens), strict=True) if units]
        plan = {"source": ends[0], "destination": ends[1], "lines": lines, "due_on": "2026-12-01"}
        self.made(put(plan, name, tag="*"))

    @rule(name=NAMES)
    def make_ready(self, name: str) -> None:
        self.made(ready(name))

    @rule(name=NAMES, back=st.booleans(), cups=FEW, pens=FEW)
    def send(self, name: str, back: bool, cups: int, pens: int) -> None:
        self.plan(name, back, cups, pens)
        self.made(ready(name))
        self.ship_some(name, 9, cups, pens)

    @rule(name=NAMES, number=FEW, cups=FEW, pens=FEW)
    def ship_some(self, name: str, number: int, cups: int, pens: int) -> None:
        units = {sku: count for sku, count in zip(SKUS, (cups, pens), strict=True) if count}
        self.made(ship(f"S-{number}", units, name))

    @rule(name=NAMES, number=FEW)
    def ship_all(self, name: str, number: int) -> None:
        self.made(ship(f"ALL-{number}", None, name))

    @rule(name=NAMES, sku=st.sampled_from(SKUS), data=st.data())
    def receive_some(self, name: str, sku: str, data: st.DataObject) -> None:
        """Mostly what can be: of what is in transit some is sound, some damaged, some lost; now and then too much."""
        transfer = self.wiring.transfers.find(name)
        lines = transfer.lines if transfer else ()
        left = sum(line.in_transit for line in lines if line.sku == sku) + data.draw(st.sampled_from([0, 0, 0, 1]))
        counts = {}
        for kind in ("lost", "damaged", "received"):
            counts[kind] = data.draw(st.integers(0, left))
            left -= counts[kind]
        counts["over"] = 0 if left else data.draw(st.integers(0, 2))
        number = data.draw(FEW) if data.draw(st.booleans()) else 100 + self.steps
        self.made(receive(f"R-{number}", {"sku": sku, **counts, "reason": "miscounted"}, name=name))

    @rule(name=NAMES, number=FEW)
    def receive_all(self, name: str, number: int) -> None:
        self.made(receive(f"ALL-{number}", name=name))

    @rule(name=NAMES)
    def call_off(self, name: str) -> None:
        self.made(cancel(name))

    @invariant()
    def no_unit_appears_or_vanishes(self) -> None:
        table = rows(self.wiring, "INVENTORY_TABLE")
        transfers = [unpack(Transfer, row["doc"]) for row in table if row["sk"] == "TRANSFER"]
        stock = self.wiring.stock.positions(SKUS)
        coming: Counter[tuple[str, str]] = Counter()
        for transfer in transfers:
            if transfer.status not in ("draft", "cancelled"):
                assert transfer.status == status_of(transfer.lines)
            for line in transfer.lines:
                assert line.shipped == line.received + line.damaged + line.lost + line.in_transit
                assert line.in_transit >= 0
                assert transfer.status in ("draft", "cancelled") or (
                    line.units == line.committed + line.cancelled + line.shipped
                )
                coming[line.sku, transfer.destination] += line.in_transit
        for sku in SKUS:
            lines = [line for transfer in transfers for line in transfer.lines if line.sku == sku]
            there = sum(one.on_hand for one in stock.values() if one.sku == sku)
            away = sum(line.in_transit + line.lost - line.over for line in lines)
            assert there + away == sum(units for key, units in OPENED.items() if key[0] == sku)
        assert {key: one.incoming for key, one in stock.items()} == {key: coming[key] for key in stock}
        promised: Counter[tuple[str, str]] = Counter()
        for supply in (unpack(Supply, row["doc"]) for row in table if row["pk"].startswith("SUPPLIES#")):
            promised[supply.sku, supply.location] += supply.to_come
        assert +promised == +coming
        assert_the_books_balance(self.wiring)


def test_no_unit_appears_or_vanishes_whatever_is_done_to_transfers() -> None:
    run_state_machine_as_test(
        Transfers,
        settings=settings(
            max_examples=5, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
