"""The main job: orders in over HTTP, worked off by warehouses, scanned by carriers, and counted from the tables."""

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from infra.local import census, company, summary
from infra.local.census import Census
from infra.local.cloud import Cloud, Reply
from infra.local.gate import Gate
from infra.local.messages import today
from infra.local.partners import Partners
from infra.local.seed import domain
from infra.local.traffic import Purchase, purchases, send
from oms.intake.messages.service import prove
from oms.wiring import Wiring

ORDERS = 100
AT_ONCE = 8
SETTLE_S = 150.0
LOOK_S = 1.0
TAKEN = (200, 201, 202)
TRY_AGAIN = (429, 502, 503)
PATIENCE_S = 60.0
Say = Callable[[str], None]


@dataclass
class Sent:
    """What the senders saw: which order answers to which purchase, and how long each answer took."""

    orders: dict[str, Purchase] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    took_s: float = 0.0


def main_job(cloud: Cloud, console: Console, say: Say) -> int:
    """Run it; 0 when every order ended as it should and no dead-letter queue holds anything."""
    run = int(time.time()) % 1_000_000
    with domain(cloud.outputs["EndpointUrl"], cloud.outputs) as wiring:
        say(f"posting {ORDERS} orders, {AT_ONCE} at a time")
        sent = Sent()
        everything = list(purchases(ORDERS, run))
        locations = [location.id for location in company.LOCATIONS]
        with Partners(cloud, wiring, locations) as partners, ThreadPoolExecutor(1) as pool:
            gate = Gate(census.take(cloud, wiring))
            sending = pool.submit(_send_all, cloud, everything, sent, gate)
            seen = _watch(cloud, wiring, sending, sent, partners, gate, console)
        proposals = summary.scan_reorder_points(cloud)
        proofs = [prove(name, today(), wiring.message_care) for name in sorted(company.SIGNED_CHANNELS)]
        problems = _problems(seen, sent, census.dead_letters(cloud))
        problems += [
            f"{proof.channel}: {len(proof.overdue)} messages have no row" for proof in proofs if not proof.holds
        ]
        summary.show(cloud, console, seen, sent.seconds, sent.took_s, proposals, proofs)
    return _finish(cloud, console, problems)


def _send_all(cloud: Cloud, everything: list[Purchase], sent: Sent, gate: Gate) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="shop") as pool:
        answers = {
            pool.submit(send_patiently, cloud, purchase, sent.seconds, gate): purchase for purchase in everything
        }
        for answer in as_completed(answers):
            purchase, reply = answers[answer], answer.result()
            if reply.status in TAKEN:
                sent.orders[purchase.order_id] = purchase
            else:
                sent.refused.append(f"{purchase.channel} {purchase.external_id}: {reply.status} {reply.body!r}")
    sent.took_s = time.monotonic() - began


def send_patiently(cloud: Cloud, purchase: Purchase, seconds: list[float], gate: Gate) -> Reply:
    """Send, and send the same again while the answer is that it is not the time; as shops do."""
    gate.enter()
    deadline = time.monotonic() + PATIENCE_S
    while True:
        began = time.monotonic()
        reply = send(cloud, purchase)
        seconds.append(time.monotonic() - began)
        if reply.status not in TRY_AGAIN or time.monotonic() > deadline:
            if reply.status not in TAKEN or "idempotent-replayed" in reply.headers:
                gate.refused()
            return reply
        time.sleep(float(reply.headers.get("retry-after", "1")))


def _watch(
    cloud: Cloud,
    wiring: Wiring,
    sender: Future[None],
    sent: Sent,
    partners: Partners,
    gate: Gate,
    console: Console,
) -> Census:
    """Look at the tables until every order is where it should be, or time is up."""
    deadline = time.monotonic() + SETTLE_S
    began, last = time.monotonic(), ""
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            partners.check()
            sending = not sender.done()
            if not sending:
                sender.result()  # raises what went wrong
            everything = census.take(cloud, wiring)
            gate.look(everything)
            seen = everything.of(set(sent.orders))
            states = seen.by_state()
            line = _line(states, seen, len(sent.seconds))
            if console.is_terminal:
                live.update(_table(states, line, time.monotonic() - began), refresh=True)
            elif line != last:
                console.print(f"{time.monotonic() - began:4.0f} s  {line}", soft_wrap=True)
            last = line
            settled = not sending and _expected(sent) == states
            if settled or (not sending and time.monotonic() > deadline):
                return seen
            time.sleep(LOOK_S)


def _expected(sent: Sent) -> Counter[str]:
    return Counter(purchase.expected for purchase in sent.orders.values())


def _line(states: Counter[str], seen: Census, posted: int) -> str:
    delivered = sum(parcel.tracking_status == "delivered" for parcel in seen.parcels)
    counts = ", ".join(f"{states[state]} {state}" for state in census.STATES if states[state])
    return f"{posted} posted · {delivered} of {len(seen.parcels)} parcels delivered · {counts or 'no orders'}"


def _table(states: Counter[str], line: str, seconds: float) -> Table:
    table = Table(title=f"Orders by state, {seconds:.0f} s", title_justify="left")
    table.add_column("state")
    table.add_column("orders", justify="right")
    for state in census.STATES:
        if states[state]:
            table.add_row(state, str(states[state]))
    table.caption = line
    return table


def _problems(seen: Census, sent: Sent, dead: dict[str, int]) -> list[str]:
    """What is not as it should be, in sentences."""
    found = [f"refused: {line}" for line in sent.refused]
    if len(sent.orders) + len(sent.refused) != ORDERS:
        found.append(f"{ORDERS} orders were posted and {len(sent.orders)} have an id of their own")
    for order_id, purchase in sent.orders.items():
        order = seen.orders.get(order_id)
        state = census.state_of(order) if order else "missing"
        if state != purchase.expected:
            found.append(f"{order_id} ({purchase.channel} {purchase.external_id}) is {state}, not {purchase.expected}")
    found += [f"{count} messages in {name}" for name, count in dead.items() if count]
    return found


def _finish(cloud: Cloud, console: Console, problems: list[str]) -> int:
    for problem in problems[:20]:
        console.print(f"[red]{problem}[/red]")
    if len(problems) > 20:  # noqa: PLR2004  as many as fit on a screen
        console.print(f"[red]... and {len(problems) - 20} more[/red]")
    good = ORDERS - len({problem.split()[0] for problem in problems if problem.startswith("ord")})
    verdict = "[bold green]as it should be[/bold green]" if not problems else "[bold red]not as it should be[/bold red]"
    console.print(f"\n{good} of {ORDERS} orders ended {verdict}.")
    stays = not problems and sys.stdout.isatty() and os.environ.get("STAY") != "0"
    console.print(last_words(cloud.outputs, cloud.home.outputs, stays=stays), markup=False, soft_wrap=True)
    if stays:
        threading.Event().wait()
    return 1 if problems else 0


def last_words(outputs: Mapping[str, Any], file: Path, *, stays: bool) -> str:
    """Where the cloud is to be found as long as it is there, and otherwise how to get one that stays."""
    if not stays:
        return "This cloud stops now, and its addresses with it. `make up` starts one that stays, and prints them."
    addresses = f"API   {outputs['ApiUrl']}\nDocs  {outputs['DocsUrl']}\nAll   {file}"
    return f"\nStill up:\n{addresses}\nPress Ctrl-C to stop."
