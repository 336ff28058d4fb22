"""A what-if on real orders: invoices of a gift wholesaler (UCI Online Retail) of a few days, in two locations.

They are decided by *nearest first* as they came, and what was not there waited. They are tried under the built-in rule,
which minds what freight costs, and with a supplier who ships what is not there.
`python -m tests.bench.whatif` measures this part alone and puts it into docs/performance.md, with its picture.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from functions.allocation import queue_allocate_orders
from infra.local.company import LOCATIONS
from infra.local.rate_cards import RATE_CARDS
from infra.local.uci import Invoice, Reading, invoices, item_of
from oms.allocation.sourcing.strategy import Rule, Weights
from oms.allocation.strategies.model import StrategyDraft
from oms.allocation.strategies.service import draft_strategy, publish_strategy
from oms.allocation.whatif.drawing import as_svg
from oms.allocation.whatif.model import NewWhatIf, Pair, Piece, Results, WhatIfView
from oms.allocation.whatif.picture import drawn
from oms.allocation.whatif.service import run_piece, start_what_if
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.model import Destination, Promise
from oms.reference.model import Channel, Location
from oms.wiring import Wiring
from tests.allocation_scene import Hands, batch, position, put_order
from tests.aws import moto_cloud
from tests.crash import calls_of
from tests.shared_data import shared_path

PAGE = Path(__file__).parents[2] / "docs/performance.md"
PICTURE = "what-if.svg"
ORDERS = 120
FIRST = datetime(2010, 12, 1, tzinfo=UTC)
SHIFT = datetime(2026, 11, 25, tzinfo=UTC) - FIRST  # a Wednesday again
PLACES = ("ber-1", "lon-1")
SCARCE = 7  # the last digit of what an SKU is drawn by
SUPPLIER = Location(
    id="sup-1",
    name="Supplier, Manchester",
    country="GB",
    postal_code="M1",
    latitude=Decimal("53.48"),
    longitude=Decimal("-2.24"),
    time_zone="Europe/London",
    supplier="SUP-NORTH",
)
NEAREST = Rule(
    name="nearest_first",
    weights=Weights(shipping_pct=0, handling_pct=0, split_minor=0, late_day_minor=0, km_1000_minor=100_000),
)


class Tried(NamedTuple):
    """What came out, from how many lines, in how many AWS calls and pieces of work."""

    results: Results
    lines: int
    calls: int
    pieces: int


def measure(say: Callable[[str], None] = print, *, orders: int = ORDERS) -> Tried | None:
    """None where the data is not here."""
    path = shared_path("1_orders", "given", "uci_online_retail")
    if path is None:
        return None
    taken = list(islice(_orders(path), orders))
    hands = Hands(FIRST + SHIFT)
    with moto_cloud(hands) as wiring:
        _company(wiring, taken)
        for done, invoice in enumerate(taken):
            if done % 50 == 0:
                say(f"what-if: {done} of {len(taken)} real orders allocated")
            _allocate(wiring, hands, invoice)
        hands.forward(hours=1)
        view = _begin(wiring)
        pieces = 0
        calls: list[str] = []
        while (found := wiring.what_ifs.jobs.get(view.what_if_id)).status == "running":
            piece = Piece(what_if_id=view.what_if_id, piece=found.piece)
            calls += calls_of(partial(run_piece, piece, works=wiring.what_if_works))
            pieces += 1
    if found.results is None:
        raise RuntimeError(f"the what-if ended as {found.status}: {found.why}")
    (PAGE.parent / PICTURE).write_text(as_svg(drawn(found.job, found.results)))
    return Tried(found.results, sum(len(one.units) for one in taken), len(calls), pieces)


def _orders(folder: Path) -> Iterator[Invoice]:
    first = min(folder.glob("*.csv*"))
    return (one for one in invoices(first, Reading()) if not one.cancels)


def _company(wiring: Wiring, taken: list[Invoice]) -> None:
    """Two locations with what was bought and a tenth more; of one SKU in five one of them has none.

    Of one in ten each has a quarter of what will be bought; and a supplier, who ships where a rule says so, a third.
    """
    for place in LOCATIONS:
        if place.id in PLACES:
            wiring.reference.put_setting("LOCATION", place.id, place)
    wiring.reference.put_setting("LOCATION", SUPPLIER.id, SUPPLIER)
    for card in RATE_CARDS:
        wiring.reference.put_setting("CARRIER", card.key, card)
    shop = Channel(name="shopify_eu", kind="canonical", currencies=frozenset({"EUR"}))
    wiring.reference.put_setting("CHANNEL", "shopify_eu", shop)
    wanted = sum((one.units for one in taken), Counter[str]())
    names = {sku: name for one in taken for sku, name in one.names.items()}
    for sku, units in wanted.items():
        wiring.reference.put_item(item_of(sku, names[sku]))
        lot = int(derive_id("place", sku)[-4:], 36) % 10
        for at, place_id in enumerate(PLACES):
            much = units // 4 if lot == SCARCE else 0 if lot == at else units + units // 10
            wiring.stock.open_position(position(sku, place_id, much))
        if lot == SCARCE:
            wiring.stock.open_position(position(sku, SUPPLIER.id, units // 3))
    _decide_by(wiring, NEAREST)


def _decide_by(wiring: Wiring, *rules: Rule) -> None:
    desk = wiring.strategy_desk
    draft_strategy("default", StrategyDraft(rules=rules), if_match="*", by="user:bench", desk=desk)
    publish_strategy("default", if_match="*", by="user:bench", desk=desk)
    wiring.reference._settings_until = 0.0  # as a process that begins afterwards


def _allocate(wiring: Wiring, hands: Hands, invoice: Invoice) -> None:
    placed = datetime.fromisoformat(invoice.document["placed_at"]) + SHIFT
    hands.now = max(hands.now + timedelta(seconds=1), placed)
    ship_to = invoice.document["ship_to"]
    order = put_order(
        wiring,
        f"ord_{invoice.number}",
        dict(invoice.units),
        submitted_at=to_text(hands.now),
        destination=Destination(country=ship_to["country"], postal_area=ship_to["postal_code"][:3].strip()),
        promise=Promise(latest_on=str((hands.now + timedelta(days=7)).date())),
    )
    hands.forward(seconds=1)
    if queue_allocate_orders.handler(batch(order), None) != {"batchItemFailures": []}:
        raise RuntimeError(f"{order.id} was not allocated")


def _begin(wiring: Wiring) -> WhatIfView:
    rules = StrategyDraft(rules=(Rule(name="everything", fallbacks=("drop_ship", "backorder")),))
    draft_strategy("default", rules, if_match="*", by="user:bench", desk=wiring.strategy_desk)
    return start_what_if(NewWhatIf(days=2), key="bench", by="user:bench", desk=wiring.what_if_works.desk)


def section(tried: Tried | None) -> str:
    """The part of docs/performance.md."""
    if tried is None:
        return "## What-if on real orders\n\nNot measured: the real orders are not here.\n"
    results = tried.results
    rows = "\n".join((*_rows(results.total), *_fallbacks(results)))
    return f"""## What-if on real orders

{results.replayed} invoices of a gift wholesaler (UCI Online Retail, {len(results.days)} day(s) of December 2010,
{tried.lines / results.replayed:.0f} lines each), two locations; decided *nearest first* as they came, and what was not
there waited; tried under the built-in rule, which minds the money, and with a supplier who ships what is not there.
{results.same_inputs} of {results.replayed} decisions were replayed from exactly the inputs that they were made from,
{results.changed} orders ship otherwise, {results.left_out} were left out.
It takes {tried.calls:,} AWS calls in {tried.pieces} piece(s) of work: most of them for the hours, few for the orders.

| | as it went | as it would have gone |
|---|---|---|
{rows}

![What if]({PICTURE})
"""


def _rows(total: Pair) -> Iterator[str]:
    def row(name: str, look: Callable[[int], str] = str, **which: str) -> str:
        field = which["field"]
        return f"| {name} | {look(getattr(total.happened, field))} | {look(getattr(total.tried, field))} |"

    yield row("freight and handling, EUR", _euros, field="cost_minor")
    yield row("parcels", field="parcels")
    yield row("orders from more than one location", field="split")
    yield row("km by parcel", lambda km: f"{km:,}", field="parcel_km")
    yield row("orders late", field="late")
    yield row("units short", field="short_units")


def _fallbacks(results: Results) -> Iterator[str]:
    for name, share in sorted(results.fallbacks.items()):
        yield f"| units that nobody could ship at once: {name} | {share.happened.units} | {share.tried.units} |"
        if share.happened.cost_minor or share.tried.cost_minor:
            happened, tried = (_euros(one.cost_minor) for one in (share.happened, share.tried))
            yield f"| of these, freight and handling of what ships, EUR | {happened} | {tried} |"


def _euros(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02}"


def main() -> int:
    """Measure, and put the section in the place of the old one."""
    text = section(measure())
    before, _, rest = PAGE.read_text().partition("## What-if on real orders\n")
    _, found, after = rest.partition("\n## ")
    PAGE.write_text(before.rstrip("\n") + "\n\n" + text + (found + after if found else ""))
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
