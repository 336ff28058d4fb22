"""Magento: one order, and the orders that changed, with the shop's own count of them.

https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches. Behind its last page Magento repeats it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, document_of
from oms.intake.paging import Place
from oms.kernel.errors import TransientError
from oms.kernel.time import from_text, to_text

_PAGE = 25  # an answer is at most 2 MB


class MagentoGateway:
    """The gateway. The shop's address is the channel's option `base_url`; the token that of an integration."""

    needs: Sequence[str] = ("access_token",)
    rates: Mapping[str, Rate] = {"fetch": Rate(2.0, 10), "list": Rate(1.0, 5)}  # what a shop's own host bears

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = _get(access, f"/orders/{quote(external_order_id, safe='')}")
        order = reply.json() if reply.found else None
        return document_of(**order) if isinstance(order, dict) else None

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        place = Place.of(cursor, to_text(since))
        query = {
            **_filter(0, "gteq", from_text(place.since)),
            **_filter(1, "lt", until),
            "searchCriteria[sortOrders][0][field]": "updated_at",
            "searchCriteria[sortOrders][0][direction]": "ASC",
            "searchCriteria[pageSize]": str(_PAGE),
            "searchCriteria[currentPage]": str(place.page),
        }
        answer = _get(access, "/orders", query).json()
        if not isinstance(answer, dict):
            raise TransientError("Magento's answer is no object")
        rows = answer.get("items") or []
        changed = [to_text(from_text(row["updated_at"] + "Z")) for row in rows]
        orders = [Listed(str(row["entity_id"]), at, document_of(**row)) for row, at in zip(rows, changed, strict=True)]
        total = answer.get("total_count") if cursor is None else None
        return Page(orders, place.after(changed, _PAGE), total=total if isinstance(total, int) else None)


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    headers = {"authorization": f"Bearer {access.credential('access_token')}"}
    return access.http.get(f"{access.option('base_url', '')}/rest/V1{path}", headers=headers, query=query)


def _filter(group: int, condition: str, instant: datetime) -> dict[str, str]:
    name = f"searchCriteria[filter_groups][{group}][filters][0]"
    value = to_text(instant).partition(".")[0].replace("T", " ")
    return {f"{name}[field]": "updated_at", f"{name}[value]": value, f"{name}[condition_type]": condition}


PLUGIN = MagentoGateway()
