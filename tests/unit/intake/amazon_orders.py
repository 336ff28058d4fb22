"""Orders as both of Amazon's APIs answer them, with the amounts that the tests expect."""

from typing import Any

# 1 lamp at 100.00 and 2 mugs at 9.99 less 2.00, postage 5.00 less 1.00, gift wrap 3.49, tax on top 9.87: 135.34
AMAZON_ORDER: dict[str, Any] = {
    "AmazonOrderId": "902-3159896-1390916",
    "PurchaseDate": "2026-11-22T19:49:35Z",
    "LastUpdateDate": "2026-11-23T08:00:00Z",
    "OrderStatus": "Unshipped",
    "FulfillmentChannel": "MFN",
    "SalesChannel": "Amazon.com",
    "ShipServiceLevel": "Std US D2D Dom",
    "ShipmentServiceLevelCategory": "Standard",
    "OrderTotal": {"CurrencyCode": "USD", "Amount": "135.34"},
    "NumberOfItemsShipped": 0,
    "NumberOfItemsUnshipped": 3,
    "PaymentMethod": "Other",
    "PaymentMethodDetails": ["CreditCard", "GiftCertificate"],
    "MarketplaceId": "ATVPDKIKX0DER",
    "OrderType": "StandardOrder",
    "EarliestShipDate": "2026-11-23T08:00:00Z",
    "LatestShipDate": "2026-11-25T07:59:59Z",
    "EarliestDeliveryDate": "2026-11-27T08:00:00Z",
    "LatestDeliveryDate": "2026-12-01T07:59:59Z",
    "IsBusinessOrder": True,
    "IsISPU": False,
    "BuyerInfo": {
        "BuyerEmail": "fzyrv6gwkhbb15c@marketplace.amazon.com",
        "BuyerName": "John Doe",
        "BuyerTaxInfo": {"CompanyLegalName": "A Company Name"},
        "PurchaseOrderNumber": "1234567890123",
    },
}
AMAZON_ITEMS: list[dict[str, Any]] = [
    {
        "ASIN": "B00551Q3CS",
        "OrderItemId": "05015851154158",
        "SellerSKU": "LAMP",
        "Title": "Lamp",
        "QuantityOrdered": 1,
        "QuantityShipped": 0,
        "ItemPrice": {"CurrencyCode": "USD", "Amount": "100.00"},
        "ItemTax": {"CurrencyCode": "USD", "Amount": "8.00"},
        "ShippingPrice": {"CurrencyCode": "USD", "Amount": "5.00"},
        "ShippingTax": {"CurrencyCode": "USD", "Amount": "0.40"},
        "ShippingDiscount": {"CurrencyCode": "USD", "Amount": "1.00"},
        "BuyerInfo": {
            "GiftMessageText": "For you!\nLove, John",
            "GiftWrapPrice": {"CurrencyCode": "USD", "Amount": "3.49"},
            "GiftWrapTax": {"CurrencyCode": "USD", "Amount": "0.28"},
            "GiftWrapLevel": "Classic",
        },
    },
    {
        "ASIN": "BCTU1104UEFB",
        "OrderItemId": "79039765272157",
        "SellerSKU": "MUG",
        "Title": "Mug",
        "QuantityOrdered": 2,
        "QuantityShipped": 0,
        "ItemPrice": {"CurrencyCode": "USD", "Amount": "19.98"},
        "ItemTax": {"CurrencyCode": "USD", "Amount": "1.35"},
        "PromotionDiscount": {"CurrencyCode": "USD", "Amount": "2.00"},
        "PromotionDiscountTax": {"CurrencyCode": "USD", "Amount": "0.16"},
    },
]
AMAZON_ADDRESS: dict[str, Any] = {
    "AmazonOrderId": "902-3159896-1390916",
    "ShippingAddress": {
        "Name": "Michigan address",
        "AddressLine1": "1 cross st",
        "City": "Canton",
        "StateOrRegion": "MI",
        "PostalCode": "48817",
        "CountryCode": "US",
        "Phone": "+1 480-386-0930 ext. 73824",
        "AddressType": "Commercial",
    },
    "DeliveryPreferences": {"DropOffLocation": "Front desk", "AddressInstructions": "Ask for John"},
}

# 2 at 49.99 less 10.00, 1 at 49.99, postage 6.00, tip 5.00, tax on top 8.40: 159.37
AMAZON_2026: dict[str, Any] = {
    "orderId": "123-4567890-1234567",
    "createdTime": "2026-11-22T10:30:00Z",
    "lastUpdatedTime": "2026-11-22T14:45:00Z",
    "programs": ["AMAZON_BUSINESS"],
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER", "marketplaceName": "Amazon.com"},
    "buyer": {
        "buyerName": "John Smith",
        "buyerEmail": "buyer-email@marketplace.amazon.com",
        "buyerCompanyName": "Smith Industries LLC",
        "buyerPurchaseOrderNumber": "PO-2024-12345",
    },
    "recipient": {
        "deliveryAddress": {
            "name": "John Smith",
            "companyName": "Smith Industries LLC",
            "addressLine1": "123 Main Street",
            "addressLine2": "Suite 456",
            "addressLine3": "",
            "city": "Seattle",
            "districtOrCounty": "King County",
            "stateOrRegion": "WA",
            "municipality": "",
            "postalCode": "98101",
            "countryCode": "US",
            "phone": "555-123-4567",
            "addressType": "COMMERCIAL",
        },
        "deliveryPreference": {"dropOffLocation": "Front desk reception", "addressInstruction": "Main lobby"},
    },
    "proceeds": {
        "grandTotal": {"amount": "159.37", "currencyCode": "USD"},
        "breakdowns": [{"type": "DELIVERY_TIP", "subtotal": {"amount": "5.00", "currencyCode": "USD"}}],
    },
    "fulfillment": {
        "fulfillmentStatus": "UNSHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "STANDARD",
        "shipByWindow": {"earliestDateTime": "2026-11-23T00:00:00Z", "latestDateTime": "2026-11-24T23:59:59Z"},
        "deliverByWindow": {"earliestDateTime": "2026-11-26T00:00:00Z", "latestDateTime": "2026-11-28T23:59:59Z"},
    },
    "orderItems": [
        {
            "orderItemId": "12345678901234",
            "quantityOrdered": 2,
            "product": {"asin": "B08N5WRWNW", "sellerSku": "LAMP"},
            "proceeds": {
                "breakdowns": [
                    {"type": "ITEM", "subtotal": {"amount": "99.98", "currencyCode": "USD"}},
                    {"type": "SHIPPING", "subtotal": {"amount": "6.00", "currencyCode": "USD"}},
                    {"type": "DISCOUNT", "subtotal": {"amount": "-10.00", "currencyCode": "USD"}},
                    {
                        "type": "TAX",
                        "subtotal": {"amount": "5.40", "currencyCode": "USD"},
                        "detailedBreakdowns": [
                            {"subtype": "ITEM", "value": {"amount": "5.00", "currencyCode": "USD"}},
                            {"subtype": "SHIPPING", "value": {"amount": "0.40", "currencyCode": "USD"}},
                        ],
                    },
                ]
            },
            "fulfillment": {
                "quantityFulfilled": 0,
                "quantityUnfulfilled": 2,
                "packing": {"giftOption": {"giftMessage": "Happy Holidays!", "giftWrapLevel": "PREMIUM"}},
            },
        },
        {
            "orderItemId": "12345678901235",
            "quantityOrdered": 1,
            "product": {"asin": "B07XJ8C8F5", "sellerSku": "MUG"},
            "proceeds": {
                "breakdowns": [
                    {"type": "ITEM", "subtotal": {"amount": "49.99", "currencyCode": "USD"}},
                    {"type": "TAX", "subtotal": {"amount": "3.00", "currencyCode": "USD"}},
                ]
            },
            "cancellation": {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Changed mind"}},
            "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 1},
        },
    ],
}
