"""An order of a SKU that nobody knows."""

BAD = {
    "lines": [
        {"sku": "LAMP", "quantity": 1, "unit_price_minor": 0},
        {"sku": "LMAP", "quantity": 1, "unit_price_minor": 0},
    ]
}
FAULTS = [("lines.1.sku", "LMAP is not in the catalogue")]
