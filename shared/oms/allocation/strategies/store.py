"""Sourcing strategies, in the reference table.

| access pattern | how |
|---|---|
| in force, drafted, as they were | editions of the kind `SOURCING` (`oms.reference.editions`) |
"""

from oms.allocation.sourcing.strategy import Strategy
from oms.reference.editions import EditionStore

KIND = "SOURCING"


def strategy_store(table: str) -> EditionStore[Strategy]:
    """Strategies of one reference table."""
    return EditionStore(table, KIND, Strategy)
