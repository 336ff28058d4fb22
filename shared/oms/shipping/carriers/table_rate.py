"""The built-in carrier: prices from its rate card, numbers from our own serials. It needs no partner system.

Label `SWL00000012344`, tracking number `SW00000012344`: the card's prefix, ten digits of serial, a GS1 mod-10 check
digit, so a mistyped number is noticed. Nothing is bought outside, so there is nothing to give back.
"""

from collections.abc import Sequence

from oms.kernel.ids import check_digit_mod10
from oms.shipping import rules
from oms.shipping.model import Label, Lane, Numbers, Quote, RateCard, Service, Size, ZoneRate

_DIGITS = 10


class TableRate:
    """See the module."""

    def quote(self, service: Service, rate: ZoneRate, size: Size, lane: Lane) -> Quote:
        return rules.quote(service, rate, size, lane)

    def book(self, card: RateCard, service: str, numbers: Numbers) -> Label:  # noqa: ARG002  one series for all services
        serial = f"{numbers.next('parcel') % 10**_DIGITS:0{_DIGITS}d}"
        checked = serial + check_digit_mod10(serial)
        return Label(f"{card.number_prefix}L{checked}", f"{card.number_prefix}{checked}")

    def void(self, tracking_numbers: Sequence[str]) -> None:
        """Nothing was bought outside."""


PLUGIN = TableRate()
