"""Square: one order with the SKUs of its lines and, for a pickup, the store's address; the orders that changed.

https://developer.squareup.com/reference/square/orders-api/retrieve-order. A line of an order names an object of the
catalogue, and only that says its SKU.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.kernel.errors import TransientError
from oms.kernel.json import write_json
from oms.kernel.time import to_text

_BASE = "https://connect.squareup.com"
_VERSION = "2025-10-16"
_VERSION_DIGITS = 12
_PAGE = 500


class SquareGateway:
    """The gateway."""

    needs: Sequence[str] = ("access_token",)
    # Square publishes no figure, only 429: a careful one.
    rates: Mapping[str, Rate] = {"fetch": Rate(10.0, 20), "list": Rate(1.0, 5)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = _get(access, f"/v2/orders/{quote(external_order_id, safe='')}")
        if not reply.found:
            return None
        order = _inside(reply, "order")
        if not order.get("fulfillments"):  # sold over the counter: the plug-in looks no further
            return document_of(order=order)
        return document_of(order=order, skus=_skus(access, order), location=_location(access, order))

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        window = {"start_at": to_text(since), "end_at": to_text(until)}
        body: dict[str, Any] = {
            "location_ids": [each for each in access.option("location_ids", "").split(",") if each],
            "query": {
                "filter": {"date_time_filter": {"updated_at": window}},
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
            "limit": _PAGE,
            "return_entries": True,
        }
        if cursor is not None:
            body["cursor"] = cursor
        answer = _post(access, "/v2/orders/search", body)
        rows = answer.get("order_entries") or []
        # Square leaves the version out while it is the first.
        orders = [Listed(row["order_id"], str(row.get("version", 1)).zfill(_VERSION_DIGITS), None) for row in rows]
        return Page(orders, answer.get("cursor") or None)


def _headers(access: Access) -> dict[str, str]:
    return {
        "authorization": f"Bearer {access.credential('access_token')}",
        "square-version": _VERSION,
        "content-type": "application/json",
    }


def _get(access: Access, path: str) -> Reply:
    return access.http.get(access.option("base_url", _BASE) + path, headers=_headers(access))


def _post(access: Access, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    url = access.option("base_url", _BASE) + path
    answer = access.http.send("POST", url, headers=_headers(access), body=write_json(body).encode()).json()
    if not isinstance(answer, dict):
        raise TransientError("Square's answer is no object")
    return answer


def _inside(reply: Reply, name: str) -> dict[str, Any]:
    answer = reply.json()
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise TransientError(f"Square's answer has no {name}")
    return found


def _skus(access: Access, order: Mapping[str, Any]) -> dict[str, str]:
    """The SKU by the catalogue's name of a variation, for those that have one."""
    rows = [row for row in order.get("line_items") or [] if isinstance(row, dict)]
    wanted = sorted({row["catalog_object_id"] for row in rows if isinstance(row.get("catalog_object_id"), str)})
    if not wanted:
        return {}
    answer = _post(access, "/v2/catalog/batch-retrieve", {"object_ids": wanted})
    found: dict[str, str] = {}
    for each in answer.get("objects") or []:
        data = each.get("item_variation_data") if isinstance(each, dict) else None
        if isinstance(data, dict) and isinstance(data.get("sku"), str) and data["sku"]:
            found[str(each.get("id"))] = data["sku"]
    return found


def _location(access: Access, order: Mapping[str, Any]) -> dict[str, Any]:
    """The store, where the order waits there for its buyer."""
    kinds = [work.get("type") for work in order["fulfillments"] if isinstance(work, dict)]
    if "PICKUP" not in kinds or not isinstance(order.get("location_id"), str):
        return {}
    reply = _get(access, f"/v2/locations/{quote(order['location_id'], safe='')}")
    return _inside(reply, "location") if reply.found else {}


PLUGIN = SquareGateway()
