"""What everybody stands on: settings, the clock, orders, reference data, secrets, seals, the way to the bus."""

import os
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from oms.kernel.time import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from oms.aws.leases import Leases
    from oms.aws.outbox import Outbox
    from oms.aws.secrets import Secrets
    from oms.kernel.signing import Seal
    from oms.orders.model import Order
    from oms.orders.store import OrderStore
    from oms.reference.store import ReferenceStore

# Where partners are simulated: only there may an address be a private one.
STAGES_AT_HOME = ("local", "test")


class Ground:
    """Settings and what needs nothing else."""

    def __init__(self, environment: dict[str, str] | None = None, clock: Clock = utc_now) -> None:
        self._environment = dict(os.environ) if environment is None else environment
        self.clock = clock

    def setting(self, name: str) -> str:
        """One setting.

        Raises:
            KeyError: the function was deployed without it.
        """
        return self._environment[name]

    def address_of(self, gateway: "Mapping[str, Any]") -> str:
        """Where the API is, by the request context that API Gateway makes and no caller can forge.

        The local cloud has no names of its own: there a path of its address leads to an API.
        """
        domain, stage = str(gateway.get("domainName", "localhost")), str(gateway.get("stage", "$default"))
        cloud = self._environment.get("AWS_ENDPOINT_URL")
        if cloud and self._environment.get("STAGE") in STAGES_AT_HOME:
            return f"{cloud.rstrip('/')}/_aws/execute-api/{gateway.get('apiId', '')}/{quote(stage, safe='')}"
        return f"https://{domain}" + ("" if stage == "$default" else f"/{quote(stage, safe='')}")

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

    @cached_property
    def limits(self) -> "Leases":
        """How often callers may call."""
        from oms.aws.buckets import Buckets
        from oms.aws.leases import Leases

        return Leases(Buckets(self.setting("LIMITS_TABLE")))

    @cached_property
    def secrets(self) -> "Secrets":
        from oms.aws.secrets import Secrets

        return Secrets()

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
        from oms.kernel.signing import Seal

        return Seal(self.secrets.read(self.setting("PEPPER_SECRET"))["pepper"].encode(), purpose)
