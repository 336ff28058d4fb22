"""Orders written straight into the local cloud's tables, at the point where a workflow takes over."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from infra.local import seed
from oms.aws.tables import commit
from oms.inventory.model import Cause, Change, Movement
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.model import Content, FulfillmentLine, Line, Promise
from oms.orders.shapes import Someone
from oms.wiring import Wiring
from tests.cloud import Cloud
from tests.fulfillment_builders import a_work, an_order

SKU, LOCATION = "MUG-BLUE", "ber-1"
UNITS = 2


@contextmanager
def domain(cloud: Cloud) -> Iterator[Wiring]:
    """The domain's own stores on the local cloud."""
    with seed.domain(cloud.outputs["EndpointUrl"], cloud.outputs) as wiring:
        yield wiring


def store_order(wiring: Wiring, order_id: str, *, status: str, hours_ago: float = 0.0) -> None:
    """An order of two units with one fulfillment order in `status` for so long, and the stock that it holds."""
    since = to_text(datetime.now(UTC) - timedelta(hours=hours_ago))
    line = Line(number=1, sku=SKU, quantity=UNITS, unit_price_minor=1290, allocated=UNITS)
    person_id = derive_id("per", order_id)
    order = an_order(
        order_id,
        lines=(line,),
        person_id=person_id,
        promise=Promise(latest_on=(datetime.now(UTC) + timedelta(days=20)).date().isoformat()),
        submitted_at=since,
        entered_at=since,
        watch_at=to_text(datetime.now(UTC) + timedelta(days=2)),
    )
    work = a_work(
        status,
        order_id,
        lines=(FulfillmentLine(number=1, sku=SKU, quantity=UNITS),),
        parcel_ids=(),
        entered_at=since,
        ship_by=None,
    )
    position = wiring.stock.positions_at([(SKU, LOCATION)])[(SKU, LOCATION)]
    commit(
        wiring.people.write_new(person_id, _PERSON),
        wiring.orders.write(order),
        wiring.orders.write(work),
        *wiring.stock.writes(
            [Movement("committed", position.key, Change(committed=UNITS), ref=order_id)],
            {position.key: position},
            Cause("system:test", since),
        ),
    )


_PERSON = Someone(
    name="Zoë Nowak",
    email="zoe@example.com",
    address_lines=["Testweg 1"],
    city="Berlin",
    postal_code="10115",
    country="DE",
)


def contents_of(wiring: Wiring, parcel_ids: tuple[str, ...]) -> list[Content]:
    return [content for parcel in wiring.orders.parcels(parcel_ids).values() for content in parcel.contents]
