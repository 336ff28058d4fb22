"""Change an order before its work is released: propose with a preview, then confirm all of it or nothing.

A change set is pending under the order's header, which names it: so there is one open at most, and every decision
about it is a condition on the header's version. What it would do is computed anew from the order as it is each time
that it is looked at; the entity tag says which of these pictures the caller has seen.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from oms.amending.drafting import Draft, Told, drafted, preview_of, tag_of
from oms.amending.edits import address_of, destination_of, kept, wish_of
from oms.amending.model import ChangeAddress, ChangeSet, ChangeSetView, NewChangeSet, Preview, WhyNot
from oms.amending.ports import AmendingDesk
from oms.aws.tables import Write, commit
from oms.events.orders import OrderChangeClosed, OrderChangeRequested
from oms.kernel.errors import (
    ConflictError,
    ForbiddenError,
    RejectedError,
    StaleError,
    StateError,
    UnconditionalError,
    Why,
)
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.model import OpenChange, Order, Parcel
from oms.orders.reach import is_live
from oms.orders.shapes import PostalPlace, someone_like
from oms.orders.store import OrderTree
from oms.orders.whynot import not_amended, not_changed

TRIES = 5
LASTS = timedelta(hours=24)
_ANY = "*"
_OVERRIDES = "finance"
_NEW_ONE = "a new change set"


class Tagged(NamedTuple):
    """A change set as it is shown, and its entity tag."""

    view: ChangeSetView
    tag: str


class Decision(NamedTuple):
    """Who confirms what: `if_match` is what they have seen, `over_limit` why it may exceed the credit limit."""

    if_match: str
    by: str
    roles: frozenset[str] = frozenset()
    over_limit: str | None = None


class _Scene(NamedTuple):
    tree: OrderTree
    parcels: dict[str, Parcel]


def open_change(order_id: str, new: NewChangeSet, *, key: str, by: str, desk: AmendingDesk) -> Tagged:
    """Propose a change. The same request under the same key finds the change set that it made.

    Raises:
        NotFoundError: no such order.
        StateError: the order has ended, another change set is open, or it can no longer be changed like this.
        RejectedError: an edit that makes no sense, or `idempotency_key_reused`.
    """
    change_id = derive_id("chg", order_id, by, key)
    fingerprint = desk.people.fingerprint(new.model_dump_json())
    for lost in range(1, TRIES + 1):
        known = desk.changes.find(order_id, change_id)
        if known is not None:
            if known.fingerprint != fingerprint:
                raise RejectedError("the key was used with another body", code="idempotency_key_reused")
            return _shown(known, _scene(order_id, desk), desk)
        scene = _scene(order_id, desk)
        change = _proposed(order_id, change_id, new, fingerprint, by, desk.clock())
        why = not_changed(scene.tree.order, desk.clock())
        if why:
            raise StateError.because(why)
        address = address_of(new.edits)
        draft = _draft(change, scene, desk, place=address.ship_to if address else None)
        if draft.plan.why:
            raise StateError.because(*draft.plan.why)
        try:
            commit(*_opening(change, address, scene.tree.order, desk))
        except ConflictError:
            if lost == TRIES:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def read_change(order_id: str, change_id: str, *, desk: AmendingDesk) -> Tagged:
    """A change set, with what it would do to the order as it is now.

    Raises:
        NotFoundError: no such order, or it has no such change set.
    """
    return _shown(desk.changes.get(order_id, change_id), _scene(order_id, desk), desk)


def confirm_change(order_id: str, change_id: str, decision: Decision, *, desk: AmendingDesk) -> Tagged:
    """Make the change: amounts, stock, credit, promise and recipient in one transaction. Repeating answers the same.

    Work that was allocated for what changes is taken back and sourced again.

    Raises:
        NotFoundError: no such order, or it has no such change set.
        UnconditionalError: no `If-Match`.
        StaleError: the order has changed since: what the caller has seen is not what would happen.
        StateError: declined, expired, not possible any more (`why_not`), or beyond the credit limit.
        ForbiddenError: only finance lets a change exceed the limit.
        ConflictError: lost the race five times.
    """
    if not decision.if_match:
        raise UnconditionalError("say which picture of the change you have seen: send its ETag as If-Match")
    if decision.over_limit and _OVERRIDES not in decision.roles:
        raise ForbiddenError(f"only {_OVERRIDES} lets an order exceed the credit limit")
    for lost in range(1, TRIES + 1):
        change, scene = desk.changes.get(order_id, change_id), _scene(order_id, desk)
        if change.status == "confirmed":
            return _shown(change, scene, desk)
        _refuse_closed(change, desk.clock())
        if decision.if_match not in (_ANY, tag_of(scene.tree, change.status)):
            raise StaleError("the order has changed since you read the change set")
        over = not_amended(scene.tree.order)
        if over:
            raise StateError.because(over)
        draft = _draft(change, scene, desk, by=decision.by)
        if draft.plan.why:
            raise StateError.because(*draft.plan.why)
        try:
            _make(draft, change, scene, decision, desk)
        except ConflictError:
            if lost == TRIES:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def decline_change(order_id: str, change_id: str, *, reason: str, by: str, desk: AmendingDesk) -> Tagged:
    """Do not make the change; the order is as it was. Repeating answers the same.

    Raises:
        NotFoundError: no such order, or it has no such change set.
        StateError: it was confirmed.
        ConflictError: lost the race five times.
    """
    for lost in range(1, TRIES + 1):
        change, scene = desk.changes.get(order_id, change_id), _scene(order_id, desk)
        if change.status == "confirmed":
            raise StateError.because(Why("change_closed", "the change set was confirmed", _NEW_ONE))
        if change.status != "pending":
            return _shown(change, scene, desk)
        try:
            commit(*_closing(change, scene.tree.order, "declined", by, f"declined: {reason}", desk))
        except ConflictError:
            if lost == TRIES:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def expire_change(order: Order, *, by: str, desk: AmendingDesk) -> bool:
    """Close the order's open change set if its time is up or the order has ended; whether it was.

    Raises:
        ConflictError: somebody else wrote first.
    """
    if order.change is None or (is_live(order) and order.change.expires_at > to_text(desk.clock())):
        return False
    change = desk.changes.get(order.id, order.change.id)
    why = "expired" if is_live(order) else f"expired: the order is {order.status}"
    commit(*_closing(change, order, "expired", by, f"{change.id} {why}", desk))
    return True


def _scene(order_id: str, desk: AmendingDesk) -> _Scene:
    tree = desk.orders.tree(order_id)
    return _Scene(tree, desk.recall.parcels_of(tree.fulfillment_orders))


def _proposed(order_id: str, change_id: str, new: NewChangeSet, fingerprint: str, by: str, at: datetime) -> ChangeSet:
    address = address_of(new.edits)
    place = address.ship_to if address else None
    return ChangeSet(
        id=change_id,
        order_id=order_id,
        reason=new.reason,
        note=new.note,
        edits=kept(new.edits),
        fingerprint=fingerprint,
        destination=destination_of(place.country, place.postal_code) if place else None,
        person_id=derive_id("per", change_id) if place else None,
        requested_by=by,
        requested_at=to_text(at),
        expires_at=to_text(at + LASTS),
    )


def _draft(
    change: ChangeSet, scene: _Scene, desk: AmendingDesk, *, by: str = "", place: PostalPlace | None = None
) -> Draft:
    if place is None and change.person_id is not None:
        place = desk.people.read(change.person_id, purpose="change_of_address")
    wish = wish_of(scene.tree.order, change.edits, change.destination)
    why = f"{change.id} {change.reason}"
    told = Told(
        change.id,
        change.reason,
        f"{why}: {change.note}" if change.note else why,
        by,
        desk.clock(),
        change.person_id,
        place,
        {"change": None},
    )
    return drafted(scene.tree, scene.parcels, wish, told, desk)


def _opening(change: ChangeSet, address: ChangeAddress | None, order: Order, desk: AmendingDesk) -> list[Write]:
    fact = OrderChangeRequested(
        order_id=order.id,
        change_id=change.id,
        kinds=list(dict.fromkeys(edit.kind for edit in change.edits)),
        expires_at=change.expires_at,
    )
    header = order.changed(
        fact,
        at=desk.clock(),
        by=change.requested_by,
        why=change.reason,
        change=OpenChange(id=change.id, expires_at=change.expires_at),
    )
    writes = [desk.orders.write(header), desk.changes.write(change)]
    if address is not None and change.person_id is not None:
        writes.append(_moved_person(change.person_id, address, order, desk))
    if order.change is not None:  # it has expired: `not_changed` let nothing else pass
        old = desk.changes.get(order.id, order.change.id)
        writes += _closed(old, "expired", change.requested_by, desk)
    return writes


def _moved_person(person_id: str, address: ChangeAddress, order: Order, desk: AmendingDesk) -> Write:
    """The person of the order with another address, under an id of its own: what has shipped keeps the old one."""
    person, place = desk.people.read(order.person_id, purpose="change_of_address"), address.ship_to
    new = someone_like(person).at(place)._replace(name=address.name or person.name)
    write: Write = desk.people.write_new(person_id, new)
    return write


def _make(draft: Draft, change: ChangeSet, scene: _Scene, decision: Decision, desk: AmendingDesk) -> None:
    if decision.over_limit:
        header = draft.after
        row = header.log[-1].model_copy(update={"why": f"{header.log[-1].why} (over limit: {decision.over_limit})"})
        header = header.model_copy(update={"log": (*header.log[:-1], row)})
        exposure = desk.exposure.moved_writes(draft.before, header, let_in_by=decision.by)
    else:
        header, answer = draft.after, desk.exposure.reassess(draft.before, draft.after)
        if not answer.fits:
            reasons = ", ".join(spec.reason for spec in answer.holds)
            why = Why(reasons, "the account has no room for the difference", "finance confirms it over the limit")
            raise StateError(f"{why.message} ({reasons})", code="over_credit_limit", why=[why])
        exposure = list(answer.writes)
    sources = draft.plan.sources
    recall = desk.recall.take(
        sources.works, sources.queued, scene.parcels, reason="changed", by=decision.by, at=desk.clock()
    )
    confirmed = _decided(change, "confirmed", decision.by, desk.clock())
    desk.recall.commit(draft.before, header, recall, desk.changes.write(confirmed), *exposure)


def _closing(change: ChangeSet, order: Order, outcome: str, by: str, why: str, desk: AmendingDesk) -> list[Write]:
    fact = OrderChangeClosed(order_id=order.id, change_id=change.id, outcome=outcome)
    header = order.changed(fact, at=desk.clock(), by=by, why=why, change=None)
    return [desk.orders.write(header), *_closed(change, outcome, by, desk)]


def _closed(change: ChangeSet, outcome: str, by: str, desk: AmendingDesk) -> list[Write]:
    """The change set as decided; an address that nobody will use is not kept."""
    discarded = [desk.people.discard_write(change.person_id)] if change.person_id else []
    return [desk.changes.write(_decided(change, outcome, by, desk.clock())), *discarded]


def _decided(change: ChangeSet, outcome: str, by: str, at: datetime) -> ChangeSet:
    changes = {"status": outcome, "decided_by": by, "decided_at": to_text(at), "version": change.version + 1}
    return change.model_copy(update=changes)


def _refuse_closed(change: ChangeSet, at: datetime) -> None:
    outcome = "expired" if change.status == "pending" and change.expires_at <= to_text(at) else change.status
    if outcome != "pending":
        raise StateError.because(Why("change_closed", f"the change set is {outcome}", _NEW_ONE))


def _shown(change: ChangeSet, scene: _Scene, desk: AmendingDesk) -> Tagged:
    preview: Preview | None = None
    why: tuple[WhyNot, ...] = ()
    if change.status == "pending":
        preview, why = _looked_at(change, scene, desk)
    names = set(ChangeSetView.model_fields) & set(ChangeSet.model_fields)
    view = ChangeSetView(**{name: getattr(change, name) for name in names}, preview=preview, why_not=why)
    return Tagged(view, tag_of(scene.tree, change.status))


def _looked_at(change: ChangeSet, scene: _Scene, desk: AmendingDesk) -> tuple[Preview | None, tuple[WhyNot, ...]]:
    """What it would do now, or why it cannot be made any more."""
    if change.expires_at <= to_text(desk.clock()):
        return None, (WhyNot(code="change_closed", message="the change set is expired", possible=_NEW_ONE),)
    over = not_amended(scene.tree.order)
    if over:
        return None, (WhyNot(code=over.code, message=over.message, possible=over.possible),)
    try:
        draft = _draft(change, scene, desk)
    except RejectedError as error:
        return None, (WhyNot(code=error.code, message=str(error), possible=_NEW_ONE),)
    why = tuple(WhyNot(code=each.code, message=each.message, possible=each.possible) for each in draft.plan.why)
    return None if why else preview_of(draft, desk.exposure.reassess(draft.before, draft.after)), why
