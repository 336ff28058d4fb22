"""A slip of the finger."""

BAD = {"lines": [{"sku": "LAMP", "quantity": 10_001, "unit_price_minor": 0}]}
FAULTS = [("lines.0.quantity", "is more than 10000")]
