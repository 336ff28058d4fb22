"""Express, for a thousand euros, billed abroad to somebody else."""

BAD = {
    "lines": [{"sku": "LAMP", "quantity": 20, "unit_price_minor": 5_000}],
    "total_minor": 100_000,
    "customer": {"name": "Zoë Krüger", "email": "zoe@gmail.com", "phone": "+44 20 7946 0000"},
    "delivery": {"service": "DHL Express 12:00"},
    "bill_to": {"name": "John Smith", "address_lines": ["1 High St"], "city": "London", "country": "GB"},
}
FAULTS = [
    (
        "customer",
        (
            "risk 100: a high amount, billed to another country, billed to another name, "
            "a telephone of another country, "
            "a free e-mail address with a high amount, express with a high amount, many units of one article"
        ),
    )
]
