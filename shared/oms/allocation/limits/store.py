"""Limits of locations, in the reference table.

| access pattern | how |
|---|---|
| in force, and as they were | editions of the kind `LIMITS` (`oms.reference.editions`), by location |
"""

from oms.reference.editions import EditionStore
from oms.reference.model import LocationLimits

KIND = "LIMITS"


def limits_store(table: str) -> EditionStore[LocationLimits]:
    """Limits of one reference table."""
    return EditionStore(table, KIND, LocationLimits)
