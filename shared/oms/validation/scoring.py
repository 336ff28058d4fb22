"""The gateway to an outside scorer: one JSON request, answered in time or not at all.

Asked: `POST <url>` with what tells orders apart and no person (see `document`). Answered: `{"score": 0..100, "reasons":
["code", ...]}`. Whatever else comes, or comes too late, is no answer: an order never waits for a scorer.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from oms.aws.http import Http
from oms.kernel.errors import RejectedError, TransientError
from oms.kernel.json import write_json
from oms.validation.check import Score
from oms.validation.model import OrderToCheck

_log = logging.getLogger("baton.validation")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_REASONS = 5
_HIGHEST = 100
_REST_S = 30.0  # after a failure the scorer is left alone so long: a dead one must not slow every order


class HttpScorer:
    """Asks over HTTPS. `client` makes one that waits so many seconds; `key` is the bearer token, if there is one."""

    def __init__(
        self,
        *,
        client: Callable[[float], Http],
        key: Callable[[], str | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._key = key
        self._monotonic = monotonic
        self._clients: dict[int, Http] = {}
        self._rests_until = 0.0

    def __call__(self, order: OrderToCheck, buyer: str, *, url: str, timeout_ms: int) -> Score | None:
        if not url or self._monotonic() < self._rests_until:
            return None
        client = self._clients.get(timeout_ms)
        if client is None:
            client = self._clients[timeout_ms] = self._client(timeout_ms / 1_000)
        key = self._key()
        headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        try:
            reply = client.send("POST", url, headers=headers, body=write_json(document(order, buyer)).encode())
            score = _score(reply.json()) if reply.found else None
        except (TransientError, RejectedError) as error:
            self._rests_until = self._monotonic() + _REST_S
            _log.warning(write_json({"message": "no score", "error": str(error)}))
            return None
        return score


def document(order: OrderToCheck, buyer: str) -> dict[str, Any]:
    """What a scorer is told. No name, no address: the country, the buyer as a keyed hash, the e-mail's domain."""
    email = order.customer.email
    return {
        "buyer": buyer,
        "channel": order.channel,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
        "ship_to_country": order.ship_to.country,
        "bill_to_country": order.bill_to.country if order.bill_to else order.ship_to.country,
        "email_domain": email.rpartition("@")[2].casefold() if email else None,
        "payment_method": order.payment.method if order.payment else None,
        "service": order.delivery.service if order.delivery else None,
    }


def _score(answer: Any) -> Score | None:
    """The answer, if it is one. Reasons that are not codes could be about a person, and are left out."""
    value = answer.get("score") if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _HIGHEST:
        return None
    said = answer.get("reasons")
    codes = [code for code in said if isinstance(code, str) and _CODE.fullmatch(code)] if isinstance(said, list) else []
    return Score(value, tuple(codes[:_REASONS]))
