"""Orders as the markets' APIs answer them, in the shapes of the real ones, with amounts that the tests expect."""

from typing import Any


def _converted(shown: str, meant: str) -> dict[str, str]:
    return {"value": shown, "currency": "USD", "convertedFromValue": meant, "convertedFromCurrency": "EUR"}


# 2 at 8.90, converted for display, 1.78 off; postage 1.60 less 0.60: 17.02 EUR
EBAY_ORDER: dict[str, Any] = {
    "orderId": "07-07160-44920343",
    "legacyOrderId": "124145389616-2415984552002",
    "creationDate": "2026-11-22T08:51:06.000Z",
    "lastModifiedDate": "2026-11-22T12:47:54.000Z",
    "orderFulfillmentStatus": "NOT_STARTED",
    "orderPaymentStatus": "PAID",
    "buyer": {"username": "nfc21-consumer-01"},
    "buyerCheckoutNotes": "Bitte beim Nachbarn abgeben",
    "pricingSummary": {
        "priceSubtotal": _converted("21.26", "17.80"),
        "priceDiscount": _converted("-2.12", "-1.78"),
        "deliveryCost": _converted("1.91", "1.60"),
        "deliveryDiscount": _converted("-0.72", "-0.60"),
        "total": _converted("20.33", "17.02"),
    },
    "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
    "paymentSummary": {"refunds": [], "payments": [{"paymentMethod": "EBAY", "paymentReferenceId": "420004_S"}]},
    "fulfillmentStartInstructions": [
        {
            "fulfillmentInstructionsType": "SHIP_TO",
            "minEstimatedDeliveryDate": "2026-11-24T22:00:00.000Z",
            "maxEstimatedDeliveryDate": "2026-11-26T22:00:00.000Z",
            "ebaySupportedFulfillment": False,
            "shippingStep": {
                "shipTo": {
                    "fullName": "Carl Consumer",
                    "contactAddress": {
                        "addressLine1": "Consumer Str. 42",
                        "city": "Mülheim",
                        "postalCode": "45481",
                        "countryCode": "DE",
                    },
                    "primaryPhone": {"phoneNumber": "0208 123"},
                    "email": "carl@members.ebay.com",
                },
                "shippingCarrierCode": "Deutsche Post",
                "shippingServiceCode": "DE_DeutschePostBrief",
            },
        }
    ],
    "lineItems": [
        {
            "lineItemId": "10042355857307",
            "legacyItemId": "124145389616",
            "sku": "68929",
            "title": "2 NFC Anhänger Polyamid, blau & schwarz",
            "lineItemCost": _converted("21.26", "17.80"),
            "discountedLineItemCost": _converted("19.14", "16.02"),
            "quantity": 2,
            "taxes": [],
            "lineItemFulfillmentInstructions": {"shipByDate": "2026-11-23T21:59:59.000Z", "guaranteedDelivery": False},
        }
    ],
}

# 1 lamp 65.23 and 2 mugs 40.01 with tax, postage 12.00, discount 5.00 and coupon 5.00, of which 1.59 is the lamp's
BIGCOMMERCE: dict[str, Any] = {
    "order": {
        "id": 218,
        "date_created": "Tue, 05 Mar 2019 21:40:11 +0000",
        "date_modified": "Mon, 11 Mar 2019 16:17:25 +0100",
        "status_id": 11,
        "status": "Awaiting Fulfillment",
        "subtotal_inc_tax": "105.2400",
        "shipping_cost_inc_tax": "12.0000",
        "handling_cost_inc_tax": "0.0000",
        "wrapping_cost_inc_tax": "0.0000",
        "total_inc_tax": "107.2400",
        "total_tax": "14.0550",
        "payment_method": "Cash",
        "payment_provider_id": "txn-9",
        "payment_status": "captured",
        "refunded_amount": "0.0000",
        "order_is_digital": False,
        "store_credit_amount": "0.0000",
        "gift_certificate_amount": "0.0000",
        "currency_code": "CAD",
        "default_currency_code": "USD",
        "customer_message": "Ring twice",
        "discount_amount": "5.0000",
        "coupon_discount": "5.0000",
        "is_deleted": False,
        "billing_address": {
            "first_name": "Jane",
            "last_name": "Doe",
            "company": "",
            "street_1": "555 East Street",
            "street_2": "",
            "city": "Austin",
            "state": "Texas",
            "zip": "78108",
            "country_iso2": "US",
            "phone": "1234567890",
            "email": "janedoe@example.com",
            "form_fields": [{"name": "Delivery Instructions", "value": "Leave in backyard"}],
        },
    },
    "products": [
        {
            "id": 65,
            "sku": "LAMP",
            "type": "physical",
            "total_inc_tax": "65.2300",
            "total_tax": "9.2400",
            "quantity": 1,
            "wrapping_name": "Gift box",
            "wrapping_message": "To Ann",
            "applied_discounts": [{"id": "manual-discount", "amount": "1.5900", "target": "order"}],
        },
        {"id": 66, "sku": "MUG", "type": "physical", "total_inc_tax": "40.0100", "total_tax": "3.9000", "quantity": 2},
    ],
    "shipping_addresses": [
        {
            "id": 132,
            "first_name": "Trishy",
            "last_name": "Test",
            "company": "Acme Pty Ltd",
            "street_1": "666 Sussex St",
            "street_2": "",
            "city": "San Antonio",
            "zip": "78251",
            "country_iso2": "US",
            "state": "Texas",
            "email": "trishy@example.com",
            "phone": "",
            "items_total": 3,
            "shipping_method": "Free Shipping",
            "form_fields": [],
        },
        {"id": 133, "first_name": "Jane", "last_name": "Doe", "items_total": 0},
    ],
    "refunds": [],
}
BIGCOMMERCE_REFUNDS: list[dict[str, Any]] = [
    {
        "id": 3,
        "order_id": 218,
        "total_amount": "10.00",
        "items": [
            {"item_type": "PRODUCT", "item_id": 66, "quantity": 1, "requested_amount": None},
            {"item_type": "SHIPPING", "item_id": 132, "quantity": 1, "requested_amount": "1.00"},
        ],
    }
]

SQUARE_SKUS = {"BEMYCSMIJL46OCDV4KYIKXIB": "STEAK-L", "DB7L55ZH2BGWI4H23ULIWOQ8": "STEAK-S"}
_USD = {"currency": "USD"}
# 15.99 less 0.87, 2 at 22.50 less 3.46, tax on top 5.10: 61.76
SQUARE_SHIPMENT: dict[str, Any] = {
    "id": "CAISENgvlJ6jLWAzERDzjyHVybY",
    "location_id": "057P5VYJ4A5X1",
    "reference_id": "my-order-001",
    "created_at": "2026-11-22T20:47:53.293Z",
    "updated_at": "2026-11-22T20:47:53.293Z",
    "state": "OPEN",
    "version": 4,
    "line_items": [
        {
            "uid": "8uSwfzvUImn3IRrvciqlXC",
            "catalog_object_id": "DB7L55ZH2BGWI4H23ULIWOQ8",
            "name": "New York Strip Steak",
            "quantity": "1",
            "gross_sales_money": {"amount": 1599, **_USD},
            "total_discount_money": {"amount": 87, **_USD},
            "total_tax_money": {"amount": 136, **_USD},
        },
        {
            "uid": "v8ZuEXpOJpb0bazLuvrLDB",
            "catalog_object_id": "BEMYCSMIJL46OCDV4KYIKXIB",
            "name": "New York Steak",
            "note": "With pepper",
            "modifiers": [{"uid": "m1", "name": "Well", "total_price_money": {"amount": 100, **_USD}}],
            "quantity": "2",
            "gross_sales_money": {"amount": 4500, **_USD},
            "total_discount_money": {"amount": 346, **_USD},
            "total_tax_money": {"amount": 374, **_USD},
        },
    ],
    "total_service_charge_money": {"amount": 0, **_USD},
    "total_tip_money": {"amount": 0, **_USD},
    "total_tax_money": {"amount": 510, **_USD},
    "total_discount_money": {"amount": 433, **_USD},
    "total_money": {"amount": 6176, **_USD},
    "net_amount_due_money": {"amount": 0, **_USD},
    "tenders": [{"id": "t1", "type": "CARD", "payment_id": "pay-1", "amount_money": {"amount": 6176, **_USD}}],
    "fulfillments": [
        {
            "uid": "f1",
            "type": "SHIPMENT",
            "state": "PROPOSED",
            "shipment_details": {
                "recipient": {
                    "display_name": "Ada Lovelace",
                    "email_address": "ada@example.com",
                    "phone_number": "+1 202 555 0101",
                    "address": {
                        "address_line_1": "500 Electric Ave",
                        "address_line_2": "Suite 600",
                        "locality": "New York",
                        "administrative_district_level_1": "NY",
                        "postal_code": "10003",
                        "country": "US",
                    },
                },
                "shipping_note": "Leave at the door",
                "shipping_type": "First Class",
                "expected_shipped_at": "2026-11-24T18:00:00Z",
            },
        }
    ],
}
SQUARE_PICKUP: dict[str, Any] = {
    **SQUARE_SHIPMENT,
    "id": "PICKUP1",
    "fulfillments": [
        {
            "uid": "f1",
            "type": "PICKUP",
            "state": "RESERVED",
            "pickup_details": {
                "recipient": {"display_name": "Jaiden Urie", "phone_number": "+1 202 555 0102"},
                "pickup_at": "2026-11-24T20:21:54.859Z",
                "note": "Pour over coffee",
            },
        }
    ],
}
SQUARE_LOCATION: dict[str, Any] = {
    "id": "057P5VYJ4A5X1",
    "name": "Market Street",
    "address": {
        "address_line_1": "1455 Market St",
        "locality": "San Francisco",
        "administrative_district_level_1": "CA",
        "postal_code": "94103",
        "country": "US",
    },
}
