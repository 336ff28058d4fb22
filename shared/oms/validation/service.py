"""Check an order against what is known."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from oms.aws.tables import Write
from oms.orders.holding import HoldSpec
from oms.orders.model import CheckFinding
from oms.reference.model import Channel
from oms.reference.store import ReferenceStore
from oms.validation.model import OrderToCheck
from oms.validation.rules import (
    currency_faults,
    destination_faults,
    refuse_if_any,
    sku_faults,
    total_faults,
    units_short,
)


class Verdict(NamedTuple):
    """What the checks say of an order that they do not refuse; see `oms.intake.ports`."""

    holds: tuple[HoldSpec, ...] = ()
    findings: tuple[CheckFinding, ...] = ()
    writes: tuple[Write, ...] = ()


class Checks:
    """The checks of an order at intake."""

    def __init__(self, *, reference: ReferenceStore, served_countries: Callable[[], Collection[str]]) -> None:
        self._reference = reference
        self._served_countries = served_countries

    def check(
        self,
        order: OrderToCheck,
        *,
        channel: Channel,
        at: datetime,  # noqa: ARG002  the policy's checks need it
        tripped: Collection[str] = (),  # noqa: ARG002  the guards' labels
    ) -> Verdict:
        """Let the order pass, with what it must wait for, or name all that is wrong with it.

        Raises:
            RejectedError: `unknown_sku`, `totals_do_not_add_up`, `currency_not_accepted`, `destination_not_served`.
        """
        known = self._reference.items(line.sku for line in order.lines)
        refuse_if_any(
            {
                "unknown_sku": sku_faults(order.lines, known),
                "totals_do_not_add_up": total_faults(order),
                "currency_not_accepted": currency_faults(order.currency, channel.currencies),
                "destination_not_served": destination_faults(order.ship_to.country, self._served_countries()),
            }
        )
        return Verdict()

    def short(self, wanted: Mapping[str, int], stock: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """Units that nobody has now. No reason to refuse: the order is taken and will wait for them."""
        return units_short(wanted, stock)
