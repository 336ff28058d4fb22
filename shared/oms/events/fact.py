"""The envelope of every fact: what happened, to what, in which order. Attributes follow CloudEvents 1.0.2.

`subject` is the aggregate (order, fulfillment order, parcel, proposal); `sequence` is its version: it
grows by one with each change, so a consumer can drop what is old and notice what it missed.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

ON_ACCOUNT = "on_account"  # the route of facts that credit must hear: who pays at once costs no message


class FactData(BaseModel):
    """Base of the declared facts. The class name, past tense, is the fact's type; `SOURCE` is who says it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True
    )  # built on first use: a cold start pays less
    SOURCE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def route(self) -> str | None:
        """Facts with different routes are never packed into one bus entry; a rule can match on it."""
        return None


class Fact(BaseModel):
    """One fact in its envelope, as it is stored with the state and as it travels on the bus."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    version: int
    source: str
    subject: str
    order_id: str | None
    sequence: int
    time: str
    route: str | None = None
    data: dict[str, Any]


def envelope(fact: FactData, subject: str, order_id: str | None, version: int, place: int, now: str) -> Fact:
    """A fact of the write that made `version` of `subject`, the `place`-th of it."""
    return Fact(
        id=f"{subject}.{version}.{place}",
        type=type(fact).__name__,
        version=fact.VERSION,
        source=fact.SOURCE,
        subject=subject,
        order_id=order_id,
        sequence=version,
        time=now,
        route=fact.route(),
        data=fact.model_dump(),
    )
