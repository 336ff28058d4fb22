"""The contract of every carrier plug-in, and the sample company's rate cards."""

import pytest

from infra.local.rate_cards import EU, RATE_CARDS
from oms.kernel.plugins import find_plugin, plugin_names
from oms.shipping.model import Lane
from oms.shipping.rules import rate_for
from oms.shipping.service import served_countries
from tests.shipping_builders import card, service, size

CARRIERS = "oms.shipping.carriers"


class Counter:
    """Serials from memory."""

    def __init__(self) -> None:
        self.last = 0

    def next(self, kind: str) -> int:
        assert kind
        self.last += 1
        return self.last


@pytest.mark.parametrize("name", plugin_names(CARRIERS))
def test_a_carrier_quotes_the_same_twice_and_never_gives_a_number_twice(name: str) -> None:
    plugin = find_plugin(CARRIERS, name)
    assert plugin is not None
    lane = Lane("DE", "10")
    rate = rate_for(service(), lane)
    quotes = [plugin.quote(service(), rate, size(), lane) for _ in range(2)]
    assert quotes[0] == quotes[1]
    assert quotes[0].total_minor > 0
    numbers = Counter()
    labels = [plugin.book(card(), "standard", numbers) for _ in range(50)]
    assert len({label.tracking_number for label in labels}) == len({label.label_number for label in labels}) == 50
    assert all(label.tracking_number.isalnum() and label.tracking_number.isascii() for label in labels)
    plugin.void([label.tracking_number for label in labels])
    plugin.void([label.tracking_number for label in labels])


def test_the_sample_company_serves_where_its_customers_live() -> None:
    wanted = {*EU, "GB", "CH", "NO", "US", "CA", "AU", "JP", "IS", "IL", "HK", "SG", "BH", "AE", "LB", "BR", "SA", "ZA"}
    assert wanted <= served_countries(RATE_CARDS)
    for origin in ("DE", "GB", "US"):
        assert wanted <= served_countries([one for one in RATE_CARDS if origin in one.origins])


def test_the_cards_of_a_carrier_from_one_country_never_overlap() -> None:
    assert len({one.key for one in RATE_CARDS}) == len(RATE_CARDS)
    for one in RATE_CARDS:
        rivals = [
            other for other in RATE_CARDS
            if other is not one and other.carrier == one.carrier and other.origins & one.origins
        ]  # fmt: skip
        assert not any(other.valid_on(one.valid_from) for other in rivals if other.valid_from <= one.valid_from)
