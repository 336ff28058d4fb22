"""What shops keep for their carts."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from oms.inventory.reservations import service
from oms.inventory.reservations.model import AskReservation, ChangeReservation, Reservation
from oms.inventory.reservations.rules import reservation_id_of
from oms.inventory.rules import ShortStockError
from oms.kernel.errors import StateError
from tests.reservation_scene import SHOP
from tests.stock_life.life import BASKETS, CARTS, LONGEST, NORMAL, PAYING, PLACES, UNITS, WARES, Life, minute_after
from tests.stock_life.model import BUNDLE, Hold, Place, parts_of


class Carts(Life):
    """Reservations, from created to committed, released or expired."""

    @rule(cart=st.sampled_from(CARTS), basket=BASKETS, partial=st.booleans(), there=st.booleans())
    def reserved(self, cart: str, basket: dict[str, int], partial: bool, there: bool) -> None:
        live = self.books.live(cart)
        lines = [{"sku": sku, "quantity": units} for sku, units in basket.items()]
        where = {"ships_to": {"country": "GB", "postal_area": "E1"}} if there else {}
        asked = AskReservation.model_validate(
            {"channel": SHOP, "owner": cart, "lines": lines, "allow_partial": partial, **where}
        )
        free = {sku: self.books.free(sku, cart) for sku in basket}
        frozen = live and self.books.holds[cart].frozen
        self.asked(cart, lambda: service.reserve(
            asked, key=self.next(), by="user:tester", desk=self.wiring.reservation_desk
        ).reservation, basket, free, partial=partial, frozen=frozen)  # fmt: skip

    @precondition(lambda self: not any(self.books.waiting.values()))
    @rule(cart=st.sampled_from(CARTS), units=st.integers(1, 2), come=st.none() | st.sampled_from(PLACES))
    def bundle_reserved(self, cart: str, units: int, come: str | None) -> None:
        """As many as the parts at each place allow, whole; nothing where that is not enough. Parts may `come` first."""
        for sku, count in parts_of(BUNDLE, 1).items() if come else ():
            shelf = self.books.shelves[sku, come or ""]
            assert self.wiring.stock.receive(sku, come or "", count, receipt_id=f"p-{self.next()}", by="user:tester")
            shelf.on_hand, shelf.incoming = shelf.on_hand + count, shelf.incoming - min(count, shelf.incoming)
        live, parts = self.books.live(cart), parts_of(BUNDLE, 1)
        free = {key: count for part in parts for key, count in self.books.free(part, cart).items()}
        whole = self.books.whole(BUNDLE, free)
        lines = [{"sku": BUNDLE, "quantity": units}]
        asked = AskReservation.model_validate({"channel": SHOP, "owner": cart, "lines": lines})
        frozen = live and self.books.holds[cart].frozen
        try:
            told = service.reserve(
                asked, key=self.next(), by="user:tester", desk=self.wiring.reservation_desk
            ).reservation
        except ShortStockError:
            assert sum(whole.values()) < units
            self.did("refused: short")
            return
        except StateError:
            assert frozen
            self.did("refused: paying")
            return
        assert sum(whole.values()) >= units
        kept = Counter({one.key: one.units for one in told.kept})
        made = {place: kept["CUP", place] for place in whole}
        assert sum(made.values()) == units
        for place, count in made.items():
            assert count <= whole[place]
            assert {part: kept[part, place] for part in parts} == parts_of(BUNDLE, count), "whole, at one place"
        self.held(cart, dict(kept), live=live, frozen=frozen)
        self.did("bundle reserved")

    @rule(cart=st.sampled_from(CARTS), sku=st.sampled_from(WARES), units=UNITS)
    def changed(self, cart: str, sku: str, units: int) -> None:
        if cart not in self.books.holds:
            return
        before = self.reservation(cart)
        if not self.books.live(cart) or any(line.components for line in before.lines):
            return
        basket = {line.sku: line.quantity for line in before.lines} | {sku: units}
        change = ChangeReservation.model_validate({"lines": [{"sku": sku, "quantity": units}]})
        free = {one: self.books.free(one, cart) for one in basket}
        frozen = self.books.holds[cart].frozen
        same = basket == {line.sku: line.quantity for line in before.lines}
        if same and not frozen:
            return  # activity: `touched` is the rule for that
        self.asked(cart, lambda: service.change_lines(
            before.id, change, by="user:tester", desk=self.wiring.reservation_desk
        ), basket, free, partial=before.allow_partial, frozen=frozen)  # fmt: skip

    def asked(
        self,
        cart: str,
        ask: Callable[[], Reservation],
        basket: dict[str, int],
        free: dict[str, dict[Place, int]],
        *,
        partial: bool,
        frozen: bool,
    ) -> None:
        """All or nothing, or what there is; never more anywhere than the owner may take."""
        kept_back = {sku: min(self.books.waited_for(sku), self.books.common(sku)) for sku in basket}
        there = {sku: sum(free[sku].values()) - kept_back[sku] for sku in basket}
        enough = any(there.values()) if partial else all(there[sku] >= units for sku, units in basket.items())
        live = self.books.live(cart)
        try:
            told = ask()
        except ShortStockError:
            assert not enough, (basket, free)
            self.did("refused: short")
            return
        except StateError:
            assert frozen
            self.did("refused: paying")
            return
        assert enough
        units = {kept.key: kept.units for kept in told.kept}
        for sku, wanted in basket.items():
            assert sum(count for (name, _), count in units.items() if name == sku) == min(wanted, there[sku])
        assert all(count <= free[key[0]][key] for key, count in units.items())
        self.held(cart, units, live=live, frozen=frozen)
        self.did("reserved")

    def held(self, cart: str, units: dict[Place, int], *, live: bool, frozen: bool) -> None:
        """What the cart keeps now, until when."""
        if not live:
            self.since[cart] = self.hands.now
        until = minute_after(min(self.hands.now + NORMAL, self.since[cart] + LONGEST))
        if live:
            until = max(until, self.books.holds[cart].until)
        self.books.holds[cart] = Hold(until, units, frozen and live)

    @rule(cart=st.sampled_from(CARTS), verb=st.sampled_from(["touch", "freeze", "thaw", "release"]))
    def told(self, cart: str, verb: str) -> None:
        if cart not in self.books.holds:
            return
        hold, live, now = self.books.holds[cart], self.books.live(cart), self.hands.now
        more = {"reason": "abandoned"} if verb == "release" else {}
        try:
            getattr(service, verb)(
                reservation_id_of(SHOP, cart), **more, by="user:tester", desk=self.wiring.reservation_desk
            )
        except StateError:
            assert not live
            assert verb != "release" or hold.ended == "committed"
            self.did(f"refused: {verb}")
            return
        assert live or verb == "release"
        if live:
            latest = self.since[cart] + LONGEST
            active = minute_after(min(now + NORMAL, latest))
            if verb == "touch" and not hold.frozen:
                hold.until = max(hold.until, active)
            elif verb == "freeze" and not hold.frozen:
                hold.frozen, hold.until = True, max(hold.until, minute_after(min(now, latest) + PAYING))
            elif verb == "thaw" and hold.frozen:
                soon = minute_after(now + timedelta(milliseconds=1))
                hold.frozen, hold.until = False, min(hold.until, max(active, soon))
            elif verb == "release":
                hold.ended = "released"
        self.did(verb)
