"""A WooCommerce shop on loopback that is polled, its channel on moto, and how a run over it is made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from oms.aws import clients
from oms.aws.http import Http
from oms.intake.fetching import Partners
from oms.intake.messages.store import reference_of
from oms.intake.polling.model import Polling, PollReport
from oms.intake.polling.service import poll_channels
from oms.kernel.time import from_text
from oms.reference.model import Channel
from oms.wiring import wire
from tests.intake import TestClock
from tests.partners import Call, Partner, Reply, partner
from tests.unit.intake.specimens.woocommerce import order

CHANNEL = "woo_1"
ORDERS = "GET /wp-json/wc/v3/orders"


@dataclass
class Shop:
    """Orders by number with the instant of their last change; `on_page` is called before each page is answered."""

    partner: Partner
    changed: dict[int, datetime] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    page_size: int = 25
    counts: int = 0

    def __post_init__(self) -> None:
        self.partner.answers[ORDERS] = self.page

    def page(self, call: Call) -> Reply:
        """The page that is asked for, as the real one makes it."""
        after, before = (_gmt(call.query[name]) for name in ("modified_after", "modified_before"))
        found = sorted(
            (at, number) for number, at in self.changed.items() if after < at < before and number not in self.hidden
        )
        start = (int(call.query["page"]) - 1) * self.page_size
        rows = [self.order(number) for _, number in found[start : start + self.page_size]]
        return Reply(rows, headers={"x-wp-total": str(len(found) + self.counts)})

    def order(self, number: int) -> dict[str, Any]:
        at = self.changed[number].strftime("%Y-%m-%dT%H:%M:%S")
        rows = [{"id": 1, "sku": "LAMP", "quantity": 1, "subtotal": "12.00", "total": "12.00", "total_tax": "0.00"}]
        amounts = {"total": "22.00", "total_tax": "0.00", "fee_lines": [], "line_items": rows, "currency": "EUR"}
        return order(id=number, number=str(number), date_modified_gmt=at, **amounts)

    def sells(self, *numbers: int, at: datetime) -> None:
        self.changed |= dict.fromkeys(numbers, at)


def _gmt(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@contextmanager
def shop_on_loopback(**changes: Any) -> Iterator[Shop]:
    """The shop, and its channel in the company that is on moto."""
    with partner() as one:
        name = changes.pop("name", CHANNEL)
        add_channel(name, one.url, **changes)
        yield Shop(one)


def add_channel(name: str, url: str, **changes: Any) -> None:
    settings = {"poll_minutes": 5, "options": {"base_url": url}, **changes}
    channel = Channel(name=name, kind="woocommerce", currencies=frozenset({"EUR"}), **settings)
    wire().reference.put_setting("CHANNEL", name, channel)
    secret = {"current": "s", "consumer_key": "ck", "consumer_secret": "cs"}
    clients.secretsmanager().create_secret(Name=f"baton/test/channel/{name}", SecretString=json.dumps(secret))


def run(clock: TestClock) -> PollReport:
    """One run as the schedule makes it; its pauses move the clock."""
    http = Http(private=True, clock=clock)
    partners = Partners(
        http=http, secrets=wire().secrets, secret_prefix=wire().setting("CHANNEL_SECRET_PREFIX"), clock=clock
    )
    desk = replace(wire().poll_desk, partners=partners, pause=lambda seconds: clock.pass_time(seconds=seconds))
    try:
        return poll_channels(desk, reference=wire().reference, heard=wire().message_log)
    finally:
        http.close()


def later(clock: TestClock, minutes: float = 5) -> PollReport:
    """Wait, and run."""
    clock.pass_time(minutes=minutes)
    return run(clock)


def state(channel: str = CHANNEL) -> Polling:
    return wire().polls.find_many([channel])[channel]


def facts(channel: str = CHANNEL) -> list[str]:
    """The types of all facts that the channel's log still knows."""
    return [row.what for row in state(channel).log]


def watermark(channel: str = CHANNEL) -> datetime:
    found = state(channel).watermark
    assert found is not None
    return from_text(found)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def taken_in(prefix: str = "") -> list[tuple[int, str]]:
    """What stands in the archive: number and last change of each order, without repeats of an hour."""
    found = set()
    for key in (row["Key"] for row in clients.s3().list_objects_v2(Bucket="baton-archive").get("Contents", [])):
        reference = reference_of(key)
        if reference is not None and reference.channel.startswith(prefix):
            document = json.loads(wire().archive.load(reference).raw)
            found.add((document["id"], document["date_modified_gmt"][11:]))
    return sorted(found)
