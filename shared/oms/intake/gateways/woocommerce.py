"""WooCommerce: one order, and the orders that changed.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders. The shop limits nothing itself; its host may.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.intake.levels.model import Level, Shown
from oms.intake.paging import Place
from oms.kernel.errors import TransientError
from oms.kernel.time import from_text, to_text

_PAGE = 25  # an answer is at most 2 MB
_SECOND = timedelta(seconds=1)


class WooCommerceGateway:
    """The gateway. The shop's address is the channel's option `base_url`."""

    needs: Sequence[str] = ("consumer_key", "consumer_secret")
    # What a small host bears.
    rates: Mapping[str, Rate] = {"fetch": Rate(2.0, 10), "list": Rate(1.0, 5), "levels": Rate(1.0, 5)}
    levels_at_once = 50  # a batch takes 100

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = _get(access, f"/orders/{quote(external_order_id, safe='')}")
        order = reply.json() if reply.found else None
        return document_of(**order) if isinstance(order, dict) else None

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        place = Place.of(cursor, to_text(since))
        query = {
            # `modified_after` is what it says: without the second before, those of the same second are passed over.
            "modified_after": _time(from_text(place.since) - _SECOND),
            "modified_before": _time(until),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "per_page": str(_PAGE),
            "page": str(place.page),
        }
        reply = _get(access, "/orders", query)
        rows = reply.json()
        if not isinstance(rows, list):
            raise TransientError("WooCommerce's answer is no list")
        changed = [to_text(from_text(row["date_modified_gmt"] + "Z")) for row in rows]
        orders = [Listed(str(row["id"]), at, document_of(**row)) for row, at in zip(rows, changed, strict=True)]
        return Page(orders, place.after(changed, _PAGE), total=_total(reply) if cursor is None else None)

    def shown_levels(self, access: Access, skus: Sequence[str]) -> Mapping[str, Shown] | None:
        """https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-products, which takes several SKUs."""
        rows = _get(access, "/products", {"sku": ",".join(skus), "per_page": "100"}).json()
        if not isinstance(rows, list):
            raise TransientError("WooCommerce's answer is no list")
        wanted = set(skus)
        return {
            row["sku"]: Shown(f"{row.get('parent_id') or 0}/{row['id']}", int(row.get("stock_quantity") or 0))
            for row in rows
            if row["sku"] in wanted
        }

    def tell_levels(self, access: Access, levels: Sequence[Level]) -> Collection[str]:
        """Products in one batch, variations in one for each product.

        WooCommerce compares nothing: what it sells between our look and this call is written over, and comes back
        with its order.
        """
        batches: dict[str, list[dict[str, Any]]] = {}
        for one in levels:
            parent, _, number = (one.reference or "").partition("/")
            row = {"id": int(number), "manage_stock": True, "stock_quantity": one.units}
            batches.setdefault(parent, []).append(row)
        for parent, rows in batches.items():
            path = "/products/batch" if parent == "0" else f"/products/{parent}/variations/batch"
            _post(access, path, {"update": rows})
        return ()


def _post(access: Access, path: str, document: dict[str, Any]) -> Reply:
    headers = {**_authorization(access), "content-type": "application/json"}
    return access.http.send("POST", _url(access, path), headers=headers, body=document_of(**document))


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    return access.http.get(_url(access, path), headers=_authorization(access), query=query)


def _url(access: Access, path: str) -> str:
    return f"{access.option('base_url', '')}/wp-json/wc/v3{path}"


def _authorization(access: Access) -> dict[str, str]:
    pair = f"{access.credential('consumer_key')}:{access.credential('consumer_secret')}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _time(instant: datetime) -> str:
    return to_text(instant).partition(".")[0]


def _total(reply: Reply) -> int | None:
    said: Any = reply.headers.get("x-wp-total", "")
    return int(said) if said.isascii() and said.isdigit() else None


PLUGIN = WooCommerceGateway()
