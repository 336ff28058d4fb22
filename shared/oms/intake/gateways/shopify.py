"""Shopify: one order, and the orders that changed, with the shop's own count of them.

https://shopify.dev/docs/api/admin-rest/2024-10/resources/order. Pages follow a cursor that Shopify keeps still.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.intake.levels.model import Level, Shown
from oms.kernel.errors import NotNowError, RejectedError, TransientError
from oms.kernel.time import from_text, to_text

_VERSION = "2024-10"
_PAGE = 25  # an order is up to 40 KB, an answer at most 2 MB
_STALE = "COMPARE_QUANTITY_STALE"
_THROTTLED_S = 2.0
_SHOWN = """
query Shown($first: Int!, $asked: String!, $location: ID!) {
  productVariants(first: $first, query: $asked) {
    nodes {
      sku
      inventoryItem {
        id
        inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } }
      }
    }
  }
}"""
_TELL = """
mutation Tell($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) { userErrors { code field message } }
}"""
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class ShopifyGateway:
    """The gateway. The shop's address is the channel's option `base_url`: `https://<shop>.myshopify.com`."""

    needs: Sequence[str] = ("access_token",)
    # 2 calls a second, 40 at once: https://shopify.dev/docs/api/usage/limits
    rates: Mapping[str, Rate] = {"fetch": Rate(2.0, 40), "list": Rate(2.0, 40), "levels": Rate(1.0, 10)}
    levels_at_once = 50

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

    def shown_levels(self, access: Access, skus: Sequence[str]) -> Mapping[str, Shown] | None:
        """What is available at the shop's location that the channel's option `location_id` names."""
        wanted = set(skus)
        asked = " OR ".join(f"sku:{json.dumps(sku)}" for sku in skus)
        location = _location(access)
        data = _graphql(access, _SHOWN, {"first": 2 * len(skus), "asked": asked, "location": location})
        found: dict[str, Shown] = {}
        for node in data["productVariants"]["nodes"]:
            level = node["inventoryItem"]["inventoryLevel"]
            if node["sku"] in wanted and level is not None:
                found[node["sku"]] = Shown(node["inventoryItem"]["id"], int(level["quantities"][0]["quantity"]))
        return found

    def tell_levels(self, access: Access, levels: Sequence[Level]) -> Collection[str]:
        """All of them or none, each only over the figure that was read: a sale in between makes it look again."""
        location = _location(access)
        rows = [
            {
                "inventoryItemId": one.reference,
                "locationId": location,
                "quantity": one.units,
                "compareQuantity": one.was,
            }
            for one in levels
        ]
        told = {"name": "available", "reason": "correction", "quantities": rows}
        errors = _graphql(access, _TELL, {"input": told})["inventorySetQuantities"]["userErrors"]
        if not errors:
            return ()
        if all(error.get("code") == _STALE for error in errors):
            return [one.sku for one in levels]
        codes = sorted({str(error.get("code")) for error in errors})
        raise RejectedError(f"Shopify refuses levels: {', '.join(codes)}", code="partner_refused")


def _location(access: Access) -> str:
    return f"gid://shopify/Location/{access.option('location_id', '')}"


def _graphql(access: Access, text: str, variables: Mapping[str, Any]) -> Any:
    """The data of an answer.

    Raises:
        NotNowError: throttled: the cost of what was asked is not there yet.
        TransientError: no data.
    """
    headers = {"x-shopify-access-token": access.credential("access_token"), "content-type": "application/json"}
    url = f"{access.option('base_url', '')}/admin/api/{_VERSION}/graphql.json"
    answer = access.http.send("POST", url, headers=headers, body=document_of(query=text, variables=variables)).json()
    codes = [error.get("extensions", {}).get("code") for error in answer.get("errors") or []]
    if "THROTTLED" in codes:
        raise NotNowError("Shopify throttles", after_s=_THROTTLED_S)
    if codes or not answer.get("data"):
        raise TransientError(f"Shopify's answer has no data: {codes}")
    return answer["data"]


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
