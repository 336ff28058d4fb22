"""Fields of the senders that say nothing to an order management system, by pattern, and why."""

from collections.abc import Mapping, Sequence

_TWICE = "says again what another field says that we read"
_SHOP = "the shop's own book-keeping"
_ITEM = "the catalogue knows it by the SKU"
_TRAFFIC = "how the buyer came and what the browser was"
_LATER = "what happened after the order: we are told otherwise, or do it ourselves"
_CARD = "card data: must not be read"
_TAX = "how the tax was worked out; its amount is read"
_BASE = "the same amount in another currency"
_MARKETING = "marketing"

_MAGENTO_AFTER = (
    "(?:amount|discount|discount_tax_compensation|qty|row|shipping|subtotal|tax|total)_(?:online_|offline_)?"
)

UNREAD: Mapping[str, Sequence[tuple[str, str]]] = {
    "shopify": (
        (r".*presentment_.*|.*_set\.shop_money\..*", _BASE),
        (r"(?:billing|shipping)_address\.(?:first_name|last_name|country|province|phone)", _TWICE),
        (r"contact_email|(?:customer\.)?admin_graphql_api_id|.*\.admin_graphql_api_id|number|order_number", _TWICE),
        (r"subtotal_price|total_line_items_price|total_outstanding|total_weight|current_.*", _TWICE),
        (r"shipping_lines\.\*\.(?:discounted_price|id|source)|line_items\.\*\.pre_tax_price", _TWICE),
        (r"customer\..*", "who they are to the shop; who ordered stands in the address and the e-mail"),
        (r"cancel_reason|confirmed|tags|test|token|order_status_url|estimated_taxes|tax_exempt|source_name", _SHOP),
        (r"line_items\.\*\.(?:attributed_staffs\..*|fulfillment_service|fulfillable_quantity)", _SHOP),
        (r"line_items\.\*\.(?:grams|name|title|product_.*|variant_.*|taxable|gift_card)", _ITEM),
        (r"buyer_accepts_marketing|customer_locale", _MARKETING),
        (r"transactions\..*", _LATER),
    ),
    "woocommerce": (
        (r"_links\..*|cart_hash|created_via|order_key|parent_id|version|meta_data\..*", _SHOP),
        (r"customer_(?:id|ip_address|user_agent)", _TRAFFIC),
        (r"date_(?:created|modified|paid)|payment_method|cart_tax|shipping_tax|discount_(?:tax|total)", _TWICE),
        (r"tax_lines\..*|.*\.taxes\..*|.*\.subtotal_tax|prices_include_tax|.*\.tax_status", _TAX),
        (r"fee_lines\.\*\.(?:amount|id|name|total_tax)|line_items\.\*\.price", _TWICE),
        (r"shipping_lines\.\*\.(?:id|total|total_tax|meta_data\..*)", _TWICE),
        (r"line_items\.\*\.(?:name|product_id|variation_id|meta_data\.\*\.id)", _ITEM),
        (r"refunds\.\*\.refund", "why money went back; how much is read"),
    ),
    "walmart": (
        (r".*\.(?:chargeName|taxName|unitOfMeasurement)|.*\.tax\.taxAmount\.currency", _TWICE),
        (r".*\.refundCharge\.\*\.charge\.(?:chargeType|chargeAmount\.currency)", _TWICE),
        (r".*\.fulfillment\.(?:pickUp.*|shipMethod|shippingProgramType)", _TWICE),
        (r".*\.fulfillment\.storeId", "matters at a store only; read there"),
        (r".*\.item\.productName", _ITEM),
        (r".*\.(?:returnCenterAddress|trackingInfo)\..*", _LATER),
        (r".*\.cancellationReason|.*\.refundReason|.*\.refundComments", "why; how many and how much is read"),
        (r"orderType", _TWICE),
        (r"shipNode\.(?:id|name)|.*\.addressType", _SHOP),
        (r".*\.statusQuantity\.amount", "matters for a line cancelled in part; none is given, a test of ours has one"),
    ),
    "magento": (
        (r"(?:.*\.)?base_.*|.*_to_(?:base|order|global)_rate|(?:global|store)_currency_code", _BASE),
        (r"payment\.(?:cc_|echeck_).*", _CARD),
        (r"payment\.(?!method|last_trans_id|amount_authorized|po_number).*|payment_.*|protect_code", _SHOP),
        (rf"(?:items\.\*\.)?{_MAGENTO_AFTER}(?:invoiced|captured|refunded|returned|backordered|canceled)", _LATER),
        (r"adjustment_.*|status_histories\..*|edit_increment|relation_.*|hold_before_.*|original_increment_id", _LATER),
        (r"(?:billing_|shipping_)?address(?:es)?\.(?:\*\.)?(?:.*_id|email|fax|region|vat_.*)", _SHOP),
        (r"customer_(?!email|note$).*|ext_.*|store_.*|quote_.*|.*_address_id", _SHOP),
        (r"x_forwarded_for|remote_ip|email_sent", _TRAFFIC),
        (r"(?:.*\.)?applied_rule_ids|coupon_code|discount_description|custom_attributes\..*|can_ship.*|status", _SHOP),
        (r"forced_shipment_with_invoice|real_order_id|total_(?:item_count|qty_ordered|due)|weight|subtotal.*", _TWICE),
        (r"shipping_(?:incl_tax|tax_amount|tax_refunded|discount_amount)|discount_tax_compensation_amount", _TWICE),
        (r"items\.\*\.(?:price.*|original_price|row_total_incl_tax|discount_percent|amount_refunded)", _TWICE),
        (r"items\.\*\.(?:tax_before_discount|tax_percent|weee_tax_(?!applied_row).*|gw_.*|discount_tax_.*ed)", _TAX),
        (r"items\.\*\.(?:name|description|weight|row_weight|product_id|additional_data|custom_attributes\..*)", _ITEM),
        (r"items\.\*\.(?:event_id|ext_.*|free_shipping|is_qty_decimal|locked_.*|no_discount|quote_item_id)", _SHOP),
        (r"items\.\*\.(?:store_id|created_at|updated_at|qty_shipped)", _SHOP),
    ),
    "amazon": (
        (r"address\.AmazonOrderId|order\.ShipmentServiceLevelCategory|.*\.ExtendedFields\..*", _TWICE),
        (r"order\.(?:Automated|DefaultShipFrom|EasyShip|Electronic|FulfillmentInstruction).*", _SHOP),
        (r"order\.(?:Is.*|MarketplaceId|OrderType|PaymentMethod|SalesChannel|NumberOfItems.*)", _SHOP),
        (r"order\.FulfillmentChannel", "AFN is not ours; read there"),
        (r"order\.Earliest.*Date", "when at the earliest; the latest is what binds"),
        (r"orderItems\.\*\.(?:ASIN|Condition.*|Title|ProductInfo\..*|SerialNumberRequired|StoreChainStoreId)", _ITEM),
        (r"orderItems\.\*\.(?:Is.*|DeemedResellerCategory|QuantityShipped)", _SHOP),
    ),
    "square": (
        (r"order\.(?:discounts|taxes)\..*", "how they were worked out; their amounts are on the lines"),
        (r"order\.line_items\.\*\.applied_(?:discounts|taxes)\..*", _TWICE),
        (r"order\.line_items\.\*\.(?:base_price|variation_total_price|total|total_service_charge)_money\..*", _TWICE),
        (r"order\.line_items\.\*\.modifiers\.\*\.(?:.*_money\..*|catalog_object_id|uid)", _TWICE),
        (r"order\.(?:net_amounts|total_discount_money)\..*|order\.updated_at", _TWICE),
        (r"order\.line_items\.\*\.(?:name|variation_name)", _ITEM),
        (r"order\.location_id", "the store that sold it; which location ships is ours to decide"),
        (r"order\.source\.name", _SHOP),
    ),
    "bigcommerce": (
        (r".*(?:_ex_tax|_tax|_tax_class_id|base_.*)", _TWICE),
        (r".*(?:currency_id|currency_exchange_rate|_transactional_exchange_rate)", _BASE),
        (r".*\.(?:url|resource)|order\.(?:cart_id|channel_id|customer_id|custom_status|status|tax_provider_id)", _SHOP),
        (r"order\.(?:ebay_order_id|external_source|order_source|geoip_.*|ip_address)", _TRAFFIC),
        (r"order\.(?:is_email_opt_in|customer_locale)", _MARKETING),
        (r"order\.(?:items_total|items_shipped|shipping_address_count|refunded_amount)", _TWICE),
        (r".*\.country|order\.billing_address\.(?:email|phone)|order\.currency_code", _TWICE),
        (r"products\.\*\.(?:name.*|product_id|weight|upc|type|bin_picking_number|option_set_id)", _ITEM),
        (r"products\.\*\.is_bundled_product", _ITEM),
        (r"products\.\*\.(?:applied_discounts\..*|cost_.*|price_.*|fixed_shipping_cost|order.*|parent_.*)", _TWICE),
        (r"products\.\*\.product_options\..*", _ITEM),
        (r"products\.\*\.(?:is_refunded|quantity_.*|refund_amount|return_id|wrapping_.*)", _LATER),
        (r"shipping_addresses\.\*\.(?:id|order_id|items_shipped|shipping_zone.*|cost_.*|handling_.*)", _SHOP),
    ),
    "ebay": (
        (r"buyer\..*|legacyOrderId|salesRecordReference|sellerId|totalFeeBasisAmount\..*", _SHOP),
        (r".*ollectAndRemit.*|paymentSummary\.(?:totalDueSeller|payments\.\*\.paymentHolds).*", _SHOP),
        (r"lineItems\.\*\.(?:title|legacy.*|.*MarketplaceId|soldFormat|properties\..*)", _ITEM),
        (r".*[mM]inEstimatedDeliveryDate|.*\.guaranteedDelivery", "when at the earliest; the latest is what binds"),
        (r"lineItems\.\*\.(?:total|deliveryCost)\..*|pricingSummary\.priceSubtotal\..*", _TWICE),
        (r"paymentSummary\.payments\.\*\.(?:amount\..*|paymentStatus)|.*\.county", _TWICE),
        (r"fulfillmentStartInstructions\.\*\.(?:ebaySupportedFulfillment|fulfillmentInstructionsType)", _SHOP),
        (r"lineItems\.\*\.lineItemFulfillmentStatus", _LATER),
        (r"lineItems\.\*\.lineItemFulfillmentInstructions\.maxEstimatedDeliveryDate", _TWICE),
    ),
}  # fmt: skip
