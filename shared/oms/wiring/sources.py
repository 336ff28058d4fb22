"""How orders find their place to ship from: strategies, decisions, the prices of stock."""

from functools import cached_property
from typing import TYPE_CHECKING

from oms.wiring.goods import Goods

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from oms.allocation.decisions.store import DecisionStore
    from oms.allocation.fairness.service import FairnessDesk
    from oms.allocation.limits.service import LimitsDesk
    from oms.allocation.prices.book import PriceBook
    from oms.allocation.prices.counting import CountingDesk
    from oms.allocation.prices.model import Lane
    from oms.allocation.prices.past import PastPrices
    from oms.allocation.prices.service import PricingDesk
    from oms.allocation.prices.store import PriceStore
    from oms.allocation.serving import ServingDesk
    from oms.allocation.sourcing.days import Counters
    from oms.allocation.sourcing.desk import Sourcing
    from oms.allocation.sourcing.mayship import WhoMayShip
    from oms.allocation.sourcing.strategy import Strategy
    from oms.allocation.strategies.service import StrategyDesk
    from oms.allocation.whatif.service import WhatIfDesk, WhatIfWorks
    from oms.inventory.reservations.service import ReservationDesk
    from oms.inventory.supply.availability import AvailabilityDesk
    from oms.inventory.supply.drawing import Ahead
    from oms.inventory.waiting.door.store import DoorStore
    from oms.inventory.waiting.policies.service import WaitingPolicyDesk
    from oms.inventory.waiting.promising import WaitingDesk
    from oms.orders.mayship import MayShip, MayShipPort, ToShip
    from oms.orders.model import Destination
    from oms.reference.model import Location
    from oms.shipping.freight import FreightOffer


class Sources(Goods):
    """What decides where goods come from."""

    @cached_property
    def decisions(self) -> "DecisionStore":
        """Why orders ship from where they do."""
        from oms.allocation.decisions.store import DecisionStore

        return DecisionStore(self.setting("ORDERS_TABLE"))

    @cached_property
    def availability_desk(self) -> "AvailabilityDesk":
        """For those who ask what can be promised, and when."""
        from oms.inventory.supply.availability import AvailabilityDesk
        from oms.orders.unsourced import Unsourced

        return AvailabilityDesk(
            stock=self.stock,
            supplies=self.supplies,
            locations=self.reference.locations,
            channels=self.reference.channels,
            terms=self.supply_terms,
            safety=self.channel_safety,
            unsourced=Unsourced(self.orders, self.clock).units,
            promise=self.promise,
            known=lambda skus: self.reference.items(skus),  # noqa: PLW0108  who only releases has no such table
            heads=self.waiting_lines.heads,
            lasting=self.offer.lasting,
            may_ship=self.who_may_ship,
            ahead=self.ahead,
            clock=self.clock,
        )

    def who_may_ship(self) -> "WhoMayShip":
        """Who may ship whatever lies where. Made anew for each use: what is published is seen within a minute."""
        from oms.allocation.sourcing.mayship import WhoMayShip

        places, strategies = self.reference.locations(), self._strategies()
        return WhoMayShip(places, strategies, self.reference.items, self._freight, self.clock())

    def may_ship(self, order: "ToShip") -> "MayShip":
        """Who may ship an order (port of intake and amending)."""
        return self.who_may_ship()(order)

    @cached_property
    def reservation_desk(self) -> "ReservationDesk":
        """For those who keep units for carts and orders."""
        from oms.inventory.reservations.service import ReservationDesk
        from oms.reference.model import bundles_among

        return ReservationDesk(
            store=self.reservations,
            stock=self.stock,
            terms_of=self.reservation_terms,
            nearest=self.nearest,
            foreign=self.suppliers_places,
            may_ship=self.may_ship,
            bundles=lambda skus: bundles_among(self.reference.items(skus)),
            known=lambda skus: self.reference.items(skus),  # noqa: PLW0108  who only releases has no such table
            clock=self.clock,
        )

    def ahead(self, skus: "Iterable[str]", may_ship: "MayShipPort") -> "dict[str, list[Ahead]]":
        """Who is served before one who comes (port of availability)."""
        from oms.allocation.inline import ahead_of

        return ahead_of(skus, may_ship, lines=self.waiting_lines, orders=self.orders)

    @cached_property
    def waiting_desk(self) -> "WaitingDesk":
        """For those who let orders wait, and serve them."""
        from oms.inventory.waiting.promising import WaitingDesk

        return WaitingDesk(self.waiting_lines, self.availability_desk, self.transfers, self.doors)

    @cached_property
    def doors(self) -> "DoorStore":
        """Orders that may not wait yet."""
        from oms.inventory.waiting.door.store import DoorStore

        return DoorStore(self.setting("INVENTORY_TABLE"))

    @cached_property
    def waiting_policy_desk(self) -> "WaitingPolicyDesk":
        """Who may wait for an item."""
        from oms.inventory.waiting.policies.service import WaitingPolicyDesk
        from oms.inventory.waiting.policies.store import WaitingPolicyStore

        policies = WaitingPolicyStore(self.setting("REFERENCE_TABLE"))
        return WaitingPolicyDesk(policies, self.waiting_lines, self.reference, self.clock)

    @cached_property
    def limits_desk(self) -> "LimitsDesk":
        """How much work locations take a day."""
        from oms.allocation.limits.service import LimitsDesk
        from oms.allocation.limits.store import limits_store

        limits = limits_store(self.setting("REFERENCE_TABLE"))
        return LimitsDesk(limits, self.workload, self.reference, self.clock)

    @cached_property
    def fairness_desk(self) -> "FairnessDesk":
        """Who is served first of what is scarce."""
        from oms.allocation.fairness.service import FairnessDesk
        from oms.allocation.fairness.store import fairness_store

        return FairnessDesk(fairness_store(self.setting("REFERENCE_TABLE")), self.reference, self.clock)

    @cached_property
    def strategy_desk(self) -> "StrategyDesk":
        """For those who say who ships and what is dear."""
        from oms.allocation.strategies.service import StrategyDesk
        from oms.allocation.strategies.store import strategy_store

        return StrategyDesk(strategy_store(self.setting("REFERENCE_TABLE")), self.reference, self.clock)

    @cached_property
    def serving_desk(self) -> "ServingDesk":
        """For those who serve the lines of waiting orders."""
        from oms.allocation.serving import ServingDesk

        return ServingDesk(
            orders=self.orders,
            stock=self.stock,
            reservations=self.reservations,
            sourcing=self.sourcing,
            fairness=self.reference.fairness,
            waiting=self.waiting_desk,
            clock=self.clock,
        )

    @cached_property
    def what_ifs(self) -> "WhatIfDesk":
        """For those who ask what would have been."""
        from oms.allocation.whatif.service import WhatIfDesk
        from oms.allocation.whatif.store import WhatIfFiles, WhatIfStore
        from oms.aws.queues import Queue

        return WhatIfDesk(
            jobs=WhatIfStore(self.setting("JOBS_TABLE")),
            files=WhatIfFiles(self.setting("FILES_BUCKET")),
            strategies=self.strategy_desk.strategies,
            send=Queue(self.setting("WHAT_IF_QUEUE_URL")).send,
            clock=self.clock,
        )

    @cached_property
    def what_if_works(self) -> "WhatIfWorks":
        """For those who find it out."""
        from oms.allocation.whatif.service import WhatIfWorks
        from oms.allocation.whatif.walking import Sources as PastSources

        sources = PastSources(
            orders=self.orders,
            stock=self.stock,
            decisions=self.decisions,
            channels=self.reference.channels,
            strategies=self._strategies,
            items=self.reference.items,
            sourcing=self._past_sourcing,
            clock=self.clock,
        )
        return WhatIfWorks(self.what_ifs, sources, self._cards_currency)

    @cached_property
    def _past_prices(self) -> "PastPrices":
        from oms.allocation.prices.past import PastPrices

        return PastPrices(self.prices)

    def _past_sourcing(self, strategies: "Mapping[str, Strategy]", prices: str, workload: "Counters") -> "Sourcing":
        """Sourcing under other strategies, by the prices of a record and the days of a course (port of what-ifs)."""
        from oms.allocation.sourcing.days import Days
        from oms.allocation.sourcing.desk import Sourcing

        return Sourcing(
            locations=self.reference.locations(),
            strategies=strategies,
            items=self.reference.items,
            offers=self._freight,
            prices=lambda keys: self._past_prices.of(prices, keys) if prices else {},
            days=Days(self.reference.locations(), workload),
        )

    def _strategies(self) -> "Mapping[str, Strategy]":
        """What is in force."""
        from oms.allocation.sourcing.strategy import Strategy
        from oms.allocation.strategies.store import KIND

        return self.reference.settings(KIND, Strategy)

    def sourcing(self) -> "Sourcing":
        """Made anew for each batch: locations, cards and strategies are refreshed every minute."""
        from oms.allocation.sourcing.days import Days
        from oms.allocation.sourcing.desk import Sourcing

        return Sourcing(
            locations=self.reference.locations(),
            strategies=self._strategies(),
            items=self.reference.items,
            offers=self._freight,
            prices=self.stock_prices,
            priced_by=self.stock_prices.priced_by,
            currency=self._cards_currency,
            days=Days(self.reference.locations(), self.workload),
        )

    def _cards_currency(self) -> str:
        """The one currency in which carriers ask; empty: none, or several."""
        found = {card.currency for card in self.rate_cards().values()}
        return found.pop() if len(found) == 1 else ""

    def _freight(self, location: "Location", destination: "Destination", at: "datetime") -> "tuple[FreightOffer, ...]":
        """What carriers ask from a location (port of sourcing)."""
        from oms.shipping.freight import freight_offers
        from oms.shipping.model import Lane

        lane = Lane(destination.country, destination.postal_area)
        return freight_offers(self.rate_cards().values(), location, lane, at)

    @cached_property
    def prices(self) -> "PriceStore":
        from oms.allocation.prices.store import PriceStore

        return PriceStore(self.setting("PRICES_TABLE"))

    @cached_property
    def stock_prices(self) -> "PriceBook":
        """What a unit is worth where it lies (port of sourcing)."""
        from oms.allocation.prices.book import PriceBook

        return PriceBook(self.prices, self.clock)

    @cached_property
    def counting(self) -> "CountingDesk":
        from oms.allocation.prices.counting import CountingDesk

        return CountingDesk(self.orders, self.prices, self.reference.channels, self.clock)

    @cached_property
    def pricing(self) -> "PricingDesk":
        """For the one function that has the solver."""
        from oms.allocation.prices.service import PricingDesk
        from oms.allocation.prices.solver import solve

        return PricingDesk(
            store=self.prices,
            positions=lambda skus: self.stock.positions(skus, consistent=False),
            lanes=self._lanes,
            weights_g=lambda skus: {sku: item.weight_g for sku, item in self.reference.items(skus).items()},
            solve=solve,
            clock=self.clock,
        )

    def _lanes(self, regions: "Iterable[str]") -> "dict[tuple[str, str], Lane]":
        """What it costs from each location to some regions, by the rate cards of today (port of pricing)."""
        from oms.allocation.prices.forecast import destination_of
        from oms.allocation.prices.model import Lane
        from oms.shipping.lanes import lane_cost
        from oms.shipping.model import Lane as ShippingLane

        cards, on = list(self.rate_cards().values()), self.clock().date()
        lanes: dict[tuple[str, str], Lane] = {}
        for region in regions:
            to = ShippingLane(*destination_of(region))
            for name, location in self.reference.locations().items():
                if location.supplier:  # what lies there is nobody's to give away for a price
                    continue
                cost = lane_cost(cards, location, to, on)
                if cost is not None:
                    lanes[name, region] = Lane(*cost)
        return lanes
