"""AWS list prices as dated data (`prices.json`), and what counted work costs at them."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("prices.json")


class Price(NamedTuple):
    """US dollars per so many units."""

    usd: Decimal
    per: Decimal
    what: str


class PriceTable(NamedTuple):
    """Prices by name, as of a day."""

    as_of: str
    region: str
    prices: Mapping[str, Price]

    def cost_usd(self, work: Mapping[str, float | int]) -> dict[str, Decimal]:
        """US dollars by kind of work.

        Raises:
            KeyError: work that has no price.
        """
        return {
            name: Decimal(str(count)) * self.prices[name].usd / self.prices[name].per for name, count in work.items()
        }


@cache
def list_prices() -> PriceTable:
    """The table."""
    document = json.loads(_FILE.read_text(), parse_float=Decimal)
    prices = {
        name: Price(Decimal(row["usd"]), Decimal(row["per"]), row["what"]) for name, row in document["prices"].items()
    }
    return PriceTable(document["as_of"], document["region"], prices)


def cost_per_order_usd() -> Decimal:
    """What an order costs at list prices: the work that `make bench` last counted, priced anew."""
    work = json.loads(_FILE.with_name("work.json").read_text())
    return sum(list_prices().cost_usd(work).values(), Decimal(0))
