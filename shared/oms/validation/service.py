"""Check an order against what is known."""

from collections.abc import Callable, Collection, Mapping

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


class Checks:
    """The checks of an order at intake."""

    def __init__(self, *, reference: ReferenceStore, served_countries: Callable[[], Collection[str]]) -> None:
        self._reference = reference
        self._served_countries = served_countries

    def check(self, order: OrderToCheck, *, channel: Channel, country: str) -> None:
        """Let the order pass or name all that is wrong with it.

        Raises:
            RejectedError: `unknown_sku`, `totals_do_not_add_up`, `currency_not_accepted`, `destination_not_served`.
        """
        known = self._reference.items(line.sku for line in order.lines)
        refuse_if_any(
            {
                "unknown_sku": sku_faults(order.lines, known),
                "totals_do_not_add_up": total_faults(order),
                "currency_not_accepted": currency_faults(order.currency, channel.currencies),
                "destination_not_served": destination_faults(country, self._served_countries()),
            }
        )

    def short(self, wanted: Mapping[str, int], stock: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """Units that nobody has now. No reason to refuse: the order is taken and will wait for them."""
        return units_short(wanted, stock)
