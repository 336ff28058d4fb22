"""Draft a sourcing strategy, publish it, and read what was ever in force.

A draft decides nothing; it can be tried on past orders (`oms.allocation.whatif`). What was published is never changed:
the next version takes its place, and decision records name the version that they were made by.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from oms.allocation.sourcing.strategy import DEFAULT, Rule, Strategy, refuse_unusable
from oms.allocation.strategies.model import State, StrategyDraft, StrategyPage, StrategyView, VersionPage, VersionQuery
from oms.aws.tables import ConditionFailedError
from oms.kernel.errors import ConflictError, Fault, NotFoundError, RejectedError, StaleError, UnconditionalError
from oms.kernel.time import Clock, to_text
from oms.reference.editions import EditionStore, more_below, tag_of
from oms.reference.model import Location
from oms.reference.store import ReferenceStore

DIGITS = 8  # of a version
_ANY = "*"


@dataclass(frozen=True)
class StrategyDesk:
    """The collaborators."""

    strategies: EditionStore[Strategy]
    reference: ReferenceStore
    clock: Clock


def list_strategies(*, desk: StrategyDesk) -> StrategyPage:
    """What is in force and what is drafted, as allocation sees it within a minute."""
    kinds: tuple[tuple[State, str], ...] = (("published", "SOURCING"), ("draft", "SOURCING_DRAFT"))
    rows = [
        _view(strategy, state)
        for state, kind in kinds
        for _, strategy in sorted(desk.reference.settings(kind, Strategy).items())
    ]
    return StrategyPage(strategies=rows)


def read_draft(name: str, *, desk: StrategyDesk) -> tuple[StrategyView, str]:
    """The draft and its entity tag.

    Raises:
        NotFoundError: there is none.
    """
    draft = _draft(name, desk)
    return _view(draft, "draft"), _etag(draft)


def list_versions(name: str, query: VersionQuery, *, desk: StrategyDesk) -> VersionPage:
    """What was published under a name, the newest first.

    Raises:
        NotFoundError: neither `default` nor a channel, and nothing was ever published under it.
    """
    found = desk.strategies.versions(name, limit=query.limit, before=query.before)
    if not found and query.before is None:
        _refuse_name(name, desk)
    in_force = _version(name, desk)
    views = [_view(one, _state(one, in_force)) for one in found]
    return VersionPage(strategies=views, next_before=more_below(found, query.limit))


def read_version(name: str, version: int, *, desk: StrategyDesk) -> StrategyView:
    """One version as it was published.

    Raises:
        NotFoundError: there is no such version.
    """
    found = desk.strategies.version(name, version)
    if found is None:
        raise NotFoundError("there is no such version")
    return _view(found, _state(found, _version(name, desk)))


def draft_strategy(
    name: str, draft: StrategyDraft, *, if_match: str, by: str, desk: StrategyDesk
) -> tuple[StrategyView, str]:
    """Write a draft, and its entity tag. The same again changes nothing, and needs no `if_match`.

    `if_match` is the entity tag of the draft that it takes the place of; `*` for any; empty when there is none.

    Raises:
        NotFoundError: neither `default` nor a channel.
        RejectedError: code `invalid`: rules that nobody could use, each with its field.
        StaleError: the draft is not as `if_match` says. UnconditionalError: there is one, and nothing was said of it.
    """
    _refuse_name(name, desk)
    refuse_unusable(draft.rules)
    _refuse_unknown(draft.rules, desk)
    before = desk.strategies.draft(name)
    if before is not None and _same(before, draft, _version(name, desk)):
        return _view(before, "draft"), _etag(before)
    _check_seen(before, if_match)
    wanted = _strategy(name, _version(name, desk), draft.rules, by, draft.note, desk)
    try:
        desk.strategies.save_draft(wanted, over=tag_of(before) if before else "")
    except ConditionFailedError as error:
        raise StaleError("the draft was changed at this moment") from error
    return _view(wanted, "draft"), _etag(wanted)


def publish_strategy(name: str, *, if_match: str, by: str, desk: StrategyDesk) -> StrategyView:
    """Put the draft in force, within a minute everywhere. Its rules take the place of all that were published.

    Raises:
        NotFoundError: there is no draft.
        StaleError: the draft is not as `if_match` says. UnconditionalError: nothing was said of it.
        ConflictError: somebody published since it was drafted, or it changes at this moment.
        RejectedError: code `invalid`: rules that nobody could use, or names that nobody bears (any more).
    """
    draft = _draft(name, desk)
    _check_seen(draft, if_match)
    before = _version(name, desk)
    if draft.version != before:
        raise ConflictError(f"version {before} was published since this draft")
    refuse_unusable(draft.rules)
    _refuse_unknown(draft.rules, desk)
    made = _strategy(name, before + 1, draft.rules, by, draft.note, desk)
    desk.strategies.publish(draft, made)
    return _view(made, "published")


def drop_draft(name: str, *, desk: StrategyDesk) -> None:
    """Take the draft away; there is none then, whoever asks how often.

    Raises:
        ConflictError: it is changed at this moment.
    """
    draft = desk.strategies.draft(name)
    if draft is not None:
        desk.strategies.drop_draft(draft)


def _refuse_name(name: str, desk: StrategyDesk) -> None:
    if name != DEFAULT and name not in desk.reference.channels():
        raise NotFoundError("there is no such strategy: it is `default`, or has the name of a channel")


def _draft(name: str, desk: StrategyDesk) -> Strategy:
    draft = desk.strategies.draft(name)
    if draft is None:
        raise NotFoundError("there is no such draft")
    return draft


def _same(before: Strategy, draft: StrategyDraft, version: int) -> bool:
    return (before.rules, before.note, before.version) == (draft.rules, draft.note, version)


def _check_seen(before: Strategy | None, if_match: str) -> None:
    if before is None:
        if if_match not in ("", _ANY):
            raise StaleError("there is no draft any more")
        return
    if not if_match:
        raise UnconditionalError("say which draft you have seen: send its ETag as If-Match")
    if if_match not in (_ANY, _etag(before)):
        raise StaleError(f"the draft is now of {before.by}, {before.at}")


def _refuse_unknown(rules: Iterable[Rule], desk: StrategyDesk) -> None:
    """Names that nobody bears are mistakes: a rule that asks for them would have every order wait."""
    asked = list(rules)
    skus = {rule.scope.sku for rule in asked if rule.scope.sku is not None}
    known = _Known(
        desk.reference.channels(),
        tuple(desk.reference.locations().values()),
        desk.reference.items(sorted(skus)) if skus else {},
    )
    faults = [fault for place, rule in enumerate(asked) for fault in _unknown(f"rules.{place}", rule, known)]
    if faults:
        raise RejectedError(f"{len(faults)} name(s) are unknown", code="invalid", faults=faults)


class _Known(NamedTuple):
    """Who bears a name: channels, locations, and the items of the SKUs that are named."""

    channels: Mapping[str, object]
    locations: tuple[Location, ...]
    items: Mapping[str, object]


def _unknown(at: str, rule: Rule, known: _Known) -> list[Fault]:
    networks = {name for location in known.locations for name in location.networks}
    abilities = {name for location in known.locations for name in location.capabilities}
    suppliers = {location.supplier for location in known.locations}
    faults: list[Fault] = []
    if rule.scope.channel is not None and rule.scope.channel not in known.channels:
        faults.append(Fault(f"{at}.scope.channel", "is no channel"))
    if rule.scope.sku is not None and rule.scope.sku not in known.items:
        faults.append(Fault(f"{at}.scope.sku", "is not in the catalogue"))
    faults += [
        Fault(f"{at}.suppliers.{place}", "no location is of this supplier")
        for place, name in enumerate(rule.suppliers)
        if name not in suppliers
    ]
    faults += [
        Fault(f"{at}.filters.networks.{place}", "no location is in it")
        for place, name in enumerate(rule.filters.networks)
        if name not in networks
    ]
    faults += [
        Fault(f"{at}.filters.capabilities.{kind}", "no location has it")
        for kind, name in rule.filters.capabilities.items()
        if name not in abilities
    ]
    return faults


def _version(name: str, desk: StrategyDesk) -> int:
    found = desk.strategies.find(name)
    return found.version if found else 0


def _strategy(
    name: str, version: int, rules: tuple[Rule, ...], by: str, note: str | None, desk: StrategyDesk
) -> Strategy:
    return Strategy(name=name, version=version, rules=rules, by=by, at=to_text(desk.clock()), note=note)


def _state(strategy: Strategy, in_force: int) -> State:
    return "published" if strategy.version == in_force else "superseded"


def _view(strategy: Strategy, state: State) -> StrategyView:
    return StrategyView(state=state, **dict(strategy))


def _etag(draft: Strategy) -> str:
    return f'"{tag_of(draft)}"'
