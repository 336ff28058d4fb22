"""Decide who is served first of an item that is scarce, and look up what was decided."""

from dataclasses import dataclass

from oms.allocation.fairness.model import FairnessPage, FairnessQuery, FairnessView, PutFairness
from oms.allocation.fairness.rules import EVERY_OTHER, FIRST_COME
from oms.kernel.errors import Fault, NotFoundError, RejectedError
from oms.kernel.time import Clock, to_text
from oms.reference.editions import EditionStore, enacted, etag_of, more_below
from oms.reference.model import FairnessPolicy
from oms.reference.store import ReferenceStore


@dataclass(frozen=True)
class FairnessDesk:
    """The collaborators."""

    policies: EditionStore[FairnessPolicy]
    reference: ReferenceStore
    clock: Clock


def read_policy(sku: str, *, desk: FairnessDesk) -> tuple[FairnessView, str]:
    """What is in force for an item or `*`, and its entity tag.

    Raises:
        NotFoundError: no such item.
    """
    _refuse_unknown_item(sku, desk)
    found = desk.policies.find(sku)
    if found is not None:
        return _view(found), etag_of(found)
    rest = None if sku == EVERY_OTHER else desk.policies.find(EVERY_OTHER)
    terms = rest.terms if rest else FIRST_COME
    return FairnessView(sku=sku, version=0, terms=terms, from_all=rest is not None), etag_of(None)


def put_policy(
    sku: str, wanted: PutFairness, *, if_match: str, by: str, desk: FairnessDesk
) -> tuple[FairnessView, str]:
    """Put a policy in force, within a minute everywhere, and its entity tag. The same again changes nothing.

    What was given to whom stays. `if_match` is the entity tag of the policy as it was read, or `*` for any.

    Raises:
        NotFoundError: no such item.
        RejectedError: code `invalid`: a channel that is not known.
        StaleError: another policy is in force than `if_match` says. UnconditionalError: nothing was said of it.
    """
    _refuse_unknown_item(sku, desk)
    _refuse_unknown_channels(wanted, desk)
    before = desk.policies.find(sku)
    if before is not None and (before.terms, before.note) == (wanted.terms, wanted.note):
        return _view(before), etag_of(before)
    now = to_text(desk.clock())
    made = enacted(
        desk.policies,
        lambda version: FairnessPolicy(name=sku, version=version, by=by, at=now, note=wanted.note, terms=wanted.terms),
        before=before,
        if_match=if_match,
        what="policy",
    )
    desk.reference.look_again()
    return _view(made), etag_of(made)


def list_policies(sku: str, query: FairnessQuery, *, desk: FairnessDesk) -> FairnessPage:
    """What was ever in force for an item or `*`, the newest first.

    Raises:
        NotFoundError: no such item.
    """
    _refuse_unknown_item(sku, desk)
    found = desk.policies.versions(sku, limit=query.limit, before=query.before)
    return FairnessPage(policies=[_view(one) for one in found], next_before=more_below(found, query.limit))


def _refuse_unknown_item(sku: str, desk: FairnessDesk) -> None:
    if sku != EVERY_OTHER and sku not in desk.reference.items([sku]):
        raise NotFoundError("there is no such item")


def _refuse_unknown_channels(wanted: PutFairness, desk: FairnessDesk) -> None:
    """A name that nobody bears is a mistake: its rank would serve nobody."""
    channels = desk.reference.channels()
    faults = [Fault(f"ranks.{name}", "is no channel") for name in wanted.ranks if name not in channels]
    faults += [Fault(f"shares_pct.{name}", "is no channel") for name in wanted.shares_pct if name not in channels]
    if faults:
        raise RejectedError(f"{len(faults)} name(s) are unknown", code="invalid", faults=faults)


def _view(policy: FairnessPolicy) -> FairnessView:
    return FairnessView(
        sku=policy.name, version=policy.version, terms=policy.terms, by=policy.by, at=policy.at, note=policy.note
    )
