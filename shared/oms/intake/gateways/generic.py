"""A receiver of Standard Webhooks that is told what it may sell, at the channel's option `levels_url`.

The message is `stock.levels`: SKU, units, the instant, and a number that grows with each level of a SKU, so that a
receiver drops what comes late. Signed with the channel's own secret (`current`).
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Collection, Mapping, Sequence

from oms.intake.fetching import Access, Rate, document_of
from oms.intake.levels.model import Level, Shown
from oms.intake.signatures import standard_key
from oms.kernel.errors import RejectedError
from oms.kernel.ids import derive_id


class GenericGateway:
    """The gateway."""

    needs: Sequence[str] = ("current",)
    rates: Mapping[str, Rate] = {"levels": Rate(1.0, 10)}
    levels_at_once = 50  # a message stays far below the 20 KB that the specification asks for

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        """Raises: RejectedError: it sends its orders and cannot be asked for them."""
        raise RejectedError(f"{access.channel.name} cannot be asked for {external_order_id}", code="not_fetchable")

    def shown_levels(self, _access: Access, _skus: Sequence[str]) -> Mapping[str, Shown] | None:
        """It is told, and tells nothing."""
        return None

    def tell_levels(self, access: Access, levels: Sequence[Level]) -> Collection[str]:
        rows = [{"sku": one.sku, "available": one.units, "sequence": one.sequence, "as_of": one.at} for one in levels]
        raw = document_of(
            type="stock.levels", timestamp=levels[0].at, data={"channel": access.channel.name, "levels": rows}
        )
        url = access.option("levels_url", "")
        access.http.send("POST", url, headers=self._signed(access, raw, levels), body=raw)
        return ()

    def _signed(self, access: Access, raw: bytes, levels: Sequence[Level]) -> dict[str, str]:
        key = standard_key(access.credential("current"))
        if key is None:
            raise RejectedError(f"the secret of {access.channel.name} is no whsec_ secret", code="credentials_missing")
        numbers = [f"{one.sku}:{one.sequence}" for one in levels]
        message_id = derive_id("msg", access.channel.name, *numbers)
        seconds = str(int(access.clock().timestamp()))
        digest = hmac.digest(key, f"{message_id}.{seconds}.".encode() + raw, "sha256")
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


PLUGIN = GenericGateway()
