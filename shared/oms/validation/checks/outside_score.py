"""What an outside scorer thinks of the order. It has so long to answer; without an answer the order goes on."""

from typing import Annotated

from pydantic import Field

from oms.kernel.errors import Fault
from oms.validation.check import Check, Facts, Params
from oms.validation.model import OrderToCheck


class Asked(Params):
    """Where the scorer is, how long it is waited for, and the score (0 to 100) from which it is a finding."""

    url: Annotated[str, Field(max_length=500)] = ""
    timeout_ms: Annotated[int, Field(ge=50, le=2_000)] = 300
    threshold: Annotated[int, Field(ge=1, le=100)] = 75


def check(_: OrderToCheck, facts: Facts, params: Asked) -> list[Fault]:
    if facts.score is None or facts.score.value < params.threshold:
        return []
    why = f": {', '.join(facts.score.reasons)}" if facts.score.reasons else ""
    return [Fault("customer", f"scored {facts.score.value}{why}")]


PLUGIN = Check("high_outside_score", check, "off", Asked, "high_risk_of_fraud", asks_scorer=True)
