"""The work of orders of two lines and one parcel, from webhook to delivered, per phase and function."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra.local import seed
from infra.local.cloud import Cloud
from infra.local.outputs import settings
from infra.local.seed import domain
from infra.stacks.tables import TABLES
from oms.aws import clients
from oms.wiring import Wiring, rewire
from tests.bench.meter import Meter, Tally
from tests.conductor import Conductor
from tests.journey.orders import SCANS, STEPS, parcels_of, post, webhook

LINES = [("MUG-BLUE", 2), ("LAMP-MINI", 1)]
BEFORE = ("intake", "fulfill", "confirm")
WARM_UP = 2  # orders that fill caches first and are not counted


@dataclass
class Work:
    """What `orders` orders took, `batch` at a time where something comes in batches."""

    orders: int
    batch: int
    meter: Meter
    api_requests: float
    queue_requests: float
    executions: float

    def per_order(self, *phases: str) -> Tally:
        total = self.meter.total(*phases)
        return total.divided(self.orders)


def measure(cloud: Cloud, *, orders: int, batch: int) -> Work:
    """Run `orders` orders through all handlers on tables of their own (no triggers on them)."""
    with bench_domain(cloud, f"bench{orders}") as (wiring, secret):
        meter = Meter()
        conductor = Conductor(wiring, meter.around)
        meter.phase = "warm-up"
        _journey(conductor, meter, wiring, range(1, WARM_UP + 1), batch, secret, counted=False)
        conductor.released = []
        conductor.executions = 0
        _journey(conductor, meter, wiring, range(100, 100 + orders), batch, secret, counted=True)
        meter.tallies = {key: tally for key, tally in meter.tallies.items() if key[0] != "warm-up"}
    confirmations = len(STEPS) * -(-orders // min(batch, 10)) / orders
    return Work(
        orders,
        batch,
        meter,
        api_requests=1 + confirmations,
        queue_requests=_queue_requests(orders, batch),
        executions=conductor.executions / orders,
    )


def _journey(
    conductor: Conductor, meter: Meter, wiring: Wiring, numbers: range, batch: int, secret: str, *, counted: bool
) -> None:
    def phase(name: str) -> None:
        meter.phase = name if counted else "warm-up"

    ids: list[str] = []
    if batch == 1:  # one order at a time, nothing shares a batch with another
        for number in numbers:
            released = len(conductor.released)
            ids.append(_one(conductor, wiring, number, secret, phase))
            assert len(conductor.released) == released + 1
        return
    phase("intake")
    ids = [post(conductor, webhook(number, LINES, secret=secret)) for number in numbers]
    conductor.process_messages()
    phase("fulfill")
    conductor.pump()
    phase("confirm")
    for step in STEPS:
        conductor.confirm(step, conductor.released, min(batch, 10))
        conductor.pump()
    phase("track")
    _scan(conductor, wiring, ids, batch)
    assert {wiring.orders.get(order_id).status for order_id in ids} == {"completed"}


def _one(conductor: Conductor, wiring: Wiring, number: int, secret: str, phase: Callable[[str], None]) -> str:
    phase("intake")
    order_id = post(conductor, webhook(number, LINES, secret=secret))
    conductor.process_messages()
    phase("fulfill")
    conductor.pump()
    phase("confirm")
    for step in STEPS:
        conductor.confirm(step, conductor.released[-1:])
        conductor.pump()
    phase("track")
    _scan(conductor, wiring, [order_id], 1)
    assert wiring.orders.get(order_id).status == "completed"
    return order_id


def _scan(conductor: Conductor, wiring: Wiring, ids: list[str], batch: int) -> None:
    numbers = [(parcel.carrier, parcel.tracking_number) for parcel in parcels_of(wiring, ids)]
    for hour, status in enumerate(SCANS):
        conductor.scan(status, numbers, f"2026-11-24T{8 + hour:02}:00:00.000Z", batch)
        conductor.pump()


def _queue_requests(orders: int, batch: int) -> float:
    """SQS: the message queue (told by S3), the allocation, location and scan queue (by the bus): receive and delete."""
    message = 3 / min(batch, 10)
    allocation = 3 / min(batch, 10)
    scans = len(SCANS) * 3 / batch
    location = 2 / min(batch, 10) + 1 / min(batch, 20)
    return message + allocation + scans + location if orders else 0.0


@contextmanager
def bench_domain(cloud: Cloud, prefix: str) -> Iterator[tuple[Wiring, str]]:
    """Tables like the deployed ones, without what is attached to those, and a wiring to them."""
    dynamodb = cloud.client("dynamodb")
    for spec in TABLES:
        keys = {"pk", "sk", *(part for index in spec.indexes for part in (index.partition, index.sort) if part)}
        indexes = [
            {
                "IndexName": index.name,
                "KeySchema": [
                    {"AttributeName": part, "KeyType": kind}
                    for part, kind in ((index.partition, "HASH"), (index.sort, "RANGE"))
                    if part
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index in spec.indexes
        ]
        dynamodb.create_table(
            TableName=f"{prefix}-{spec.name}",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )
    cloud.client("events").create_event_bus(Name=prefix)
    environment = settings(cloud.outputs)
    environment |= {f"{spec.name.upper()}_TABLE": f"{prefix}-{spec.name}" for spec in TABLES}
    environment["BUS_NAME"] = prefix
    # The archive of the cloud tells its queue of every object; this one tells nobody.
    environment["ARCHIVE_BUCKET"] = f"{prefix}-archive"
    cloud.client("s3").create_bucket(Bucket=environment["ARCHIVE_BUCKET"])
    with domain(cloud.outputs["EndpointUrl"], cloud.outputs):
        wiring = Wiring(environment)
        rewire(wiring)
        try:
            seed.fill(wiring)
            yield wiring, cloud.outputs["channels"]["shopify_eu"]["secret"]
        finally:
            rewire(None)
            clients.forget()
