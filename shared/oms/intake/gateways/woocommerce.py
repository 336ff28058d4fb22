"""WooCommerce: one order, and the orders that changed.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders. The shop limits nothing itself; its host may.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.intake.paging import Place
from oms.kernel.errors import TransientError
from oms.kernel.time import from_text, to_text

_PAGE = 25  # an answer is at most 1 MB
_SECOND = timedelta(seconds=1)


class WooCommerceGateway:
    """The gateway. The shop's address is the channel's option `base_url`."""

    needs: Sequence[str] = ("consumer_key", "consumer_secret")
    rates: Mapping[str, Rate] = {"fetch": Rate(2.0, 10), "list": Rate(1.0, 5)}  # what a small host bears

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


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    pair = f"{access.credential('consumer_key')}:{access.credential('consumer_secret')}"
    headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return access.http.get(f"{access.option('base_url', '')}/wp-json/wc/v3{path}", headers=headers, query=query)


def _time(instant: datetime) -> str:
    return to_text(instant).partition(".")[0]


def _total(reply: Reply) -> int | None:
    said: Any = reply.headers.get("x-wp-total", "")
    return int(said) if said.isascii() and said.isdigit() else None


PLUGIN = WooCommerceGateway()
