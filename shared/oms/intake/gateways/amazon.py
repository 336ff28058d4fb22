"""Amazon's Selling Partner API: one order and its items, the orders that changed.

Which API the channel speaks is its option `api`: `v0` (three calls for an order, personal data by a restricted data
token) or `2026-01-01` (one call; the application's roles decide what it holds). `base_url` is the region's endpoint.
https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, Token, document_of
from oms.kernel.errors import TransientError
from oms.kernel.json import write_json
from oms.kernel.time import from_text, to_text

_BASE = "https://sellingpartnerapi-eu.amazon.com"
_TOKENS = "https://api.amazon.com/auth/o2/token"
_ORDERS = "/orders/v0/orders"
_ORDERS_2026 = "/orders/2026-01-01/orders"
_INCLUDED = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT"
# Generic paths: one token serves all orders for an hour.
_RESTRICTED = [
    {"method": "GET", "path": f"{_ORDERS}/{{orderId}}", "dataElements": ["buyerInfo"]},
    {"method": "GET", "path": f"{_ORDERS}/{{orderId}}/orderItems", "dataElements": ["buyerInfo"]},
    {"method": "GET", "path": f"{_ORDERS}/{{orderId}}/address"},
]
_READ_FURTHER = frozenset({"Unshipped", "PartiallyShipped"})  # what the plug-in reads; the rest is known by its status
_PAGE = "100"
_PAGES_OF_ITEMS = 20
_SETTLED = timedelta(minutes=2)  # Amazon refuses windows that end later


class AmazonGateway:
    """The gateway."""

    needs: Sequence[str] = ("client_id", "client_secret", "refresh_token")
    # getOrder, getOrderItems and getOrderAddress of v0 have the same plan; getOrders 0.0167/s, burst 20.
    rates: Mapping[str, Rate] = {"fetch": Rate(0.5, 30), "list": Rate(0.0056, 20)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        if access.option("api", "v0") == "2026-01-01":
            return self._fetch_2026(access, external_order_id)
        path = f"{_ORDERS}/{quote(external_order_id, safe='')}"
        reply = self._restricted(access, path)
        if not reply.found:
            return None
        order = _payload(reply)
        if order.get("OrderStatus") not in _READ_FURTHER or order.get("FulfillmentChannel") == "AFN":
            return document_of(order=order)
        address = _payload(self._restricted(access, f"{path}/address"))
        return document_of(order=order, orderItems=self._items(access, f"{path}/orderItems"), address=address)

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        until = min(until, access.clock() - _SETTLED)
        if until <= since:
            return Page([])
        if access.option("api", "v0") == "2026-01-01":
            return self._list_2026(access, since, until, cursor)
        query = {"MarketplaceIds": access.option("marketplace_ids", ""), "MaxResultsPerPage": _PAGE}
        if cursor is not None:
            query["NextToken"] = cursor
        else:
            window = {"LastUpdatedAfter": to_text(since), "LastUpdatedBefore": to_text(until)}
            query |= {**window, "FulfillmentChannels": "MFN"}
        reply = self._called(access, _ORDERS, query)
        payload = _payload(reply)
        orders = [
            Listed(row["AmazonOrderId"], _version(row.get("LastUpdateDate")), None) for row in payload.get("Orders", [])
        ]
        return Page(orders, payload.get("NextToken") or None, per_s=_limit(reply))

    def _fetch_2026(self, access: Access, order_id: str) -> bytes | None:
        reply = self._called(access, f"{_ORDERS_2026}/{quote(order_id, safe='')}", {"includedData": _INCLUDED})
        return document_of(**_inside(reply, "order")) if reply.found else None

    def _list_2026(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        query = {
            "lastUpdatedAfter": to_text(since),
            "lastUpdatedBefore": to_text(until),
            "fulfilledBy": "MERCHANT",
            "maxResultsPerPage": _PAGE,
            "marketplaceIds": access.option("marketplace_ids", ""),
        }
        if cursor is not None:
            query["paginationToken"] = cursor
        reply = self._called(access, _ORDERS_2026, {name: value for name, value in query.items() if value})
        answer = _answered(reply)
        orders = [
            Listed(row["orderId"], _version(row.get("lastUpdatedTime")), None) for row in answer.get("orders") or []
        ]
        pages = answer.get("pagination")
        return Page(orders, pages.get("nextToken") if isinstance(pages, dict) else None, per_s=_limit(reply))

    def _items(self, access: Access, path: str) -> list[Any]:
        items: list[Any] = []
        query: dict[str, str] = {}
        for _ in range(_PAGES_OF_ITEMS):
            payload = _payload(self._restricted(access, path, query))
            items += payload.get("OrderItems") or []
            if not payload.get("NextToken"):
                return items
            query = {"NextToken": str(payload["NextToken"])}
        raise TransientError("the pages of an order's items do not end")

    def _restricted(self, access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return access.with_token(
            lambda token: _get(access, path, token, query), lambda: self._restricted_token(access), "restricted"
        )

    def _called(self, access: Access, path: str, query: Mapping[str, str]) -> Reply:
        return access.with_token(lambda token: _get(access, path, token, query), lambda: self._token(access), "plain")

    def _token(self, access: Access) -> Token:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": access.credential("refresh_token"),
            "client_id": access.credential("client_id"),
            "client_secret": access.credential("client_secret"),
        }
        return access.grant(access.option("token_url", _TOKENS), form)

    def _restricted_token(self, access: Access) -> Token:
        body = write_json({"restrictedResources": _RESTRICTED}).encode()
        url = access.option("base_url", _BASE) + "/tokens/2021-03-01/restrictedDataToken"

        def ask(token: str) -> Reply:
            headers = {"x-amz-access-token": token, "content-type": "application/json"}
            return access.http.send("POST", url, headers=headers, body=body)

        reply = access.with_token(ask, lambda: self._token(access), "plain")
        return access.token_of(reply, "restrictedDataToken", "expiresIn")


def _get(access: Access, path: str, token: str, query: Mapping[str, str] | None) -> Reply:
    return access.http.get(
        access.option("base_url", _BASE) + path, headers={"x-amz-access-token": token}, query=query or None
    )


def _answered(reply: Reply) -> dict[str, Any]:
    answer = reply.json()
    if not isinstance(answer, dict):
        raise TransientError("Amazon's answer is no object")
    return answer


def _inside(reply: Reply, name: str) -> dict[str, Any]:
    found = _answered(reply).get(name)
    if not isinstance(found, dict):
        raise TransientError(f"Amazon's answer has no {name}")
    return found


def _payload(reply: Reply) -> dict[str, Any]:
    return _inside(reply, "payload")


def _version(text: Any) -> str | None:
    return to_text(from_text(text)) if isinstance(text, str) else None


def _limit(reply: Reply) -> float | None:
    """The rate that Amazon grants us for this operation, which need not be the published one."""
    try:
        rate = float(reply.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return rate if 0 < rate < math.inf else None  # also false for NaN: nothing to learn a pace from


PLUGIN = AmazonGateway()
