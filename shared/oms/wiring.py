"""The composition root: the only reader of the environment, and the only place that knows which store serves whom.

Everything is made on first use, so that a function pays only for what it names.
"""

import os
from functools import cached_property
from typing import TYPE_CHECKING

from oms.kernel.time import Clock, utc_now

if TYPE_CHECKING:
    from oms.aws.outbox import Outbox
    from oms.kernel.signing import Seal
    from oms.orders.model import Order
    from oms.orders.store import OrderStore
    from oms.reference.store import ReferenceStore


class Wiring:
    """What exists, by name. Tests make their own with another environment and clock."""

    def __init__(self, environment: dict[str, str] | None = None, clock: Clock = utc_now) -> None:
        self._environment = dict(os.environ) if environment is None else environment
        self.clock = clock

    def setting(self, name: str) -> str:
        """One setting.

        Raises:
            KeyError: the function was deployed without it.
        """
        return self._environment[name]

    @cached_property
    def stage(self) -> str:
        return self.setting("STAGE")

    @cached_property
    def orders(self) -> "OrderStore":
        from oms.orders.store import OrderStore

        return OrderStore(self.setting("ORDERS_TABLE"))

    @cached_property
    def reference(self) -> "ReferenceStore":
        from oms.reference.store import ReferenceStore

        return ReferenceStore(self.setting("REFERENCE_TABLE"))

    # -- tracking, read API, publisher
    @cached_property
    def outbox(self) -> "Outbox":
        from oms.aws.outbox import Outbox
        from oms.aws.queues import Queue

        return Outbox(self.setting("BUS_NAME"), Queue(self.setting("PARKED_FACTS_QUEUE_URL")))

    @cached_property
    def link_seal(self) -> "Seal":
        """Signs tracking links."""
        return self._seal("tracking-link")

    @cached_property
    def cursor_seal(self) -> "Seal":
        """Signs page cursors."""
        return self._seal("cursor")

    def tracking_token(self, order: "Order") -> str:
        from oms.kernel.time import from_text
        from oms.tracking.links import token_for

        return token_for(order.id, from_text(order.submitted_at), self.link_seal)

    def _seal(self, purpose: str) -> "Seal":
        from oms.aws.secrets import read_secret
        from oms.kernel.signing import Seal

        return Seal(read_secret(self.setting("PEPPER_SECRET"))["pepper"].encode(), purpose)


_current: Wiring | None = None


def wire() -> Wiring:
    """The wiring of this process."""
    global _current  # noqa: PLW0603  one process, one wiring
    if _current is None:
        _current = Wiring()
    return _current


def rewire(wiring: Wiring | None) -> None:
    """Use another wiring (tests, `make invoke`); None makes a fresh one from the environment next time."""
    global _current  # noqa: PLW0603  see `wire`
    _current = wiring
