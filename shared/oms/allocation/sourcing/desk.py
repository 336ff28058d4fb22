"""From an order and the company's locations to a case for the engine, and from its outcome to a plan."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oms.allocation.rules import Demand, SourcingPlan, Take
from oms.allocation.sourcing.days import Days
from oms.allocation.sourcing.engine import source, source_by
from oms.allocation.sourcing.filters import traits_of
from oms.allocation.sourcing.mayship import WhoMayShip, classes_among, classes_of
from oms.allocation.sourcing.model import Case, Offer, Outcome, Place, Stock, Wanted, Worth
from oms.allocation.sourcing.network import above_pct
from oms.allocation.sourcing.offers import Offers, offers_of
from oms.allocation.sourcing.strategy import Rule, Strategy, rule_for, strategy_for
from oms.orders.amounts import live_units
from oms.orders.model import Destination, Order
from oms.orders.workload.model import Load
from oms.orders.workload.rules import begins_at
from oms.reference.geography import centre_of, km_between
from oms.reference.model import Item, Location

Prices = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], int]]
_MM3_PER_G = 5_000  # 5000 cm³ weigh a kilogram: the usual dimensional weight
_zone = lru_cache(maxsize=256)(ZoneInfo)


class Planned(NamedTuple):
    """When a location was to begin with an order, and what carriers offered from there then."""

    begins: datetime
    offers: tuple[Offer, ...]


class Sourcing:
    """The collaborators, as one batch sees them: offers are asked once per location and destination.

    `own` locations ship in the first place, those of `suppliers` only for a fallback.
    `offers` and `prices` are ports: what carriers ask, and what a unit is worth to later orders where it lies, by
    (SKU, location) in minor units; `priced_by` says where those of the last answer are from, or why there are none.
    `currency` is that of all amounts, empty where carriers ask in several.
    """

    def __init__(
        self,
        *,
        locations: Mapping[str, Location],
        strategies: Mapping[str, Strategy] | None = None,
        items: Callable[[Iterable[str]], Mapping[str, Item]] = lambda _: {},
        offers: Offers = lambda _, __, ___: (),
        prices: Prices = lambda _: {},
        priced_by: Callable[[], str] = lambda: "",
        currency: Callable[[], str] = lambda: "",
        days: Days | None = None,
    ) -> None:
        self.locations = locations
        self.suppliers = {name: place for name, place in locations.items() if place.supplier}
        self.own = {name: place for name, place in locations.items() if not place.supplier}
        self.days = days or Days(locations)
        self._strategies = strategies or {}
        self._items = items
        self._offers = offers
        self._prices = prices
        self.priced_by = priced_by
        self.currency = currency
        self._catalogue: dict[str, Item | None] = {}
        self._known: dict[tuple[str, Destination, str], tuple[Offer, ...]] = {}
        self._planned: dict[tuple[str, Destination], Planned] = {}
        self._may_ship: WhoMayShip | None = None

    @property
    def substitutes(self) -> bool:
        """Whether any rule in force sends other articles."""
        return any("substitute" in rule.fallbacks for one in self._strategies.values() for rule in one.rules)

    def who_may_ship(self, at: datetime) -> WhoMayShip:
        """Who may ship whatever lies where: what promises are made from."""
        if self._may_ship is None:
            self._may_ship = WhoMayShip(self.locations, self._strategies, self._known_items, self._offers, at)
        return self._may_ship

    def learn(self, skus: Iterable[str]) -> None:
        """Look items up that are not known yet, all in one call; a SKU that is in no catalogue weighs a gram."""
        missing = sorted(set(skus) - self._catalogue.keys())
        if missing:
            found = self._items(missing)
            self._catalogue.update({sku: found.get(sku) for sku in missing})

    def item(self, sku: str) -> Item | None:
        """The SKU as the catalogue has it."""
        self.learn([sku])
        return self._catalogue[sku]

    def _known_items(self, skus: Iterable[str]) -> dict[str, Item]:
        names = list(skus)
        self.learn(names)
        return {sku: item for sku in names if (item := self._catalogue[sku]) is not None}

    def planned(self, location: str, destination: Destination) -> Planned | None:
        """What was asked last of a location for a destination; None: nothing yet."""
        return self._planned.get((location, destination))

    def plan(
        self,
        order: Order,
        demands: Sequence[Demand],
        stock: Stock,
        excluded: Collection[str],
        at: datetime,
        taken: Sequence[Take] = (),
        ships: Mapping[str, int] = {},
    ) -> tuple[SourcingPlan, Case, Outcome]:
        """The cheapest plan for some of an order's lines, what it was decided from, and why.

        `taken` is what other lines of the order take of the days of locations; `ships` the locations that ship other
        units of it, with their parcels as far as known.
        """
        case = self.case(order, demands, stock, excluded, at, taken, ships=ships)
        outcome = source(case, strategy_for(self._strategies, traits_of(case)))
        return _plan_of(outcome), case, outcome

    def decided(self, case: Case, rule: Rule) -> tuple[SourcingPlan, Outcome]:
        """The cheapest plan for a case under a rule that is known."""
        outcome = source_by(case, strategy_for(self._strategies, traits_of(case)), rule)
        return _plan_of(outcome), outcome

    def rule(self, case: Case) -> Rule:
        """The rule that speaks for a case."""
        traits = traits_of(case)
        return rule_for(strategy_for(self._strategies, traits), traits)

    def case(
        self,
        order: Order,
        demands: Sequence[Demand],
        stock: Stock,
        excluded: Collection[str],
        at: datetime,
        taken: Sequence[Take] = (),
        *,
        among: Collection[str] | None = None,
        ships: Mapping[str, int] = {},
    ) -> Case:
        """What the engine decides from. `among`: places that may ship; our own if nothing is said."""
        asked = self.own if among is None else among
        if len(asked) < len(self.locations):
            stock = {sku: {name: units for name, units in row.items() if name in asked} for sku, row in stock.items()}
        skus = {demand.sku for demand in demands}
        others = {line.sku for line in order.lines if live_units(line)} - skus
        self.learn(skus | others)
        having = {name for sku in skus for name, units in stock.get(sku, {}).items() if units > 0}
        prices = self._prices([(sku, name) for sku in sorted(skus) for name in sorted(having)])
        load = Load(1, sum(line.open > 0 for line in order.lines), sum(line.open for line in order.lines))
        places = tuple(
            self._place(location, order.destination, at, taken, load)
            for name, location in self.locations.items()
            if name in having
        )
        return Case(
            lines=tuple(_wanted(demand, self._catalogue[demand.sku]) for demand in sorted(demands)),
            country=order.destination.country,
            area=order.destination.postal_area,
            channel=order.channel,
            order_class="business" if order.account_id else "consumer",
            stock=stock,
            places=places,
            promised_on=date.fromisoformat(order.promise.latest_on) if order.promise.latest_on else None,
            worth={key: Worth(shadow=price) for key, price in prices.items() if price},
            excluded=frozenset(excluded),
            ships={**dict.fromkeys((take.location for take in taken), 0), **ships},
            others=(frozenset(others), classes_among(self._catalogue.get(sku) for sku in others)),
        )

    def _place(
        self, location: Location, destination: Destination, at: datetime, taken: Sequence[Take], load: Load
    ) -> Place:
        there = centre_of(destination.country, destination.postal_area)
        capacity, used, on, later = self.days.room(location.id, load)
        begins = begins_at(location, on, at) if on is not None and later else at
        key = (location.id, destination, on or "")
        if key not in self._known:
            self._known[key] = offers_of(self._offers(location, destination, begins))
        self._planned[location.id, destination] = Planned(begins, self._known[key])
        if any(capacity):
            own = [take.quantity for take in taken if take.location == location.id]
            used = used.plus(Load(lines=len(own), units=sum(own)))
        return Place(
            name=location.id,
            country=location.country,
            km=km_between(location, there),
            networks=location.networks,
            capabilities=location.capabilities,
            blocked=location.blocked,
            open=is_open(location, at) and not later,
            capacity=capacity,
            used=used,
            on_time_bp=location.on_time_bp,
            handling_minor=location.handling_minor,
            offers=self._known[key],
            on=on,
            later=later,
        )


def _plan_of(outcome: Outcome) -> SourcingPlan:
    takes = tuple(Take(part.number, part.sku, part.location, part.units) for part in outcome.parts)
    return SourcingPlan(takes, outcome.waiting, _said(outcome))


def is_open(location: Location, at: datetime) -> bool:
    """Whether what is ordered now is still worked on today, in the location's own time."""
    local = at.astimezone(_zone(location.time_zone))
    works = local.weekday() in location.working_days and local.date().isoformat() not in location.holidays
    return works and local.time() <= location.cutoff


def _wanted(demand: Demand, item: Item | None) -> Wanted:
    if item is None:
        return Wanted(demand.number, demand.sku, demand.quantity)
    bulk = item.length_mm * item.width_mm * item.height_mm // _MM3_PER_G
    grams = max(item.weight_g, bulk)
    return Wanted(demand.number, demand.sku, demand.quantity, grams, classes_of(item))


def _said(outcome: Outcome) -> str:
    """How the plan was found, in a few words."""
    if not outcome.parts:
        return "nothing in stock" if outcome.waiting else "nothing to take"
    proof = "cheapest"
    if outcome.cost > outcome.bound:
        above = above_pct(outcome.cost, outcome.bound)
        proof = f"not proven, at most {above} % above the cheapest" if above else "not proven to be the cheapest,"
    relaxed = f", without {' and '.join(outcome.relaxed)}" if outcome.relaxed else ""
    return f"{proof} by {outcome.strategy} {outcome.version}, {outcome.rule}{relaxed}"
