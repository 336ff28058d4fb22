"""Gin for whoever clicks."""

BAD = {"lines": [{"sku": "GIN", "quantity": 1, "unit_price_minor": 0}]}
ITEMS = {"GIN": {"min_age": 18}}
PARAMS = {"by_channel": 16}
FAULTS = [("lines.0.sku", "GIN is for people of 18 and older")]
