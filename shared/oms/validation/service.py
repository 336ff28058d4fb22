"""Check an order against what is known, as the policy of its channel wants it."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from oms.aws.tables import Write
from oms.kernel.errors import Fault
from oms.kernel.json import write_json
from oms.orders.holding import HoldSpec
from oms.orders.model import CheckFinding, Order
from oms.orders.shapes import PostalPlace
from oms.reference.model import Channel
from oms.reference.store import ReferenceStore
from oms.validation.check import Facts, Score
from oms.validation.edits import as_edited, grown_lines, new_faults
from oms.validation.model import OrderToCheck
from oms.validation.policy import DEFAULT, Compiled, Policy, Set, compiled
from oms.validation.rules import buyer_text, refuse_if_any, units_short
from oms.validation.store import GuardStore

_log = logging.getLogger("baton.validation")
_TOLD = 3  # faults of one check that stay with the order; a thousand lines can have a thousand
_LONGEST_NOTE = 200
_SILENT = "the outside scorer did not answer in time"


class Verdict(NamedTuple):
    """What the checks say of an order that they do not refuse; see `oms.intake.ports`."""

    holds: tuple[HoldSpec, ...] = ()
    findings: tuple[CheckFinding, ...] = ()
    writes: tuple[Write, ...] = ()


class Scorer(Protocol):
    """An outside opinion on the risk. Gets no personal data; None: no answer in time, or none that can be read."""

    def __call__(self, order: OrderToCheck, buyer: str, *, url: str, timeout_ms: int) -> Score | None: ...


class Checks:
    """The checks of an order at intake. Policies and items are kept for a minute or more: they cost no call."""

    def __init__(
        self,
        *,
        reference: ReferenceStore,
        served_countries: Callable[[], Collection[str]],
        guards: GuardStore,
        fingerprint: Callable[[str], str],
        scorer: Scorer | None = None,
    ) -> None:
        self._reference = reference
        self._served_countries = served_countries
        self._guards = guards
        self._fingerprint = fingerprint
        self._scorer = scorer
        self._compiled: dict[str, tuple[Mapping[str, Policy], Mapping[str, Policy], Compiled]] = {}

    def check(self, order: OrderToCheck, *, channel: Channel, at: datetime, tripped: Collection[str] = ()) -> Verdict:
        """Let the order pass, with what it must wait for, or name all that is wrong with it.

        Raises:
            RejectedError: the code of the first check that refuses, with the faults of all that do.
        """
        policy = self._policy(channel.name)
        facts = self._facts(order, channel, at, tripped, policy)
        refused: dict[str, Sequence[Fault]] = {}
        holds: list[HoldSpec] = []
        findings: list[CheckFinding] = []
        for one in policy.decides:
            faults = one.check.run(order, facts, one.params)
            if faults:
                _sort(one, faults, refused, holds, findings)
        findings += self._beside(order, facts, policy.drafts)
        refuse_if_any(refused)
        if facts.unanswered:
            findings.append(CheckFinding(check="outside_score", effect="inform", message=_SILENT))
        return Verdict(tuple(holds), tuple(findings), tuple(self._guard_writes(order, facts, policy.decides)))

    def recheck(self, before: Order, after: Order, *, place: PostalPlace | None, at: datetime) -> Verdict:
        """Let an edit of an order pass, with what the order must wait for then. `place`: the address, if it is new.

        Costs no call beyond items that nobody asked for lately. Guards and the outside scorer are about the order as
        it was placed. What a draft would have done is a finding, and nothing else.

        Raises:
            RejectedError: see `check`.
        """
        channel = self._reference.channels().get(after.channel)
        was, new = as_edited(before), as_edited(after, place)
        if channel is None or not new.lines:
            return Verdict()
        items = self._reference.items(line.sku for line in (*was.lines, *new.lines))
        facts = Facts(channel=channel, at=at, items=items, served=self._served_countries())
        grown = grown_lines(before, after)
        refused: dict[str, Sequence[Fault]] = {}
        holds: list[HoldSpec] = []
        findings: list[CheckFinding] = []
        policy = self._policy(channel.name)
        for one in policy.decides:
            faults = new_faults(one.check, one.params, facts, (was, new), grown, moved=place is not None)
            if faults:
                _sort(one, faults, refused, holds, findings)
        for one in policy.drafts:
            faults = new_faults(one.check, one.params, facts, (was, new), grown, moved=place is not None)
            if faults:
                findings += told(one, f"draft_{one.mode}", faults)
        refuse_if_any(refused)
        return Verdict(tuple(holds), tuple(findings))

    def short(self, wanted: Mapping[str, int], stock: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """Units that nobody has now. No reason to refuse: the order is taken and will wait for them."""
        return units_short(wanted, stock)

    def _policy(self, channel: str) -> Compiled:
        published = self._reference.settings("POLICY", Policy)
        drafts = self._reference.settings("POLICY_DRAFT", Policy)
        kept = self._compiled.get(channel)
        if kept is not None and kept[0] is published and kept[1] is drafts:
            return kept[2]
        names = (DEFAULT, channel)
        layers = [published[name].rules for name in names if name in published]
        instead = [(drafts.get(name) or published[name]).rules for name in names if name in drafts or name in published]
        fresh = compiled(layers, instead if any(name in drafts for name in names) else None)
        self._compiled[channel] = (published, drafts, fresh)
        return fresh

    def _facts(
        self, order: OrderToCheck, channel: Channel, at: datetime, tripped: Collection[str], policy: Compiled
    ) -> Facts:
        buyer = self._fingerprint(buyer_text(order.customer, order.ship_to))
        score, unanswered = None, False
        asking = next((one for one in policy.decides if one.check.asks_scorer), None)
        if asking is not None and self._scorer is not None:
            wanted = asking.params.model_dump()
            score = self._scorer(order, buyer, url=wanted["url"], timeout_ms=wanted["timeout_ms"])
            unanswered = score is None
        return Facts(
            channel=channel,
            at=at,
            items=self._reference.items(line.sku for line in order.lines),
            served=self._served_countries(),
            buyer=buyer,
            fingerprint=self._fingerprint,
            tripped=tripped,
            score=score,
            unanswered=unanswered,
        )

    def _guard_writes(self, order: OrderToCheck, facts: Facts, decides: Iterable[Set]) -> Iterable[Write]:
        for one in decides:
            if one.check.guards is not None:
                for guard in one.check.guards(order, facts, one.params):
                    if guard.label not in facts.tripped:
                        yield self._guards.write(guard, facts.at)

    def _beside(self, order: OrderToCheck, facts: Facts, drafts: Iterable[Set]) -> list[CheckFinding]:
        """What the drafts would have done: kept with the order and counted in the log, and nothing else."""
        findings: list[CheckFinding] = []
        for one in drafts:
            faults = one.check.run(order, facts, one.params)
            if faults:
                findings += told(one, f"draft_{one.mode}", faults)
                row = {"message": "draft finding", "channel": order.channel, "check": one.name, "would": one.mode}
                _log.info(write_json(row))
        return findings


def _sort(
    one: Set,
    faults: Sequence[Fault],
    refused: dict[str, Sequence[Fault]],
    holds: list[HoldSpec],
    findings: list[CheckFinding],
) -> None:
    """Do with the faults what the policy wants done with them."""
    if one.mode == "reject":
        refused[one.check.code] = faults
        return
    findings += told(one, one.mode, faults)
    if one.mode == "hold":
        holds.append(HoldSpec(one.reason, _note(faults)))


def told(one: Set, effect: str, faults: Sequence[Fault]) -> list[CheckFinding]:
    """The findings as they stay with the order: the first few, and how many more."""
    rows = [CheckFinding(check=one.name, effect=effect, message=fault.message, field=fault.field) for fault in faults]
    if len(rows) > _TOLD:
        more = CheckFinding(check=one.name, effect=effect, message=f"and {len(rows) - _TOLD} more")
        return [*rows[:_TOLD], more]
    return rows


def _note(faults: Sequence[Fault]) -> str:
    words = "; ".join(f"{fault.field} {fault.message}" for fault in faults[:_TOLD])
    more = f" and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
    return (words + more)[:_LONGEST_NOTE]
