"""Policies: per channel, which check runs with which parameters, and what happens when it finds something. Data.

`default` is for all channels; a channel's own policy says only what is different there. What neither names runs as the
check itself proposes. A published policy decides; a draft beside it is only asked what it would have done.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from oms.kernel.errors import Fault, RejectedError, words_of
from oms.kernel.plugins import find_plugin, plugin_names
from oms.orders.holding import REASONS
from oms.reference.model import Edition
from oms.validation.check import Check, Mode, Params

DEFAULT = "default"
_PACKAGE = "oms.validation.checks"
PolicyName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]


class Rule(BaseModel):
    """How one check runs. What is left out stays as it is: with the default policy, or with the check itself.

    `reason` is the code of the hold that it puts; `params` are the check's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    mode: Mode | None = None
    reason: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    params: Annotated[Mapping[str, JsonValue], Field(max_length=40)] = {}


class Policy(Edition):
    """What orders are checked for, from some edition on."""

    rules: Mapping[str, Rule]


class Set(NamedTuple):
    """One check, ready to run."""

    name: str
    check: Check
    mode: Mode
    reason: str
    params: Params

    @property
    def said(self) -> tuple[str, str, str]:
        """What makes two of them the same: by value, since parameters hold mappings."""
        return self.mode, self.reason, self.params.model_dump_json()


class Compiled(NamedTuple):
    """What a channel's orders go through: `decides`, and beside it those that a draft would run differently."""

    decides: tuple[Set, ...]
    drafts: tuple[Set, ...]


@cache
def all_checks() -> Mapping[str, Check]:
    """Every plug-in, in the order in which they run."""
    found = {name: find_plugin(_PACKAGE, name) for name in plugin_names(_PACKAGE)}
    checks: dict[str, Check] = {name: check for name, check in found.items() if check is not None}
    return dict(sorted(checks.items(), key=lambda entry: (entry[1].rank, entry[0])))


def compiled(layers: Iterable[Mapping[str, Rule]], drafts: Iterable[Mapping[str, Rule]] | None) -> Compiled:
    """The rules of the layers laid over each other, the most general first.

    Args:
        layers: what is published.
        drafts: the same with the drafts in place of what is published; None: there is no draft.
    """
    decides = _resolved(tuple(layers))
    if drafts is None:
        return Compiled(tuple(one for one in decides if one.mode != "off"), ())
    published = {one.name: one.said for one in decides}
    beside = [one for one in _resolved(tuple(drafts)) if one.mode != "off" and one.said != published[one.name]]
    return Compiled(tuple(one for one in decides if one.mode != "off"), tuple(beside))


def _resolved(layers: tuple[Mapping[str, Rule], ...]) -> list[Set]:
    return [_laid_over(name, check, [layer[name] for layer in layers if name in layer]) for name, check in _each()]


def _each() -> Iterable[tuple[str, Check]]:
    return all_checks().items()


def _laid_over(name: str, check: Check, rules: list[Rule]) -> Set:
    mode, reason = check.mode, check.reason
    params: dict[str, JsonValue] = {}
    for rule in rules:
        mode, reason = rule.mode or mode, rule.reason or reason
        params |= rule.params
    chosen = check.params.model_validate_json(_json(params)) if params else check.params.model_construct()
    return Set(name, check, mode, reason, chosen)


def _json(params: Mapping[str, JsonValue]) -> bytes:
    from oms.kernel.json import write_json  # noqa: PLC0415  once per policy and minute

    return write_json(dict(params)).encode()


def refuse_unusable(rules: Mapping[str, Rule]) -> None:
    """Let the rules of a policy pass, or name all that no check would understand.

    Raises:
        RejectedError: code `invalid`.
    """
    faults: list[Fault] = []
    for name, rule in rules.items():
        check = all_checks().get(name)
        if check is None:
            faults.append(Fault(f"rules.{name}", f"is not a check; there are {', '.join(all_checks())}"))
            continue
        if rule.reason is not None and rule.reason not in REASONS:
            faults.append(Fault(f"rules.{name}.reason", f"is not a reason to hold; there are {', '.join(REASONS)}"))
        try:
            check.params.model_validate_json(_json(rule.params))
        except ValidationError as error:
            for row in error.errors(include_url=False, include_input=False, include_context=False):
                path = ".".join(("rules", name, "params", *map(str, row["loc"])))
                faults.append(Fault(path, words_of(row["msg"])))
    if faults:
        raise RejectedError(f"{len(faults)} rule(s) cannot be used", code="invalid", faults=faults)
