"""Sourcing strategies: versioned data that says who may ship an order, how it may be split, and what is dear. Pure.

`default` is for all orders; a channel's own strategy decides where a rule of it fits.
A strategy is a set of rules; the most specific one that fits decides alone. What counts is compared in this order, the
first difference decides (after IBM Sterling's key: seller, sourcing class, item, item class, region): the channel, the
order's class (`business` or `consumer`), a SKU, an item class (`hazmat`, `age_restricted`), the destination (`DE-10`
before `DE-1` before `DE`). A rule that names SKUs or an item class speaks for every order that has such a line.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from oms.kernel.errors import Fault, RejectedError
from oms.kernel.text import clean
from oms.reference.model import Edition

DEFAULT = "default"
StrategyName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]
Constraint = Literal["network", "country", "distance", "capability", "hours", "capacity", "carrier", "promise"]
Fallback = Literal["backorder", "preorder", "drop_ship", "transfer", "substitute", "customer_care", "cancel_by_date"]
Percent = Annotated[int, Field(ge=0, le=1_000)]
Minor = Annotated[int, Field(ge=0, le=100_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Scope(_Data):
    """Which orders a rule is for; what is left out may be anything."""

    channel: Text | None = None
    order_class: Literal["business", "consumer"] | None = None
    sku: Text | None = None
    item_class: Literal["hazmat", "age_restricted"] | None = None
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[0-9A-Z ]{1,8})?$")] | None = None

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int]:
        """The greater, the more specific."""
        return (
            self.channel is not None,
            self.order_class is not None,
            self.sku is not None,
            self.item_class is not None,
            len(self.region or ""),
        )

    @property
    def told(self) -> str:
        """Which of an order's lines make it speak for the order; empty: none, it speaks for orders as such."""
        lines = [f"SKU {self.sku}"] if self.sku is not None else []
        return " and ".join(lines + ([f"class {self.item_class}"] if self.item_class is not None else []))


class Filters(_Data):
    """Who may ship. Empty, or None: anybody. `capabilities` are those the location needs for lines of an item class."""

    networks: Annotated[tuple[Text, ...], Field(strict=False, max_length=20)] = ()
    countries: Annotated[
        tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...], Field(strict=False, max_length=60)
    ] = ()
    max_km: Annotated[int, Field(ge=1, le=20_100)] | None = None
    capabilities: Annotated[dict[Literal["hazmat", "age_restricted"], Text], Field(max_length=10)] = {}


class Split(_Data):
    """How an order may be split.

    `by_quantity` splits a line where no location has all of it; `ship_complete` ships all units or none. The limits
    are those of the whole order: what ships from where already counts for units that come later.
    """

    mode: Literal["none", "whole_lines", "by_quantity"] = "by_quantity"
    max_locations: Annotated[int, Field(ge=1, le=50)] | None = None
    max_parcels: Annotated[int, Field(ge=1, le=1_000)] | None = None
    keep_groups: bool = True
    ship_complete: bool = False

    @property
    def told(self) -> str:
        """What it forbids, in words; empty: nothing."""
        said = {"none": "the order is not split", "whole_lines": "lines are not split"}
        words = [said[self.mode]] if self.mode in said else []
        words += [f"from {self.max_locations} location(s) at the most"] if self.max_locations else []
        words += [f"in {self.max_parcels} parcel(s) at the most"] if self.max_parcels else []
        words += ["all units or none"] if self.ship_complete else []
        return ", ".join(words)

    @property
    def most_locations(self) -> int | None:
        """How many locations may ship an order, from its first unit to its last."""
        return 1 if self.mode == "none" else self.max_locations


class Weights(_Data):
    """What is dear. Per cent scale what is known in money; the rest is money (minor units of the settling currency)."""

    shipping_pct: Percent = 100
    handling_pct: Percent = 100
    shadow_pct: Percent = 100
    risk_pct: Percent = 100
    markdown_pct: Percent = 100
    split_minor: Minor = 200
    late_day_minor: Minor = 300
    late_max_minor: Minor = 3_000
    capacity_minor: Minor = 500
    capacity_from_pct: Annotated[int, Field(ge=0, le=99)] = 80
    unreliable_minor: Minor = 300
    km_1000_minor: Minor = 1
    wait_minor: Minor = 1_000_000


class Rule(_Data):
    """What holds for the orders of a scope. `soft` constraints are dropped in this order while units would wait.

    `fallbacks` are tried in this order for units that nobody may ship; `suppliers` may be asked to drop-ship, all if
    none is named. What waits under `cancel_by_date` is cancelled after so many days.
    """

    name: StrategyName
    scope: Scope = Scope()
    filters: Filters = Filters()
    hard: Annotated[tuple[Constraint, ...], Field(strict=False, max_length=8)] = ()
    soft: Annotated[tuple[Constraint, ...], Field(strict=False, max_length=8)] = ("capacity", "carrier")
    split: Split = Split()
    weights: Weights = Weights()
    fallbacks: Annotated[tuple[Fallback, ...], Field(strict=False, max_length=7)] = ("backorder",)
    suppliers: Annotated[tuple[Text, ...], Field(strict=False, max_length=20)] = ()
    cancel_after_days: Annotated[int, Field(ge=1, le=365)] | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({*self.hard, *self.soft}) < len(self.hard) + len(self.soft):
            raise ValueError("soft: a constraint is named twice")
        return self


class Strategy(Edition):
    """Who may ship and what is dear, from some edition on."""

    rules: tuple[Rule, ...]


BUILT_IN = Strategy(name=DEFAULT, version=0, rules=(Rule(name="everything"),), by="system", at="")


class Traits(NamedTuple):
    """What a scope is held against."""

    channel: str
    order_class: str
    skus: Collection[str]
    item_classes: Collection[str]
    region: str


def rule_for(strategy: Strategy, traits: Traits) -> Rule:
    """The most specific rule that fits; the built-in one when none does."""
    return _most_specific(strategy, traits) or BUILT_IN.rules[0]


def strategy_for(strategies: Mapping[str, Strategy], traits: Traits) -> Strategy:
    """What speaks for an order: the strategy of its channel if a rule of it fits, else `default`, else the built-in."""
    published = [strategies[name] for name in (traits.channel, DEFAULT) if name in strategies]
    return next((one for one in published if _most_specific(one, traits)), BUILT_IN)


def _most_specific(strategy: Strategy, traits: Traits) -> Rule | None:
    fitting = [rule for rule in strategy.rules if _fits(rule.scope, traits)]
    return max(fitting, key=lambda rule: rule.scope.rank, default=None)


def _fits(scope: Scope, traits: Traits) -> bool:
    return (
        scope.channel in (None, traits.channel)
        and scope.order_class in (None, traits.order_class)
        and (scope.sku is None or scope.sku in traits.skus)
        and (scope.item_class is None or scope.item_class in traits.item_classes)
        and (scope.region is None or traits.region.startswith(scope.region))
    )


FILTERS: Mapping[str, Constraint] = {
    "networks": "network", "countries": "country", "max_km": "distance", "capabilities": "capability"
}  # fmt: skip


def refuse_unusable(rules: Iterable[Rule]) -> None:
    """Let the rules pass, or name those between which nobody could choose, and what in them would say nothing.

    Raises:
        RejectedError: code `invalid`: two rules of one name or scope; a filter that no constraint applies; a split
            over several locations that is none.
    """
    faults: list[Fault] = []
    names: set[str] = set()
    scopes: set[Scope] = set()
    for place, rule in enumerate(rules):
        if rule.name in names:
            faults.append(Fault(f"rules.{place}.name", "is the name of another rule"))
        if rule.scope in scopes:
            faults.append(Fault(f"rules.{place}.scope", "is the scope of another rule"))
        faults += _vain(f"rules.{place}", rule)
        names.add(rule.name)
        scopes.add(rule.scope)
    if faults:
        raise RejectedError(f"{len(faults)} rule(s) cannot be used", code="invalid", faults=faults)


def _vain(at: str, rule: Rule) -> Iterable[Fault]:
    """What a rule says to no effect."""
    for name, constraint in FILTERS.items():
        if getattr(rule.filters, name) and constraint not in (*rule.hard, *rule.soft):
            yield Fault(f"{at}.filters.{name}", f"holds for nobody: name `{constraint}` in hard or in soft")
    if rule.split.mode == "none" and (rule.split.max_locations or 1) > 1:
        yield Fault(f"{at}.split.max_locations", "is 1 where mode is none: leave it out, or choose another mode")
