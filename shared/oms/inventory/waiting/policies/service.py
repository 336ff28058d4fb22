"""Decide who may wait for an item, and look up what was decided."""

from dataclasses import dataclass

from oms.inventory.waiting.policies.model import (
    PutWaiting,
    WaitingNow,
    WaitingPolicyPage,
    WaitingPolicyQuery,
    WaitingPolicyView,
)
from oms.inventory.waiting.policies.store import WaitingPolicyStore
from oms.inventory.waiting.store import WaitingStore
from oms.kernel.errors import Fault, NotFoundError, RejectedError
from oms.kernel.time import Clock, to_text
from oms.reference.editions import enacted, etag_of, more_below
from oms.reference.model import Item, WaitingPolicy
from oms.reference.store import ReferenceStore


@dataclass(frozen=True)
class WaitingPolicyDesk:
    """The collaborators."""

    policies: WaitingPolicyStore
    lines: WaitingStore
    reference: ReferenceStore
    clock: Clock


def read_policy(sku: str, *, desk: WaitingPolicyDesk) -> tuple[WaitingNow, str]:
    """What is in force for an item, who waits, and the entity tag of the policy.

    Raises:
        NotFoundError: no such item.
    """
    item, found = _find(sku, desk)
    head = desk.lines.heads([sku])[sku]
    view = _view(found) if found else WaitingPolicyView(sku=sku, version=0, terms=item.waiting)
    waits = {name: units for name, units in sorted(head.by_channel.items()) if units}
    return WaitingNow(**dict(view), waiting_units=head.sold, waiting_by_channel=waits), etag_of(found)


def put_policy(
    sku: str, wanted: PutWaiting, *, if_match: str, by: str, desk: WaitingPolicyDesk
) -> tuple[WaitingPolicyView, str]:
    """Put a policy in force, within five minutes everywhere, and its entity tag. The same again changes nothing.

    Whoever waits already goes on waiting. `if_match` is the entity tag of the policy as it was read, or `*` for any.

    Raises:
        NotFoundError: no such item.
        RejectedError: code `invalid`: a channel or location that is not known.
        StaleError: another policy is in force than `if_match` says. UnconditionalError: nothing was said of it.
    """
    _, before = _find(sku, desk)
    _refuse_unknown(wanted, desk)
    if before is not None and (before.terms, before.note) == (wanted.terms, wanted.note):
        return _view(before), etag_of(before)
    now = to_text(desk.clock())
    made = enacted(
        desk.policies,
        lambda version: WaitingPolicy(name=sku, version=version, by=by, at=now, note=wanted.note, terms=wanted.terms),
        before=before,
        if_match=if_match,
        what="policy",
    )
    desk.reference.forget_item(sku)
    return _view(made), etag_of(made)


def list_policies(sku: str, query: WaitingPolicyQuery, *, desk: WaitingPolicyDesk) -> WaitingPolicyPage:
    """What was ever in force for an item, the newest first.

    Raises:
        NotFoundError: no such item.
    """
    _find(sku, desk)
    found = desk.policies.versions(sku, limit=query.limit, before=query.before)
    return WaitingPolicyPage(policies=[_view(one) for one in found], next_before=more_below(found, query.limit))


def _find(sku: str, desk: WaitingPolicyDesk) -> tuple[Item, WaitingPolicy | None]:
    item, policy = desk.policies.find(sku)
    if item is None:
        raise NotFoundError("there is no such item")
    return item, policy


def _refuse_unknown(wanted: PutWaiting, desk: WaitingPolicyDesk) -> None:
    """A name that nobody bears is a mistake: its cap would bind nobody."""
    channels, locations = desk.reference.channels(), desk.reference.locations()
    faults = [Fault(f"channels.{name}", "is no channel") for name in wanted.channels if name not in channels]
    faults += [Fault(f"channel_caps.{name}", "is no channel") for name in wanted.channel_caps if name not in channels]
    faults += [Fault(f"locations.{name}", "is no location") for name in wanted.locations if name not in locations]
    if faults:
        raise RejectedError(f"{len(faults)} name(s) are unknown", code="invalid", faults=faults)


def _view(policy: WaitingPolicy) -> WaitingPolicyView:
    return WaitingPolicyView(
        sku=policy.name, version=policy.version, terms=policy.terms, by=policy.by, at=policy.at, note=policy.note
    )
