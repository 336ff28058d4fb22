"""An order to where nothing goes."""

BAD = {
    "ship_to": {"address_lines": ["1 Rue de Rivoli"], "city": "Paris", "postal_code": "75001", "country": "FR"},
}
FAULTS = [("ship_to.country", "nothing ships to FR")]
