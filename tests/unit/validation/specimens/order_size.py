"""An order that is too large by worth and by units, with too much off."""

BAD = {
    "lines": [{"sku": "LAMP", "quantity": 101, "unit_price_minor": 100, "discount_minor": 5_051}],
    "total_minor": 5_049,
}
PARAMS = {"amount_minor": {"EUR": 5_000}, "units": 100, "lines": 1, "discount_pct": 50}
FAULTS = [
    ("total_minor", "is above 50.00 EUR"),
    ("lines", "101 units are more than 100"),
    ("discount_minor", "more than 50 % is off"),
]
