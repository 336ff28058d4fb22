"""Who may ship an order, whatever lies where at the moment: sourcing's own filters, asked ahead. Pure.

The filters are those that an order meets when it is sourced (`filters.py`), asked of a case in which every place has
everything. Left out is what is of the day alone: working hours and capacity are there again tomorrow, and a promise is
what is to be made. Carriers that are asked for softly are left to who reckons the delivery window.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from oms.allocation.sourcing.filters import candidates, traits_of
from oms.allocation.sourcing.model import Case, Place, Wanted
from oms.allocation.sourcing.offers import Offers, offers_of
from oms.allocation.sourcing.strategy import FILTERS, Constraint, Rule, Strategy, rule_for, strategy_for
from oms.orders.mayship import ANYBODY, MayShip, ToShip
from oms.orders.model import Destination
from oms.reference.geography import centre_of, km_between
from oms.reference.model import Item, Location

OF_THE_DAY: frozenset[Constraint] = frozenset({"hours", "capacity", "promise"})


class WhoMayShip:
    """The strategies in force with our locations; the answer for orders that are alike is found once."""

    def __init__(
        self,
        locations: Mapping[str, Location],
        strategies: Mapping[str, Strategy],
        items: Callable[[Iterable[str]], Mapping[str, Item]],
        offers: Offers,
        at: datetime,
    ) -> None:
        self._own = {name: place for name, place in locations.items() if not place.supplier}
        self._strategies = strategies
        self._items = items
        self._offers = offers
        self._at = at
        self._found: dict[ToShip, MayShip] = {}
        rules = [rule for one in strategies.values() for rule in one.rules]
        self.restricts = any(place.blocked for place in self._own.values()) or any(map(_restricts, rules))

    def __call__(self, order: ToShip) -> MayShip:
        if not self.restricts:
            return ANYBODY
        if order not in self._found:
            self._found[order] = self._asked(order)
        return self._found[order]

    def _asked(self, order: ToShip) -> MayShip:
        items = self._items(order.skus | order.others)
        lines = tuple(
            Wanted(number, sku, 1, classes=classes_of(items.get(sku))) for number, sku in enumerate(sorted(order.skus))
        )
        bare = Case(
            lines=lines,
            country=order.destination.country,
            area=order.destination.postal_area,
            channel=order.channel,
            order_class="business" if order.on_account else "consumer",
            stock={sku: dict.fromkeys(self._own, 1) for sku in order.skus},
            places=(),
            others=(order.others, classes_among(items.get(sku) for sku in order.others)),
        )
        traits = traits_of(bare)
        rule = rule_for(strategy_for(self._strategies, traits), traits)
        places = self._places(order.destination, with_carriers="carrier" in rule.hard)
        return _kept_to(order, may_ship(replace(bare, places=places), rule))

    def _places(self, destination: Destination, *, with_carriers: bool) -> tuple[Place, ...]:
        there = centre_of(destination.country, destination.postal_area)
        return tuple(
            Place(
                name=name,
                country=location.country,
                km=km_between(location, there),
                networks=location.networks,
                capabilities=location.capabilities,
                blocked=location.blocked,
                offers=offers_of(self._offers(location, destination, self._at)) if with_carriers else (),
            )
            for name, location in self._own.items()
        )


def may_ship(case: Case, rule: Rule) -> MayShip:
    """Who may ship the lines of a case under a rule, as its soft constraints are dropped one after the other."""
    always: frozenset[Constraint] = OF_THE_DAY | {"carrier"} if "carrier" in rule.soft else OF_THE_DAY
    soft = [name for name in rule.soft if name not in always]
    tiers: list[Mapping[str, frozenset[str]]] = []
    for count in range(len(soft) + 1):
        tier = _tier(case, rule, {*always, *soft[:count]})
        if not tiers or tier != tiers[-1]:
            tiers.append(tier)
    everybody = frozenset(place.name for place in case.places)
    bare = all(names == everybody for names in tiers[0].values())
    return MayShip(() if bare else tuple(tiers), rule.split.most_locations)


def _kept_to(order: ToShip, may: MayShip) -> MayShip:
    """What is left of it for an order of which only the locations that ship some of it may ship the rest."""
    if not order.kept_to:
        return may
    tiers = may.tiers or (dict.fromkeys(order.skus, order.kept_to),)
    return MayShip(tuple({sku: names & order.kept_to for sku, names in tier.items()} for tier in tiers), may.most)


def classes_of(item: Item | None) -> frozenset[str]:
    """The item classes that a rule may be for, or ask a capability for."""
    if item is None:
        return frozenset()
    classes = {"hazmat"} if item.hazmat else set()
    return frozenset(classes | ({"age_restricted"} if item.min_age else set()))


def classes_among(items: Iterable[Item | None]) -> frozenset[str]:
    """Those of several items."""
    return frozenset(name for item in items for name in classes_of(item))


def _tier(case: Case, rule: Rule, dropped: Collection[str]) -> Mapping[str, frozenset[str]]:
    found = candidates(case, rule, dropped)
    return {
        line.sku: frozenset(place.name for place in found.places if line.number not in found.barred[place.name])
        for line in case.lines
    }


def _restricts(rule: Rule) -> bool:
    limited = "carrier" in rule.hard or rule.split.most_locations is not None
    return limited or any(getattr(rule.filters, name) for name in FILTERS)
