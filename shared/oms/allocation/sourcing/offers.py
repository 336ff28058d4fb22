"""What carriers ask from a location, as sourcing sees it. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

from oms.allocation.sourcing.model import Offer
from oms.allocation.sourcing.network import Tariff
from oms.orders.model import Destination
from oms.reference.model import Location


class Quoted(Protocol):
    """One carrier service from a location: total prices by weight step in minor units, and the latest delivery."""

    @property
    def label(self) -> str: ...
    @property
    def steps(self) -> Sequence[tuple[int, int]]: ...
    @property
    def latest_on(self) -> date: ...


Offers = Callable[[Location, Destination, datetime], Sequence[Quoted]]


def offers_of(quoted: Iterable[Quoted]) -> tuple[Offer, ...]:
    """The same with the prices as a tariff."""
    return tuple(Offer(one.label, Tariff(*map(tuple, zip(*one.steps, strict=True))), one.latest_on) for one in quoted)
