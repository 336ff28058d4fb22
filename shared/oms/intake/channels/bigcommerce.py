"""BigCommerce: webhooks name an order (Standard Webhooks, signed with the app's client secret), the order is fetched.

A fetched order is what the gateway puts together: `{"order", "products", "shipping_addresses", "refunds"}`.
https://developer.bigcommerce.com/docs/integrations/webhooks, https://developer.bigcommerce.com/docs/rest-management/orders
"""

from collections.abc import Mapping, Sequence

from oms.intake.bigcommerce.order import read
from oms.intake.notices import Arrival, ChannelSecrets, Fetch, Ignored, Notice, was_fetched
from oms.intake.reading import Reader, read_object
from oms.intake.signatures import standard_webhook
from oms.reference.model import Channel

_OURS = frozenset(
    {"created", "updated", "statusUpdated", "refund/created", "transaction/created", "transaction/updated"}
)


class BigCommerce:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        # Their library wants base64(client secret), which it decodes again: the key is the client secret's own bytes.
        return standard_webhook(arrival, secrets, key=str.encode)

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("webhook-id") or None

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        if was_fetched(headers):
            return read(channel, document)
        reader = Reader({})
        scope = reader.text(document, "scope")
        if scope is None:
            reader.fault("scope", "is needed")
        reader.refuse()
        if _event(scope or "") not in _OURS:
            return [Ignored(f"scope {(scope or '')[:60]}")]
        data = reader.object(document, "data")
        found = reader.first(data, ("order_id",), "data") or reader.identifier(data, "id", "data", needed=True)
        reader.refuse()
        return [Fetch(found or "")]


def _event(scope: str) -> str:
    """`created` of `store/order/created` and of `store/channel/1/order/created`; empty for what is no order's."""
    parts = scope.split("/")
    if parts[:2] == ["store", "order"]:
        return "/".join(parts[2:])
    return "/".join(parts[4:]) if parts[:2] == ["store", "channel"] and parts[3:4] == ["order"] else ""


PLUGIN = BigCommerce()
