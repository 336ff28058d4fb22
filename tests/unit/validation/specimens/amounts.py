"""An order whose amounts contradict each other in every way."""

BAD = {
    "lines": [{"sku": "LAMP", "quantity": 1, "unit_price_minor": 100, "discount_minor": 101, "tax_minor": 9}],
    "shipping_minor": 0,
    "tax_minor": 5,
    "total_minor": 1,
}
FAULTS = [
    ("lines.0.discount_minor", "is more than the line is worth"),
    ("tax_minor", "the lines alone carry 9, not 5"),
    ("total_minor", "the parts come to 4, not 1"),
]
