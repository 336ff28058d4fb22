"""What has been proved of a position, how far the proof has come, and what a run says."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from oms.inventory.exceptions.model import Trusted
from oms.inventory.model import NOTHING, Change
from oms.kernel.text import Remark
from oms.orders.model import Value

Terms = tuple[tuple[str, int], ...]


class Proof(NamedTuple):
    """Movements up to `version` add up to these units, and the books said the same. `ignored`: entries put right."""

    version: int = 0
    units: Change = NOTHING
    terms: Terms = ()
    ignored: tuple[str, ...] = ()


class Progress(NamedTuple):
    """Up to which instant the journal has been read, and behind which position of which shard the sweep goes on."""

    until: str
    shard: int = 0
    after: str | None = None
    version: int = 0


class Correction(BaseModel):
    """Which side is right: the `balance` as the books have it (counted, say), or the `movements` of the journal."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    trust: Trusted
    note: Remark


class DriftReport(Value):
    """What a run did. `drifted` are new findings; `undecided` positions whose holders changed while they were asked.

    `commitments` and `reserved`: positions whose units were compared with the orders and reservations that hold them.
    """

    until: str
    entries: int
    positions: int
    commitments: int
    reserved: int
    undecided: int
    drifted: int
    resolved: int
    behind: bool
