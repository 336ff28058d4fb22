"""Replay real orders (UCI Online Retail) through the API, work them off, and count from the tables what became of them.

Orders go in as the file has them, a cancellation when its turn comes: it cancels the latest earlier order of the same
buyer that holds all its articles. The warehouses open when everything is in, so that a cancellation can still be in
time; in the data it comes days later, in a replay milliseconds.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.local import census, company
from infra.local.census import Census
from infra.local.cloud import Cloud, Reply
from infra.local.demo import AT_ONCE, TAKEN, send_patiently
from infra.local.gate import Gate
from infra.local.partners import Partners
from infra.local.seed import domain, stock_up
from infra.local.traffic import Purchase
from infra.local.uci import CHANNEL, Invoice, Reading, WrongFileError, invoices, item_of
from oms.validation.policy import Policy, Rule
from oms.wiring import Wiring

# A wholesaler's orders: tens of thousands of one article are no slip, and a year of them comes within minutes.
WHOLESALE = Policy(
    name=CHANNEL,
    version=1,
    rules={name: Rule(mode="off") for name in ("quantity", "duplicate", "velocity")},
    by="system:replay",
    at="2011-12-09T12:50:00.000Z",
)
HOME = "lon-1"  # the wholesaler shipped from one place
SPARE_UNITS = 100
SETTLE_S = 600.0
STALLED_S = 60.0
LOOK_S = 2.0
ENDED = ("completed", "cancelled", "rejected", "held", "backordered")
Say = Callable[[str], None]


@dataclass
class Replayed:
    """What the sender knows: it is compared with the tables, not believed."""

    orders: dict[str, str] = field(default_factory=dict)  # invoice -> order id
    refused: dict[str, str] = field(default_factory=dict)
    cancellations: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def replay(cloud: Cloud, orders: str, limit: int, console: Console, say: Say) -> int:
    """Replay the first `limit` orders of a file and the cancellations among them; 0 when none is lost or doubled.

    Raises:
        WrongFileError: there is no such file, or it is another data set.
    """
    path = Path(orders).expanduser()
    if not path.is_file():
        raise WrongFileError(f"There is no file {path}. Give the path of a UCI Online Retail csv or csv.gz.")
    reading = Reading()
    wanted = _first(limit, path, reading)
    with domain(cloud.outputs["EndpointUrl"], cloud.outputs) as wiring:
        wiring.reference.put_setting("POLICY", CHANNEL, WHOLESALE)
        say(f"catalogue and stock for {len(wanted)} invoices: {_prepare(wiring, wanted)}")
        done = _post(cloud, wiring, wanted, console)
        say(f"{len(done.orders)} orders in, {len(done.refused)} refused; the warehouses open")
        with Partners(cloud, wiring, [location.id for location in company.LOCATIONS]) as partners:
            seen = _settle(cloud, wiring, done, partners, console)
    return _report(console, wanted, done, seen, reading, census.dead_letters(cloud))


def _first(limit: int, path: Path, reading: Reading) -> list[Invoice]:
    sold = 0

    def wanted(invoice: Invoice) -> bool:
        nonlocal sold
        sold += not invoice.cancels
        return sold <= limit

    return list(takewhile(wanted, invoices(path, reading)))


def _prepare(wiring: Wiring, wanted: list[Invoice]) -> str:
    """The catalogue and enough stock at one location; told once, kept for the next replay."""
    names: dict[str, str] = {}
    needed: Counter[str] = Counter()
    for invoice in wanted:
        names |= invoice.names
        needed += invoice.units if not invoice.cancels else Counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda sku: wiring.reference.put_item(item_of(sku, names[sku])), names))
        opened = sum(pool.map(lambda sku: stock_up(wiring, sku, HOME, needed[sku] + SPARE_UNITS), needed))
    return f"{len(names)} articles, {opened} new stock positions at {HOME}"


def _post(cloud: Cloud, wiring: Wiring, wanted: list[Invoice], console: Console) -> Replayed:
    """Send everything in the order of the file; a cancellation waits for the order that it cancels."""
    done, over = Replayed(), threading.Event()
    gate = Gate(census.take(cloud, wiring))

    def look_on() -> None:
        while not over.wait(LOOK_S):
            gate.look(census.take(cloud, wiring))

    asked: dict[str, Future[Reply]] = {}
    earlier: dict[str, list[Invoice]] = {}
    with (
        ThreadPoolExecutor(1) as watch,
        ThreadPoolExecutor(AT_ONCE) as pool,
        Progress(console=console, transient=True) as progress,
    ):
        bar = progress.add_task("orders in", total=sum(not invoice.cancels for invoice in wanted))
        looking = watch.submit(look_on)
        try:
            for invoice in wanted:
                if invoice.cancels:
                    _cancel(cloud, invoice, earlier.get(invoice.buyer, []), asked, done)
                    continue
                earlier.setdefault(invoice.buyer, []).append(invoice)
                sending = pool.submit(send_patiently, cloud, _purchase(invoice), done.seconds, gate)
                sending.add_done_callback(lambda _: progress.advance(bar))
                asked[invoice.number] = sending
            wait(asked.values())
        finally:
            over.set()
        looking.result()
    for number, answer in asked.items():
        reply = answer.result()
        if reply.status in TAKEN:
            done.orders[number] = reply.json()["order_id"]
        else:
            done.refused[number] = f"{reply.status} {reply.body.decode()[:200]}"
    return done


def _purchase(invoice: Invoice) -> Purchase:
    body = json.dumps(invoice.document, ensure_ascii=False).encode()
    return Purchase(CHANNEL, invoice.number, body, "completed", signed=False)


def _cancel(
    cloud: Cloud, invoice: Invoice, earlier: list[Invoice], asked: dict[str, Future[Reply]], done: Replayed
) -> None:
    match = next((order for order in reversed(earlier) if invoice.units.keys() <= order.units.keys()), None)
    if match is None:
        done.cancellations["without its order in this file"] += 1
        return
    answer = asked[match.number].result()
    if answer.status not in TAKEN:
        done.cancellations["of an order that was refused"] += 1
        return
    order_id = answer.json()["order_id"]
    reply = cloud.api(
        "POST",
        f"/v1/orders/{order_id}/cancel",
        json={"reason": "customer_request"},
        token=cloud.token("sales"),
        headers={"idempotency-key": invoice.number},
    )
    word = "accepted" if reply.status in TAKEN else f"answered {reply.status} {reply.json().get('code', '')}"
    done.cancellations[word] += 1


def _settle(cloud: Cloud, wiring: Wiring, done: Replayed, partners: Partners, console: Console) -> Census:
    """Wait until every order has ended, or nothing has moved for a minute."""
    ids = set(done.orders.values())
    deadline = time.monotonic() + SETTLE_S
    moved_at, last = time.monotonic(), Counter[str]()
    pause = threading.Event()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("orders ended", total=len(ids))
        while True:
            partners.check()
            seen = census.take(cloud, wiring).of(ids)
            states = seen.by_state()
            states["parcels"] = sum(parcel.tracking_status == "delivered" for parcel in seen.parcels)
            ended = sum(states[state] for state in ENDED)
            progress.update(bar, completed=ended)
            if states != last:
                moved_at, last = time.monotonic(), states
            now = time.monotonic()
            if ended == len(ids) or now > deadline or now - moved_at > STALLED_S:
                return seen
            pause.wait(LOOK_S)


def _report(
    console: Console, wanted: list[Invoice], done: Replayed, seen: Census, reading: Reading, dead: dict[str, int]
) -> int:
    sold = [invoice for invoice in wanted if not invoice.cancels]
    in_table = Counter(order.external_order_id for order in seen.orders.values() if order.channel == CHANNEL)
    lost = [invoice.number for invoice in sold if not in_table[invoice.number] and invoice.number not in done.refused]
    doubled = [number for number, count in in_table.items() if count > 1]
    units = sum(invoice.units.total() for invoice in sold if invoice.number in done.orders)
    in_lines = sum(line.quantity for order in seen.orders.values() for line in order.lines)
    states = seen.by_state()
    table = Table(title="The replay, counted from the tables", title_justify="left", show_header=False)
    for name, figure in (
        ("rows of the file", ", ".join(f"{count} {kind}" for kind, count in reading.rows.most_common())),
        ("invoices without goods", str(reading.without_goods)),
        ("orders sent", str(len(sold))),
        ("orders in the table", f"{len(in_table)}: " + ", ".join(f"{n} {state}" for state, n in states.most_common())),
        ("units sent / in the table", f"{units} / {in_lines}"),
        ("cancellations", ", ".join(f"{n} {word}" for word, n in done.cancellations.most_common()) or "none"),
        ("parcels", str(len(seen.parcels))),
        ("refused", str(len(done.refused))),
        ("lost / doubled", f"{len(lost)} / {len(doubled)}"),
        (
            "dead-letter queues",
            json.dumps({name: n for name, n in dead.items() if n}) if any(dead.values()) else "empty",
        ),
    ):
        table.add_row(name, figure)
    console.print(table)
    for number, why in list(done.refused.items())[:5]:
        console.print(f"[red]{number} refused: {why}[/red]")
    unended = states.total() - sum(states[state] for state in ENDED)
    if unended:
        console.print(f"[red]{unended} orders have not ended[/red]")
    wrong = lost or doubled or done.refused or unended or units != in_lines or any(dead.values())
    return 1 if wrong else 0
