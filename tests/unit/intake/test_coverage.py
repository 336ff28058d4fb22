"""Every given payload of an order comes over without losing a field that matters, or is refused with a reason."""

import pytest

from tests.reliability.coverage import coverage, table
from tests.reliability.payloads import KINDS
from tests.shared_data import shared_data

# payloads, orders, those that name one or say something of one, ignored, refused
EXPECTED = {
    "amazon": (17, 3, 1, 10, 3),
    "bigcommerce": (10, 3, 5, 2, 0),
    "ebay": (6, 1, 1, 0, 4),
    "magento": (10, 2, 1, 0, 7),
    "shopify": (14, 6, 5, 3, 0),
    "square": (14, 3, 3, 6, 2),
    "walmart": (26, 20, 1, 5, 0),
    "woocommerce": (22, 0, 6, 5, 11),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_that_matters_is_lost(kind: str) -> None:
    shared_data("2_order_source_payloads", "given", kind)
    found = coverage(kind)
    assert found.missed == ()
    counts = (found.payloads, found.orders, found.named, found.ignored.total(), found.refused.total())
    assert counts == EXPECTED[kind]
    assert sum(counts[1:]) == counts[0]
    assert all(": " in reason for reason in found.refused)


def test_the_table_of_coverage_names_every_sender(capsys: pytest.CaptureFixture[str]) -> None:
    shared_data("2_order_source_payloads")
    shown = table()
    with capsys.disabled():
        print(f"\n{shown}")  # noqa: T201  the table is for people
    assert all(f"\n{kind} " in f"\n{shown}" for kind in KINDS)
