"""What a channel says later of an order that we know: make it so as far as that is possible, else tell a person.

The sender has sold the order already, so nothing here is refused: what a location is at work on, or what exceeds the
account's limit, ends as a hold. Each word commits once, the caller's own writes included.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from oms.amending.drafting import Draft, Told, drafted
from oms.amending.edits import destination_of
from oms.amending.ports import AmendingDesk
from oms.amending.recipients import Recipient, recipient_of
from oms.amending.snapshots import units_by_number, wish_of_news
from oms.amending.wishes import CANCEL, Wish, follow, set_units, wish_as_it_is
from oms.aws.tables import Write, commit
from oms.kernel.errors import ConflictError, RejectedError
from oms.orders.amounts import live_units
from oms.orders.holding import HoldSpec, hold_id_of, with_holds
from oms.orders.holds import let_go
from oms.orders.model import Order, Parcel
from oms.orders.ports import Amended, News, WithIt
from oms.orders.reach import RECALLABLE, free_units, is_live
from oms.orders.store import OrderTree

TRIES = 5
_CHANGED, _ASKED, _UNPAID = "channel_changed", "cancellation_asked", "awaiting_payment"
_PAID = ("authorized", "paid")
_SAID = "ChannelSaid"


class _Word(NamedTuple):
    """One word of a sender: what it says of the order besides the wish, and what is committed with it."""

    by: str
    reason: str
    keep: Mapping[str, Any]
    with_it: WithIt
    recipient: Recipient | None = None
    beyond: int = 0


@dataclass(frozen=True)
class ChannelChanges:
    """The port `oms.orders.ports.AmendPort`."""

    desk: AmendingDesk

    def amend(self, order_id: str, news: News, *, by: str, with_it: WithIt) -> Amended:
        """Make the order what its sender says it is now, as far as no location is at work on it."""

        def attempt() -> Amended:
            tree, parcels = self._read(order_id)
            order, place = tree.order, news.wanted.ship_to
            if _is_older(order, news.version, or_same=True):
                return self._only(Amended(order_id, "stale"), with_it)
            wish = wish_of_news(order, news, destination_of(place.country, place.postal_code))
            if not is_live(order):
                return self._only(Amended(order_id, "too_late" if wish.kinds else "unchanged"), with_it)
            self._let_go_if_paid(order, news, by)
            recipient = recipient_of(order, news, self.desk)
            word = _Word(by, _CHANGED, _kept(order, news), with_it, recipient)
            if recipient is not None:
                wish.redirected = wish.redirected or recipient.moved
                wish.kinds = list(dict.fromkeys([*wish.kinds, "ship_to"]))
            return self._make(tree, parcels, wish, word) if wish.kinds else self._noted(order, word)

        return _again(attempt)

    def cancel(
        self,
        order_id: str,
        units: Mapping[str, int] | None,
        *,
        reason: str,
        version: str | None,
        by: str,
        with_it: WithIt,
    ) -> Amended:
        """The sender has cancelled the order, or units of it: take back what can be; the rest is for a person."""

        def attempt() -> Amended:
            tree, parcels = self._read(order_id)
            order = tree.order
            if _is_older(order, version):
                return self._only(Amended(order_id, "stale"), with_it)
            if not is_live(order):
                return self._only(Amended(order_id, "unchanged" if _is_off(order) else "too_late"), with_it)
            off = _all(order) if units is None else units_by_number(order, units)
            free = free_units(tree, parcels)
            possible = {number: min(count, free.get(number, 0)) for number, count in off.items()}
            beyond = sum(off.values()) - sum(possible.values())
            keep: dict[str, Any] = {"external_version": version or order.external_version}
            if units is None and beyond:
                keep["cancelling"] = reason
            word = _Word(by, reason, keep, with_it, beyond=beyond)
            wish = _without(order, possible)
            return self._make(tree, parcels, wish, word) if any(possible.values()) else self._at_work(order, word)

        return _again(attempt)

    def ask_to_cancel(self, order_id: str, *, reason: str, version: str | None, by: str, with_it: WithIt) -> Amended:
        """The buyer asks: hold the order until a person decides."""

        def attempt() -> Amended:
            order = self.desk.orders.get(order_id)
            if _is_older(order, version):
                return self._only(Amended(order_id, "stale"), with_it)
            if not is_live(order):
                return self._only(Amended(order_id, "unchanged" if _is_off(order) else "too_late"), with_it)
            word = _Word(by, reason, {"external_version": version or order.external_version}, with_it)
            return self._held(order, HoldSpec(_ASKED, reason), word)

        return _again(attempt)

    def _read(self, order_id: str) -> tuple[OrderTree, dict[str, Parcel]]:
        tree = self.desk.orders.tree(order_id)
        return tree, self.desk.recall.parcels_of(tree.fulfillment_orders)

    def _make(self, tree: OrderTree, parcels: Mapping[str, Parcel], wish: Wish, word: _Word) -> Amended:
        """The wish made, with a hold for what a person must look at; or the hold alone, when it cannot be made."""
        order = tree.order
        try:
            draft, exposure = self._draft(tree, parcels, wish, word)
            if draft.plan.why:
                return self._held(order, HoldSpec(_CHANGED, "; ".join(why.message for why in draft.plan.why)), word)
            sources = draft.plan.sources
            recall = self.desk.recall.take(
                sources.works, sources.queued, parcels, reason=word.reason, by=word.by, at=self.desk.clock()
            )
        except RejectedError as error:
            return self._held(order, HoldSpec(_CHANGED, f"{', '.join(wish.kinds)}: {error.code}"), word)
        after = draft.after
        new = [hold for hold in after.holds if hold.id not in {old.id for old in order.holds}]
        note = ", ".join(hold.note or hold.reason for hold in new) or None
        ended = after.status == "cancelled"
        amended = Amended(order.id, "cancelled" if ended else "held" if new else "updated", note)
        person = [word.recipient.write] if word.recipient else []
        self.desk.recall.commit(after, recall, *exposure, *person, *word.with_it(amended))
        return amended

    def _draft(
        self, tree: OrderTree, parcels: Mapping[str, Parcel], wish: Wish, word: _Word
    ) -> tuple[Draft, Sequence[Write]]:
        """The draft and the writes of its exposure; what exceeds the limit is counted all the same, and held."""
        at = self.desk.clock()
        person_id = word.recipient.person_id if word.recipient else None
        told = Told(None, word.reason, word.reason, word.by, at, person_id, word.keep)
        draft = drafted(tree, parcels, wish, told, self.desk)
        answer = self.desk.exposure.reassess(draft.before, draft.after)
        specs = [*answer.holds, *([HoldSpec(_CHANGED, _with_location(word.beyond))] if word.beyond else [])]
        if specs and draft.after.status != "cancelled":
            draft = drafted(tree, parcels, wish, told._replace(holds=tuple(specs)), self.desk)
        writes = answer.writes if answer.fits else self.desk.exposure.moved_writes(draft.before, draft.after)
        return draft, writes

    def _held(self, order: Order, spec: HoldSpec, word: _Word) -> Amended:
        at = self.desk.clock()
        spec = spec._replace(note=(spec.note or "")[:200] or None)
        holds, facts = with_holds(order, [spec], at=at)
        header = order.changed(*facts, at=at, by=word.by, why=spec.reason, what=_SAID, holds=holds, **word.keep)
        amended = Amended(order.id, "held", spec.note)
        commit(self.desk.orders.write(header), *word.with_it(amended))
        return amended

    def _at_work(self, order: Order, word: _Word) -> Amended:
        if not word.beyond:
            return self._noted(order, word)
        return self._held(order, HoldSpec(_CHANGED, _with_location(word.beyond)), word)

    def _noted(self, order: Order, word: _Word) -> Amended:
        """Nothing is different but what we know of the sender's version, or of its payment."""
        different = {name for name, value in word.keep.items() if getattr(order, name) != value}
        paid = "payment_status" in different
        amended = Amended(order.id, "updated" if paid else "unchanged")
        if paid:
            header = order.changed(at=self.desk.clock(), by=word.by, what="PaymentSaid", **word.keep)
        else:
            header = order.model_copy(update={**word.keep, "version": order.version + 1, "facts": ()})
        commit(*([self.desk.orders.write(header)] if different else []), *word.with_it(amended))
        return amended

    def _only(self, amended: Amended, with_it: WithIt) -> Amended:
        writes = with_it(amended)
        if writes:
            commit(*writes)
        return amended

    def _let_go_if_paid(self, order: Order, news: News, by: str) -> None:
        """An order that waits for its money goes on when the sender says that it is there. Done first, and once.

        Raises:
            ConflictError: always when it did: the order is another one now, and must be read again.
        """
        status = news.wanted.payment.status if news.wanted.payment else None
        hold = next((hold for hold in order.holds if hold.id == hold_id_of(order.id, _UNPAID)), None)
        if status in _PAID and hold is not None:
            desk = self.desk
            let_go(order, hold, why=status, by=by, at=desk.clock(), orders=desk.orders, credit=desk.exposure)
            raise ConflictError("the order went on")


def _again(attempt: Callable[[], Amended]) -> Amended:
    """Read and decide again while somebody else writes first.

    Raises:
        ConflictError: they did so each time.
    """
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except ConflictError:
            continue
    return attempt()


def _is_older(order: Order, version: str | None, *, or_same: bool = False) -> bool:
    known = order.external_version
    return version is not None and known is not None and (version < known or (or_same and version == known))


def _is_off(order: Order) -> bool:
    return order.status in ("cancelled", "rejected")


def _kept(order: Order, news: News) -> dict[str, Any]:
    keep: dict[str, Any] = {
        "external_version": news.version or order.external_version,
        "body_hash": news.fingerprint,
    }
    if news.wanted.payment is not None:
        keep |= {"payment_status": news.wanted.payment.status, "payment_method": news.wanted.payment.method}
    return keep


def _all(order: Order) -> dict[int, int]:
    return {line.number: live_units(line) for line in order.lines if live_units(line)}


def _without(order: Order, off: Mapping[int, int]) -> Wish:
    wish = wish_as_it_is(order)
    for number, units in off.items():
        if units:
            set_units(wish, number, wish.units[number] - units)
    follow(order, wish)
    wish.kinds, wish.reach = [CANCEL], RECALLABLE
    return wish


def _with_location(units: int) -> str:
    return f"{units} cancelled unit(s) are with a location or a carrier"
