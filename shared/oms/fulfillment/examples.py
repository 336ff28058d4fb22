"""Example requests for the API document: ids of the example order that the local cloud is seeded with."""

from oms.kernel.ids import derive_id

LOCATION = "ber-1"
ORDER_ID = derive_id("ord", "sales_desk", "EXAMPLE-1")
FULFILLMENT_ORDER_ID = derive_id("ful", ORDER_ID, "1", LOCATION)
# The example parcel is booked with the built-in carrier under this tracking number.
SHIPMENT_ID = derive_id("shp", "parcel_post", "EXAMPLE-1")

EXAMPLE_CONFIRMATIONS = {
    "path": {"location": LOCATION},
    "body": {
        "confirmations": [
            {
                "confirmation_id": "wms-000001",
                "fulfillment_order_id": FULFILLMENT_ORDER_ID,
                "order_id": ORDER_ID,
                "kind": "accepted",
                "at": "2026-11-23T09:30:00.000Z",
            }
        ]
    },
}
EXAMPLE_SHIPMENT = {"path": {"shipment_id": SHIPMENT_ID}}
