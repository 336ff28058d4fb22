"""What the main job came to: read from the tables, the queues and the workflow, never from the drivers."""

import json
import statistics
from collections import Counter

from rich.console import Console
from rich.table import Table

from infra.local import census, company
from infra.local.census import Census
from infra.local.cloud import Cloud
from infra.local.prices import cost_per_order_usd, list_prices
from oms.intake.messages.model import Proof
from oms.kernel.money import to_decimal_text

REORDER_SCHEDULE = "baton-local-scan-reorder-points"


def scan_reorder_points(cloud: Cloud) -> int:
    """Do what the schedule does tonight: call its target with its input. How many proposals there are then."""
    target = cloud.client("scheduler").get_schedule(Name=REORDER_SCHEDULE)["Target"]
    cloud.client("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"].encode())
    return sum(1 for row in census.rows(cloud, cloud.outputs["ProcurementTable"]) if "open_pk" in row)


def show(
    cloud: Cloud,
    console: Console,
    seen: Census,
    seconds: list[float],
    took_s: float,
    proposals: int,
    proofs: list[Proof],
) -> None:
    """Print the summary."""
    table = Table(title="What became of the orders (counted from the tables)", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("figure")
    for name, figure in _figures(cloud, seen, seconds, took_s, proposals):
        table.add_row(name, figure)
    table.add_row("messages", _messages(proofs))
    console.print(table)


def _figures(cloud: Cloud, seen: Census, seconds: list[float], took_s: float, proposals: int) -> list[tuple[str, str]]:
    states = seen.by_state()
    dead = {name: count for name, count in census.dead_letters(cloud).items() if count}
    return [
        ("orders", " · ".join(f"{states[state]} {state}" for state in census.STATES if states[state])),
        ("taken in", _pace(seconds, took_s)),
        ("parcels", _parcels(seen)),
        ("shipping cost", _money(seen)),
        ("on time", _on_time(seen)),
        ("stock left", _stock(cloud)),
        ("purchase proposals", f"{proposals} open"),
        ("list price", _price()),
        ("dead-letter queues", json.dumps(dead) if dead else "empty"),
    ]


def _messages(proofs: list[Proof]) -> str:
    """The account of what the shops posted, from the archive and the log."""
    archived, processed, parked, waiting = (
        sum(counts)
        for counts in zip(*((p.archived, p.processed, p.parked, len(p.missing)) for p in proofs), strict=True)
    )
    return f"{archived} in the archive = {processed} processed + {parked} parked + {waiting} waiting"


def _pace(seconds: list[float], took_s: float) -> str:
    if len(seconds) < 2:  # noqa: PLR2004  quantiles need two
        return "nothing"
    cuts = statistics.quantiles(seconds, n=20)
    half, most = cuts[9] * 1000, cuts[18] * 1000
    return f"{len(seconds) / took_s:.0f} orders/s, answered in {half:.0f} ms (p50), {most:.0f} ms (p95)"


def _parcels(seen: Census) -> str:
    states = Counter(parcel.tracking_status for parcel in seen.parcels if parcel.status != "voided")
    carriers = Counter(f"{parcel.carrier} {parcel.service}" for parcel in seen.parcels if parcel.status != "voided")
    return f"{states.total()}: {_list(states)}\n{_list(carriers)}"


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _price() -> str:
    """No emulator knows what AWS would bill: the work per order is what `make bench` counted."""
    prices = list_prices()
    per_order = cost_per_order_usd()
    return f"${per_order:.7f} an order, ${per_order * 1_000_000:.2f} a million ({prices.region}, {prices.as_of})"


def _money(seen: Census) -> str:
    cost: Counter[str] = Counter()
    for parcel in seen.parcels:
        if parcel.status != "voided":
            cost[parcel.currency] += parcel.cost_minor
    return " · ".join(f"{to_decimal_text(minor, currency)} {currency}" for currency, minor in sorted(cost.items()))


def _on_time(seen: Census) -> str:
    """A parcel is on time when its last scan came no later than the day promised."""
    delivered = [parcel for parcel in seen.parcels if parcel.tracking_status == "delivered"]
    late = [
        parcel
        for parcel in delivered
        if parcel.promised_on and parcel.scans and max(scan.at for scan in parcel.scans)[:10] > parcel.promised_on
    ]
    return f"{len(delivered) - len(late)} of {len(delivered)} parcels delivered by the day promised"


def _stock(cloud: Cloud) -> str:
    on_hand = committed = 0
    for row in census.rows(cloud, cloud.outputs["InventoryTable"]):
        on_hand += int(row.get("on_hand", 0))
        committed += int(row.get("committed", 0))
    return f"{on_hand:,} units on hand, {committed:,} of them reserved, {len(company.SKUS)} SKUs"
