"""Square: events name an order, the order is fetched.

The signature is over the address that Square was told to send to, as it was told, and the raw body; that address is
the channel's option `notification_url`. https://developer.squareup.com/docs/webhooks/step3validate
"""

from collections.abc import Mapping, Sequence

from oms.intake.notices import Arrival, ChannelSecrets, Fetch, Ignored, Notice, was_fetched
from oms.intake.reading import Document, Reader, read_object
from oms.intake.signatures import from_base64, signed
from oms.intake.square.order import read
from oms.kernel.errors import RejectedError
from oms.reference.model import Channel

_SIGNATURE = "x-square-hmacsha256-signature"
# Where an event keeps the order's id.
_HOLDERS = {
    "order.created": "order_created",
    "order.updated": "order_updated",
    "order.fulfillment.updated": "order_fulfillment_updated",
    "refund.created": "refund",
    "refund.updated": "refund",
    "payment.created": "payment",
    "payment.updated": "payment",
}


class Square:
    """The plug-in."""

    def verify(self, channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        url = channel.options.get("notification_url")
        given = from_base64(arrival.headers.get(_SIGNATURE, ""))
        return url is not None and signed(given, url.encode() + arrival.raw, secrets)

    def message_id(self, arrival: Arrival) -> str | None:
        try:
            found = read_object(arrival.raw).get("event_id")
        except RejectedError:
            return None
        return found if isinstance(found, str) and found else None

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        return read(channel, document) if was_fetched(headers) else [_named(document)]


def _named(event: Document) -> Notice:
    reader = Reader({})
    kind = reader.text(event, "type")
    if kind is None:
        reader.fault("type", "is needed")
    reader.refuse()
    holder = _HOLDERS.get(kind or "")
    if holder is None:
        return Ignored(f"event {(kind or '')[:60]}")
    path = f"data.object.{holder}"
    thing = reader.object(reader.object(reader.object(event, "data"), "object", "data"), holder, "data.object")
    order_id = reader.identifier(thing, "order_id", path, needed=holder.startswith("order"))
    reader.refuse()
    return Fetch(order_id) if order_id else Ignored("a payment of no order")


PLUGIN = Square()
