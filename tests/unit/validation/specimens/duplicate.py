"""The same again, as the guard has found out."""

BAD: dict[str, object] = {}
TRIPPED = True
FAULTS = [("lines", "the same buyer ordered the same within 30 minutes")]
