"""Batteries to where they may not be carried, and too many."""

BAD = {"lines": [{"sku": "BATTERY", "quantity": 3, "unit_price_minor": 0}]}
ITEMS = {"BATTERY": {"hazmat": "UN3480"}}
PARAMS = {"to": ["US"], "units": 2}
FAULTS = [
    ("lines.0.sku", "BATTERY (UN3480) may not be carried to DE"),
    ("lines", "3 units of dangerous goods are more than 2"),
]
