"""The twenty-first order in an hour, as the guard has found out."""

BAD: dict[str, object] = {}
TRIPPED = True
FAULTS = [("customer", "more than 20 orders within 60 minutes")]
