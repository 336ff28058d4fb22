"""The published signature vectors, checked by the code that checks the senders' messages."""

import json
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from oms.intake.channels.shopify import PLUGIN as SHOPIFY
from oms.intake.notices import Arrival, ChannelSecrets
from oms.intake.signatures import signed, standard_webhook
from tests.reliability.payloads import channel_of
from tests.shared_data import shared_path

Vector = Mapping[str, Any]
_NOW = datetime(2026, 11, 23, tzinfo=UTC)


def vectors() -> list[Vector]:
    """The given vectors; none where the data is not here."""
    path = shared_path("2_order_source_payloads", "given", "signatures", "webhook_signature_vectors.json")
    found: list[Vector] = json.loads(path.read_text()) if path else []
    return found


def judged(vector: Vector) -> bool:
    """What our code says of the vector: genuine or not."""
    scheme = vector["scheme"].split()[0]
    return _SCHEMES[scheme](vector, ChannelSecrets(vector["secret"]))


def _shopify(vector: Vector, secrets: ChannelSecrets) -> bool:
    arrival = Arrival({"x-shopify-hmac-sha256": vector["signature"]}, vector["body"].encode(), _NOW)
    return SHOPIFY.verify(channel_of("shopify"), arrival, secrets)


def _standard(vector: Vector, secrets: ChannelSecrets) -> bool:
    """At the time of the vector, which is years ago."""
    then = datetime.fromtimestamp(int(vector["headers"]["webhook-timestamp"]), UTC)
    return standard_webhook(Arrival(vector["headers"], vector["body"].encode(), then), secrets)


def _easypost(vector: Vector, secrets: ChannelSecrets) -> bool:
    """EasyPost's: no channel for orders, but the same check with a key of its own making."""
    given = bytes.fromhex(vector["signature"].removeprefix("hmac-sha256-hex="))
    return signed(
        given, vector["body"].encode(), secrets, key=lambda secret: unicodedata.normalize("NFKD", secret).encode()
    )


_SCHEMES: Mapping[str, Callable[[Vector, ChannelSecrets], bool]] = {
    "shopify": _shopify,
    "standard-webhooks": _standard,
    "easypost": _easypost,
}


def figures() -> list[tuple[str, str]]:
    """How many of the vectors are judged right."""
    found = vectors()
    right = sum(judged(vector) is vector["expect_valid"] for vector in found)
    return [("published signature vectors judged right", f"{right} of {len(found)}")] if found else []


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:60} {value}")  # noqa: T201  a command prints
