"""eBay: one order, the orders that changed, and the public keys that notifications are signed with.

https://developer.ebay.com/api-docs/sell/fulfillment/resources/order/methods/getOrder
https://developer.ebay.com/api-docs/commerce/notification/resources/public_key/methods/getPublicKey
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, Token, document_of
from oms.kernel.errors import TransientError
from oms.kernel.time import from_text, to_text

_BASE = "https://api.ebay.com"
_ORDERS = "/sell/fulfillment/v1/order"
_SCOPE = "https://api.ebay.com/oauth/api_scope"
_SELLER_SCOPE = f"{_SCOPE}/sell.fulfillment.readonly"
_PAGE = 200  # eBay's largest
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


class EbayGateway:
    """The gateway."""

    needs: Sequence[str] = ("client_id", "client_secret", "refresh_token")
    # 100,000 calls a day for the Fulfillment API (https://developer.ebay.com/develop/get-started/api-call-limits).
    rates: Mapping[str, Rate] = {"fetch": Rate(1.0, 100), "list": Rate(0.1, 20)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = self._seller(access, f"{_ORDERS}/{quote(external_order_id, safe='')}", {"fieldGroups": "TAX_BREAKDOWN"})
        return document_of(**_answered(reply)) if reply.found else None

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        offset = int(cursor or "0")
        query = {
            "filter": f"lastmodifieddate:[{to_text(since)}..{to_text(until)}]",
            "limit": str(_PAGE),
            "offset": str(offset),
        }
        answer = _answered(self._seller(access, _ORDERS, query))
        rows = answer.get("orders") or []
        orders = [Listed(row["orderId"], _version(row.get("lastModifiedDate")), document_of(**row)) for row in rows]
        total = answer.get("total") if isinstance(answer.get("total"), int) else None
        more = bool(rows) and total is not None and offset + len(rows) < total
        return Page(orders, str(offset + len(rows)) if more else None, total)

    def public_key(self, access: Access, key_id: str) -> str | None:
        url = f"{_base(access)}/commerce/notification/v1/public_key/{quote(key_id, safe='')}"
        reply = access.with_token(
            lambda token: access.http.get(url, headers={"authorization": f"Bearer {token}"}),
            lambda: self._token(access, {"grant_type": "client_credentials", "scope": _SCOPE}),
            "application",
        )
        key = _answered(reply).get("key") if reply.found else None
        return pem(key) if isinstance(key, str) else None

    def _seller(self, access: Access, path: str, query: Mapping[str, str]) -> Reply:
        return access.with_token(
            lambda token: access.http.get(
                _base(access) + path, headers={"authorization": f"Bearer {token}"}, query=query
            ),
            lambda: self._token(
                access,
                {
                    "grant_type": "refresh_token",
                    "refresh_token": access.credential("refresh_token"),
                    "scope": _SELLER_SCOPE,
                },
            ),
            "seller",
        )

    def _token(self, access: Access, form: Mapping[str, str]) -> Token:
        client = f"{access.credential('client_id')}:{access.credential('client_secret')}"
        headers = {"authorization": f"Basic {base64.b64encode(client.encode()).decode()}"}
        return access.grant(f"{_base(access)}/identity/v1/oauth2/token", form, headers=headers)


def pem(key: str) -> str:
    """The key as PEM wants it: eBay writes it in one line."""
    inner = key.replace(_BEGIN, "").replace(_END, "").replace("\n", "").strip()
    rows = [inner[start : start + 64] for start in range(0, len(inner), 64)]
    return "\n".join((_BEGIN, *rows, _END, ""))


def _base(access: Access) -> str:
    return access.option("base_url", _BASE)


def _answered(reply: Reply) -> dict[str, Any]:
    answer = reply.json()
    if not isinstance(answer, dict):
        raise TransientError("eBay's answer is no object")
    return answer


def _version(text: Any) -> str | None:
    return to_text(from_text(text)) if isinstance(text, str) else None


PLUGIN = EbayGateway()
