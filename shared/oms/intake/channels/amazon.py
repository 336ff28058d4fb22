"""Amazon's Selling Partner API: a notification names an order, the order is fetched.

Notifications come by SQS (or EventBridge) and are not signed: the queue's policy lets only Amazon's account in, so
over HTTP nobody is believed. https://developer-docs.amazon.com/sp-api/docs/order-change-notification

A fetched order is a v0 order (`AmazonOrderId`, put together by the gateway from three calls) or one of 2026-01-01
(`orderId`). What Amazon ships itself (FBA), what is not paid yet, and what has left already is none of our work.
"""

from collections.abc import Mapping, Sequence

from oms.intake.amazon import v0, v2026
from oms.intake.amazon.model import OWN_IDS
from oms.intake.notices import Arrival, ChannelSecrets, Fetch, Ignored, Notice, was_fetched
from oms.intake.reading import Document, Reader, read_object
from oms.kernel.errors import RejectedError
from oms.reference.model import Channel

_TYPE = "ORDER_CHANGE"


class Amazon:
    """The plug-in."""

    own_ids = OWN_IDS

    def verify(self, _channel: Channel, _arrival: Arrival, _secrets: ChannelSecrets) -> bool:
        return False

    def concerns(self, channel: Channel, arrival: Arrival) -> bool:
        """Whether the notification is about the channel's seller and one of its marketplaces."""
        try:
            seller, marketplace = _addressee(notification_of(read_object(arrival.raw)))
        except RejectedError:
            return False
        markets = [each for each in channel.options.get("marketplace_ids", "").split(",") if each]
        return (
            seller is not None
            and seller == channel.options.get("seller_id")
            and (not markets or marketplace is None or marketplace in markets)
        )

    def message_id(self, arrival: Arrival) -> str | None:
        try:
            metadata = notification_of(read_object(arrival.raw)).get("NotificationMetadata")
        except RejectedError:
            return None
        found = metadata.get("NotificationId") if isinstance(metadata, dict) else None
        return found if isinstance(found, str) and found else None

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        if was_fetched(headers):
            return v2026.read(channel, document) if "orderId" in document else v0.read(channel, document)
        return [_notice(channel, notification_of(document))]


def notification_of(document: Document) -> Document:
    """The notification itself: EventBridge wraps it into `detail`."""
    detail = document.get("detail")
    return detail if isinstance(detail, dict) else document


def _addressee(notification: Document) -> tuple[str | None, str | None]:
    """The seller and the marketplace that an order notification is about."""
    reader = Reader({})
    change = _change(reader, notification)
    return reader.text(change, "SellerId"), reader.text(reader.object(change, "Summary"), "MarketplaceId")


def _change(reader: Reader, notification: Document) -> Document:
    return reader.object(reader.object(notification, "Payload"), "OrderChangeNotification", "Payload")


def _notice(channel: Channel, notification: Document) -> Notice:
    reader = Reader({})
    kind = reader.text(notification, "NotificationType")
    if kind != _TYPE:
        reader.refuse()
        if kind is None:
            reader.fault("NotificationType", "is needed")
            reader.refuse()
        return Ignored(f"notification {kind}")
    path = "Payload.OrderChangeNotification"
    change = _change(reader, notification)
    order_id = reader.identifier(change, "AmazonOrderId", path, needed=True)
    seller = reader.text(change, "SellerId", path)
    summary = reader.object(change, "Summary", path)
    reader.refuse()
    ours = channel.options.get("seller_id")
    if ours and seller != ours:
        return Ignored("of another seller")
    if summary.get("FulfillmentType") == "AFN":
        return Ignored("Amazon fulfils it")
    return Fetch(order_id or "")


PLUGIN = Amazon()
