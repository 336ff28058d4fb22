"""An address that no postman finds."""

BAD = {"ship_to": {"address_lines": ["--"], "city": "Berlin", "postal_code": "1043", "country": "DE"}}
FAULTS = [
    ("ship_to.postal_code", "is not a postal code of DE, which looks like 26133"),
    ("ship_to.address_lines", "name no place"),
]
