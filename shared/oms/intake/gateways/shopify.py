"""Shopify: one order, and the orders that changed, with the shop's own count of them.

https://shopify.dev/docs/api/admin-rest/2024-10/resources/order. Pages follow a cursor that Shopify keeps still.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.kernel.errors import TransientError
from oms.kernel.time import from_text, to_text

_VERSION = "2024-10"
_PAGE = 25  # an order is up to 40 KB, an answer at most 1 MB
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class ShopifyGateway:
    """The gateway. The shop's address is the channel's option `base_url`: `https://<shop>.myshopify.com`."""

    needs: Sequence[str] = ("access_token",)
    # 2 calls a second, 40 at once: https://shopify.dev/docs/api/usage/limits
    rates: Mapping[str, Rate] = {"fetch": Rate(2.0, 40), "list": Rate(2.0, 40)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = _get(access, f"/orders/{quote(external_order_id, safe='')}.json")
        order = _inside(reply, "order") if reply.found else None
        return document_of(**order) if isinstance(order, dict) else None

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        window = {"status": "any", "updated_at_min": to_text(since), "updated_at_max": to_text(until)}
        first = {**window, "order": "updated_at asc", "limit": str(_PAGE)}
        reply = _get(access, "/orders.json", {"limit": str(_PAGE), "page_info": cursor} if cursor else first)
        total = None if cursor else _inside(_get(access, "/orders/count.json", window), "count")
        rows = _inside(reply, "orders")
        orders = [Listed(str(row["id"]), to_text(from_text(row["updated_at"])), document_of(**row)) for row in rows]
        return Page(orders, _next(reply), total=total if isinstance(total, int) else None)


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    url = f"{access.option('base_url', '')}/admin/api/{_VERSION}{path}"
    return access.http.get(url, headers={"x-shopify-access-token": access.credential("access_token")}, query=query)


def _inside(reply: Reply, name: str) -> Any:
    answer = reply.json()
    if not isinstance(answer, dict) or name not in answer:
        raise TransientError(f"Shopify's answer has no {name}")
    return answer[name]


def _next(reply: Reply) -> str | None:
    """The cursor in the link to the next page."""
    link = _NEXT.search(reply.headers.get("link", ""))
    return parse_qs(urlsplit(link.group(1)).query).get("page_info", [None])[0] if link else None


PLUGIN = ShopifyGateway()
