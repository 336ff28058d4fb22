"""BigCommerce: one order with its products, addresses and refunds; the orders that changed.

https://developer.bigcommerce.com/docs/rest-management/orders. An empty list is answered with 204 and no body.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.kernel.errors import TransientError
from oms.kernel.time import to_text

_BASE = "https://api.bigcommerce.com"
_PAGE = 250  # the largest
_PAGES = 20
_NO_CONTENT = 204


class BigCommerceGateway:
    """The gateway."""

    needs: Sequence[str] = ("access_token",)
    # 150 requests in 30 seconds is the smallest plan's quota.
    # https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits
    rates: Mapping[str, Rate] = {"fetch": Rate(5.0, 150), "list": Rate(5.0, 150)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        path = f"/v2/orders/{quote(external_order_id, safe='')}"
        reply = _get(access, path)
        if not reply.found:
            return None
        order = reply.json()
        if not isinstance(order, dict):
            raise TransientError("BigCommerce's answer is no object")
        return document_of(
            order=order,
            products=_all(access, f"{path}/products"),
            shipping_addresses=_all(access, f"{path}/shippingaddresses"),
            refunds=_refunds(access, external_order_id) if _given_back(order) else [],
        )

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        page = int(cursor or "1")
        query = {
            "min_date_modified": format_datetime(since),
            "max_date_modified": format_datetime(until),
            "sort": "date_modified:asc",
            "limit": str(_PAGE),
            "page": str(page),
        }
        reply = _get(access, "/v2/orders", query)
        rows = _rows(reply)
        orders = [Listed(str(row["id"]), _version(row.get("date_modified")), None) for row in rows]
        return Page(orders, str(page + 1) if len(rows) == _PAGE else None, per_s=_limit(reply))


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    store = quote(access.option("store_hash", ""), safe="")
    url = f"{access.option('base_url', _BASE)}/stores/{store}{path}"
    return access.http.get(url, headers={"x-auth-token": access.credential("access_token")}, query=query)


def _all(access: Access, path: str) -> list[Any]:
    found: list[Any] = []
    for page in range(1, _PAGES + 1):
        rows = _rows(_get(access, path, {"limit": str(_PAGE), "page": str(page)}))
        found += rows
        if len(rows) < _PAGE:
            return found
    raise TransientError("the pages of an order do not end")


def _rows(reply: Reply) -> list[Any]:
    if reply.status == _NO_CONTENT or not reply.found:
        return []
    rows = reply.json()
    if not isinstance(rows, list):
        raise TransientError("BigCommerce's answer is no list")
    return rows


def _given_back(order: Mapping[str, Any]) -> bool:
    return str(order.get("refunded_amount") or "0").strip("0.") != ""


def _refunds(access: Access, order_id: str) -> list[Any]:
    reply = _get(access, f"/v3/orders/{quote(order_id, safe='')}/payment_actions/refunds")
    answer = reply.json() if reply.found and reply.status != _NO_CONTENT else {}
    rows = answer.get("data") if isinstance(answer, dict) else None
    return rows if isinstance(rows, list) else []


def _version(text: Any) -> str | None:
    return to_text(parsedate_to_datetime(text)) if isinstance(text, str) else None


def _limit(reply: Reply) -> float | None:
    """The quota of the window that the answer tells, as a rate."""
    try:
        quota = int(reply.headers["x-rate-limit-requests-quota"])
        window_ms = int(reply.headers["x-rate-limit-time-window-ms"])
    except (KeyError, ValueError):
        return None
    return quota * 1_000 / window_ms if window_ms > 0 else None


PLUGIN = BigCommerceGateway()
