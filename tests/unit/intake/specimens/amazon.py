"""A notification of Amazon names an order. It comes by a queue whose policy lets only Amazon in: nothing is signed."""

import json

from oms.reference.model import Channel

CHANNEL = Channel(
    name="amazon_us", kind="amazon", currencies=frozenset({"USD"}), options={"seller_id": "A3TH9S8BH6GOGM"}
)
MESSAGE = json.dumps(
    {
        "NotificationVersion": "1.0",
        "NotificationType": "ORDER_CHANGE",
        "PayloadVersion": "1.0",
        "EventTime": "2026-11-23T09:29:53.109Z",
        "Payload": {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": "A3TH9S8BH6GOGM",
                "AmazonOrderId": "903-8868176-2219830",
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {"TimeOfOrderChange": "2026-11-23T09:29:04.284Z", "ChangeReason": None},
                "Summary": {
                    "MarketplaceId": "ATVPDKIKX0DER",
                    "OrderStatus": "Unshipped",
                    "FulfillmentType": "MFN",
                    "OrderType": "StandardOrder",
                },
            }
        },
        "NotificationMetadata": {
            "ApplicationId": "amzn1.sellerapps.app.1",
            "SubscriptionId": "9f2f7c26-6b0e-4f5f-9f0e-3a4e9f6a1d11",
            "PublishTime": "2026-11-23T09:29:54.284Z",
            "NotificationId": "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        },
    }
).encode()
HEADERS: dict[str, str] = {}
sign = None
