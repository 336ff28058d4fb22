"""Walmart Marketplace: one order, and the orders that changed, with Walmart's own count of them.

https://developer.walmart.com/us-marketplace/reference/getallorders
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, Token, document_of
from oms.kernel.errors import TransientError
from oms.kernel.time import to_text

_BASE = "https://marketplace.walmartapis.com"
_SERVICE = "Walmart Marketplace"
_PAGE = 100


class WalmartGateway:
    """The gateway."""

    needs: Sequence[str] = ("client_id", "client_secret")
    # https://developer.walmart.com/us-marketplace/docs/rate-limiting gives no number for all sellers: a careful one.
    rates: Mapping[str, Rate] = {"fetch": Rate(5.0, 20), "list": Rate(1.0, 10)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = _get(access, f"/v3/orders/{quote(external_order_id, safe='')}")
        order = _inside(reply, "order") if reply.found else None
        return document_of(**order) if isinstance(order, dict) else None

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        window = {
            "lastModifiedStartDate": to_text(since),
            "lastModifiedEndDate": to_text(until),
            "shipNodeType": "SellerFulfilled",
            "limit": str(_PAGE),
        }
        # The cursor is a whole query string.
        query = dict(parse_qsl(cursor.removeprefix("?"))) if cursor else window
        found = _inside(_get(access, "/v3/orders", query), "list")
        rows = (found.get("elements") or {}).get("order") or []
        meta = found.get("meta") or {}
        orders = [Listed(str(row["purchaseOrderId"]), None, document_of(**row)) for row in rows]
        total = meta.get("totalCount") if cursor is None else None
        return Page(orders, meta.get("nextCursor") or None, total=total if isinstance(total, int) else None)


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    url = access.option("base_url", _BASE) + path

    def call(token: str) -> Reply:
        return access.http.get(url, headers={"wm_sec.access_token": token, **_headers(access)}, query=query)

    return access.with_token(call, lambda: _token(access))


def _headers(access: Access) -> dict[str, str]:
    pair = f"{access.credential('client_id')}:{access.credential('client_secret')}"
    return {
        "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "wm_svc.name": _SERVICE,
        "wm_qos.correlation_id": str(uuid4()),
    }


def _token(access: Access) -> Token:
    """A token for client credentials, good for a quarter of an hour."""
    headers = {**_headers(access), "content-type": "application/x-www-form-urlencoded"}
    url = access.option("token_url", f"{_BASE}/v3/token")
    answer = access.http.send("POST", url, headers=headers, body=b"grant_type=client_credentials").json()
    if not isinstance(answer, dict) or "access_token" not in answer:
        raise TransientError("Walmart's answer has no token")
    ends_at = access.clock() + timedelta(seconds=int(answer.get("expires_in", 900)))
    return Token(str(answer["access_token"]), ends_at)


def _inside(reply: Reply, name: str) -> Any:
    answer = reply.json()
    if not isinstance(answer, dict) or not isinstance(answer.get(name), dict):
        raise TransientError(f"Walmart's answer has no {name}")
    return answer[name]


PLUGIN = WalmartGateway()
