"""Goods that may not leave the country."""

BAD = {
    "lines": [
        {"sku": "KNIFE", "quantity": 1, "unit_price_minor": 0},
        {"sku": "SEED-1", "quantity": 1, "unit_price_minor": 0},
    ]
}
ITEMS = {"KNIFE": {"not_to": {"DE"}}, "SEED-1": {}}
PARAMS = {"not_to": {"DE": ["SEED-*"], "FR": ["*"]}}
FAULTS = [("lines.0.sku", "KNIFE may not go to DE"), ("lines.1.sku", "SEED-1 may not go to DE")]
