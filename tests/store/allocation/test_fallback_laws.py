"""Laws of the fallbacks, whatever list a rule has and whatever happens: every unit is somewhere, the books balance."""

from decimal import Decimal
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.recall import cancel_order
from oms.allocation.serving import serve
from oms.allocation.sourcing.strategy import Fallback, Filters, Rule, Strategy
from oms.inventory.transfers.desk import Caller
from oms.inventory.transfers.model import ReceiveTransfer, ShipTransfer
from oms.inventory.transfers.moves import receive_transfer, ship_transfer
from oms.kernel.errors import StateError
from oms.kernel.time import to_text
from oms.reference.model import Location
from oms.wiring import Wiring
from tests.allocation_scene import (
    Hands,
    assert_the_books_balance,
    batch,
    item_of,
    position,
    put_order,
    set_up,
    trees,
)
from tests.aws import moto_cloud

STAFF = Caller("user:tester", lambda _: True)
WHERE = (("A", "ber-1"), ("A", "lon-1"), ("A", "acme"), ("B", "ber-1"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.integers(1, 6)),
        st.tuples(st.just("ship"), st.integers(0, 3)),
        st.tuples(st.just("receive"), st.integers(0, 3)),
        st.tuples(st.just("goods"), st.sampled_from(WHERE)),
        st.tuples(st.just("cancel"), st.integers(0, 3)),
        st.tuples(st.just("day"), st.just(1)),
    ),
    min_size=3,
    max_size=7,
)


class _Company:
    """Germany is served from Berlin; London has stock, a supplier has some, and B may be sent instead of A."""

    def __init__(self, wiring: Wiring, hands: Hands, fallbacks: tuple[Fallback, ...], stock: tuple[int, ...]) -> None:
        self.wiring, self.hands, self.came = wiring, hands, 0
        set_up(wiring, *(position(*key, units) for key, units in zip(WHERE, stock, strict=True)))
        for name, country, more in (("lon-1", "GB", {"transfer_days": {"*": 1}}), ("acme", "DE", {"supplier": "acme"})):
            place = {"id": name, "name": name, "country": country, "postal_code": "1", "time_zone": "Europe/Berlin"}
            here = {"latitude": Decimal(51), "longitude": Decimal(3)}
            wiring.reference.put_setting("LOCATION", name, Location.model_validate({**place, **here, **more}))
        wiring.reference.put_item(item_of("A").model_copy(update={"substitutes": ("B",)}))
        wiring.reference.put_item(item_of("B"))
        filters = Filters(countries=("DE",))
        rule = Rule(name="all", filters=filters, hard=("country",), fallbacks=fallbacks, cancel_after_days=1)
        made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
        wiring.reference.put_setting("SOURCING", "default", made)

    def step(self, kind: str, what: Any) -> None:
        wiring = self.wiring
        if kind == "order":
            made = put_order(wiring, f"ord_{self.came}", {"A": what}, minute=self.came)
            self.came += 1
            for _ in range(2):  # twice
                allocate(batch(made), None)
        elif kind in ("ship", "receive"):
            self._moved(kind, what)
        elif kind == "goods":
            sku, place = what
            wiring.stock.receive(sku, place, 2, receipt_id=f"r-{self.hands.now}-{sku}-{place}", by="user:tester")
        elif kind == "cancel" and what < self.came:
            self._cancelled(f"ord_{what}")
        elif kind == "day":
            self.hands.forward(hours=25)
            for order, _ in trees(wiring):
                wiring.deadlines.keep(order.id)
        serve(["A", "B"], desk=wiring.serving_desk, sourcing=wiring.sourcing())

    def _moved(self, kind: str, place: int) -> None:
        ids = sorted({name for order, _ in trees(self.wiring) for line in order.lines for name in line.transfers})
        for name in ids[place : place + 1]:
            try:
                if kind == "ship":
                    ship_transfer(name, ShipTransfer(shipment_id="s"), caller=STAFF, desk=self.wiring.transfer_desk)
                else:
                    arrived = ReceiveTransfer(receipt_id="r")
                    receive_transfer(name, arrived, caller=STAFF, desk=self.wiring.transfer_desk)
            except StateError:
                continue  # it is not so far, or over

    def _cancelled(self, order_id: str) -> None:
        desk, exposure = self.wiring.taking_back, self.wiring.credit
        try:
            cancel_order(
                order_id, reason="other", note=None, by="user:t", desk=desk, exposure=exposure, now=self.hands.now
            )
        except StateError:
            return  # it has ended


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fallbacks=st.lists(st.sampled_from(get_args(Fallback)), unique=True, max_size=5).map(tuple),
    stock=st.tuples(*[st.integers(0, 4)] * len(WHERE)),
    steps=STEPS,
)
def test_every_unit_is_served_waits_or_is_cancelled_and_the_books_balance(
    fallbacks: tuple[Fallback, ...], stock: tuple[int, ...], steps: list[tuple[str, Any]]
) -> None:
    hands = Hands()
    with moto_cloud(hands) as wiring:
        company = _Company(wiring, hands, fallbacks, stock)
        for kind, what in steps:
            company.step(kind, what)
        assert_the_books_balance(wiring)
        for order, works in trees(wiring):
            (line,) = order.lines
            live = [share for work in works if work.status not in ("cancelled", "rejected") for share in work.lines]
            sent = sum(share.quantity for share in live)
            replaced = sum(share.quantity for share in live if share.sku == "B")
            assert sum(share.quantity for share in live if share.sku == "A") + replaced == sent == line.allocated
            assert sent + line.open + line.backordered + line.cancelled == line.quantity
            assert order.total_minor == 100 * (line.quantity - line.cancelled)
            assert not line.gives_up(to_text(hands.now)) or "day" not in {kind for kind, _ in steps[-1:]}
