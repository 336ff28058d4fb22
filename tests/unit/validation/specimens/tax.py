"""A tax that is asked nowhere, and one on postage that is free."""

BAD = {
    "lines": [{"sku": "LAMP", "quantity": 1, "unit_price_minor": 1_000, "tax_minor": 352}],
    "shipping_minor": 0,
    "tax_minor": 400,
    "total_minor": 1_400,
}
FAULTS = [
    ("lines.0.tax_minor", "is more than 35 % of the line"),
    ("tax_minor", "leaves 48 for shipping of 0"),
]
