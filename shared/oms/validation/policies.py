"""Policies as people see them: read, draft, publish."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from oms.kernel.errors import ConflictError, NotFoundError
from oms.kernel.text import Remark
from oms.kernel.time import Clock, to_text
from oms.reference.editions import EditionStore
from oms.reference.store import ReferenceStore
from oms.validation.check import Mode
from oms.validation.policy import DEFAULT, Policy, Rule, all_checks, refuse_unusable


class PolicyDraft(BaseModel):
    """What a person wants to be checked. Rules that are left out stay with the default policy, or with the check."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rules: Annotated[dict[str, Rule], Field(max_length=50)]
    note: Remark | None = None


class PolicyView(BaseModel):
    """A policy in one of its two states. `version` is that of what is, or was when it was drafted, in force."""

    name: str
    state: Literal["published", "draft"]
    version: int
    rules: dict[str, Rule]
    by: str
    at: str
    note: str | None


class CheckView(BaseModel):
    """A check, and what it does when no policy says otherwise."""

    name: str
    refuses_with: str
    mode: Mode
    reason: str
    params: dict[str, JsonValue]


class PolicyPage(BaseModel):
    """All policies, and all that they may speak of."""

    policies: list[PolicyView]
    checks: list[CheckView]


class Desk:
    """The collaborators."""

    def __init__(self, *, policies: EditionStore[Policy], reference: ReferenceStore, clock: Clock) -> None:
        self.policies = policies
        self.reference = reference
        self.clock = clock


def list_policies(*, desk: Desk) -> PolicyPage:
    """What is in force and what is drafted, as all processes see it within a minute."""
    states: tuple[tuple[Literal["published", "draft"], str], ...] = (("published", "POLICY"), ("draft", "POLICY_DRAFT"))
    rows = [
        _view(policy, state)
        for state, kind in states
        for _, policy in sorted(desk.reference.settings(kind, Policy).items())
    ]
    checks = [
        CheckView(
            name=name,
            refuses_with=check.code,
            mode=check.mode,
            reason=check.reason,
            params=check.params().model_dump(mode="json"),
        )
        for name, check in all_checks().items()
    ]
    return PolicyPage(policies=rows, checks=checks)


def draft_policy(name: str, draft: PolicyDraft, *, by: str, desk: Desk) -> PolicyView:
    """Write a draft, whatever draft was there: it is asked beside what is in force, and decides nothing.

    Raises:
        NotFoundError: neither `default` nor a channel.
        RejectedError: code `invalid`: no check would understand it.
    """
    if name != DEFAULT and name not in desk.reference.channels():
        raise NotFoundError("there is no such policy")
    refuse_unusable(draft.rules)
    policy = _policy(name, _version(name, desk), draft.rules, by, draft.note, desk)
    desk.policies.save_draft(policy)
    return _view(policy, "draft")


def publish_policy(name: str, *, by: str, desk: Desk) -> PolicyView:
    """Put the draft in force, within a minute everywhere. Its rules take the place of all that were published.

    Raises:
        NotFoundError: there is no draft.
        ConflictError: somebody published since it was drafted, or it changes at this moment.
    """
    draft = desk.policies.draft(name)
    if draft is None:
        raise NotFoundError("there is no such draft")
    before = _version(name, desk)
    if draft.version != before:
        raise ConflictError(f"version {before} was published since this draft")
    policy = _policy(name, before + 1, draft.rules, by, draft.note, desk)
    desk.policies.publish(draft, policy)
    return _view(policy, "published")


def drop_draft(name: str, *, desk: Desk) -> None:
    """Take the draft away; there is none then, whoever asks how often."""
    draft = desk.policies.draft(name)
    if draft is not None:
        desk.policies.drop_draft(draft)


def _version(name: str, desk: Desk) -> int:
    found = desk.policies.find(name)
    return found.version if found else 0


def _policy(name: str, version: int, rules: Mapping[str, Rule], by: str, note: str | None, desk: Desk) -> Policy:
    return Policy(name=name, version=version, rules=rules, by=by, at=to_text(desk.clock()), note=note)


def _view(policy: Policy, state: Literal["published", "draft"]) -> PolicyView:
    return PolicyView(state=state, **policy.model_dump())
