"""Who is served first of what is scarce, in the reference table.

| access pattern | how |
|---|---|
| in force, and as they were | editions of the kind `FAIRNESS` (`oms.reference.editions`), by SKU or `*` |
"""

from oms.reference.editions import EditionStore
from oms.reference.model import FairnessPolicy

KIND = "FAIRNESS"


def fairness_store(table: str) -> EditionStore[FairnessPolicy]:
    """Policies of one reference table."""
    return EditionStore(table, KIND, FairnessPolicy)
