"""What a channel says later of an order that we know (port of intake): make it so, if no location is at work on it.

The sender has sold the order already, so a change that exceeds the account's limit, or that a check holds, is made all
the same, and held. One that a check refuses is left to a person.
"""

from collections.abc import Mapping

from oms.amending.drafting import Told, drafted
from oms.amending.edits import destination_of
from oms.amending.ports import AmendingDesk
from oms.amending.recipients import Recipient, recipient_of
from oms.amending.snapshots import wish_of_said
from oms.amending.wishes import Wish
from oms.kernel.errors import ConflictError, RejectedError
from oms.orders.model import Order, Parcel
from oms.orders.ports import WantedOrder
from oms.orders.shapes import PostalPlace
from oms.orders.store import OrderTree
from oms.orders.whynot import not_amended

TRIES = 5
REASON = "channel_changed"


def amend_for_channel(
    order_id: str,
    said: WantedOrder,
    *,
    gone: Mapping[str, int],
    version: str | None = None,
    by: str,
    desk: AmendingDesk,
) -> bool:
    """Make goods, amounts, delivery and recipient what the sender says; repeating it does no more.

    False: it is not possible any more, or contradicts itself; nothing was changed, and a person must look.

    Args:
        order_id: ours.
        said: the order as its sender has it.
        gone: units that the sender took off, by its line ids, whether or not the lines still count them.
        version: the sender's own; nothing is changed of an order of which it has told us something newer since.
        by: `channel:<name>`.
        desk: the collaborators.

    Raises:
        NotFoundError: no such order.
        ConflictError: others kept writing first.
    """
    for lost in range(1, TRIES + 1):
        try:
            return _attempt(order_id, said, gone, version, by, desk)
        except RejectedError:
            return False
        except ConflictError:
            if lost == TRIES:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _attempt(
    order_id: str, said: WantedOrder, gone: Mapping[str, int], version: str | None, by: str, desk: AmendingDesk
) -> bool:
    tree = desk.orders.tree(order_id)
    order = tree.order
    if version is not None and version < (order.external_version or ""):
        return True
    if not_amended(order) or _other_money(order, said):
        return False
    parcels = desk.recall.parcels_of(tree.fulfillment_orders)
    place = said.ship_to
    wish = wish_of_said(order, said, gone, destination_of(place.country, place.postal_code))
    recipient = recipient_of(order, said, desk)
    if recipient is not None:
        wish.redirected = wish.redirected or recipient.moved
        wish.kinds = list(dict.fromkeys([*wish.kinds, "ship_to"]))
    if not wish.kinds:
        return True
    moved = wish.destination is not None or (recipient is not None and recipient.moved)
    return _made(tree, parcels, wish, recipient, place if moved else None, by, desk)


def _other_money(order: Order, said: WantedOrder) -> bool:
    """Whether the sender's amounts are not in the terms of ours, so that one may not stand for the other."""
    return said.currency != order.currency or said.taxes_included != order.taxes_included


def _made(
    tree: OrderTree,
    parcels: Mapping[str, Parcel],
    wish: Wish,
    recipient: Recipient | None,
    place: PostalPlace | None,
    by: str,
    desk: AmendingDesk,
) -> bool:
    person_id = recipient.person_id if recipient else None
    told = Told(None, REASON, REASON, by, desk.clock(), person_id, place)
    draft = drafted(tree, parcels, wish, told, desk)
    if draft.plan.why:
        return False
    answer = desk.exposure.reassess(draft.before, draft.after)
    exposure = list(answer.writes)
    if not answer.fits:
        draft = drafted(tree, parcels, wish, told._replace(holds=tuple(answer.holds)), desk)
        exposure = desk.exposure.moved_writes(draft.before, draft.after)
    sources = draft.plan.sources
    recall = desk.recall.take(sources.works, sources.queued, parcels, reason=REASON, by=by, at=told.at)
    desk.recall.commit(draft.before, draft.after, recall, *exposure, *([recipient.write] if recipient else []))
    return True
