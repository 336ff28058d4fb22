"""Etsy: one receipt, and the receipts that changed, with Etsy's own count of them.

https://developers.etsy.com/documentation/reference#operation/getShopReceipts
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from oms.aws.http import Reply
from oms.intake.fetching import Access, Listed, Page, Rate, Token, document_of
from oms.intake.paging import Place
from oms.kernel.errors import TransientError
from oms.kernel.time import from_text, to_text

_BASE = "https://openapi.etsy.com"
_TOKEN_URL = "https://api.etsy.com/v3/public/oauth/token"  # noqa: S105  an address
_PAGE = 100


class EtsyGateway:
    """The gateway. The shop is the channel's option `shop_id`, the credential `client_id` the app's keystring."""

    needs: Sequence[str] = ("client_id", "refresh_token")
    # 10 calls a second and 10,000 a day: https://developers.etsy.com/documentation/essentials/rate-limits
    rates: Mapping[str, Rate] = {"fetch": Rate(5.0, 10), "list": Rate(0.1, 5)}

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        reply = _get(access, f"/receipts/{quote(external_order_id, safe='')}")
        receipt = reply.json() if reply.found else None
        return document_of(**receipt) if isinstance(receipt, dict) else None

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        place = Place.of(cursor, to_text(since))
        query = {
            "min_last_modified": str(int(from_text(place.since).timestamp())),
            "max_last_modified": str(int(until.timestamp())),
            "sort_on": "updated",
            "sort_order": "asc",
            "limit": str(_PAGE),
            "offset": str((place.page - 1) * _PAGE),
        }
        answer = _get(access, "/receipts", query).json()
        if not isinstance(answer, dict):
            raise TransientError("Etsy's answer is no object")
        rows = answer.get("results") or []
        changed = [to_text(datetime.fromtimestamp(row["updated_timestamp"], UTC)) for row in rows]
        orders = [Listed(str(row["receipt_id"]), at, document_of(**row)) for row, at in zip(rows, changed, strict=True)]
        total = answer.get("count") if cursor is None else None
        return Page(orders, place.after(changed, _PAGE), total=total if isinstance(total, int) else None)


def _get(access: Access, path: str, query: Mapping[str, str] | None = None) -> Reply:
    shop = quote(access.option("shop_id", ""), safe="")
    url = f"{access.option('base_url', _BASE)}/v3/application/shops/{shop}{path}"

    def call(token: str) -> Reply:
        headers = {"x-api-key": access.credential("client_id"), "authorization": f"Bearer {token}"}
        return access.http.get(url, headers=headers, query=query)

    return access.with_token(call, lambda: _token(access))


def _token(access: Access) -> Token:
    form = {
        "grant_type": "refresh_token",
        "client_id": access.credential("client_id"),
        "refresh_token": access.credential("refresh_token"),
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    url = access.option("token_url", _TOKEN_URL)
    answer = access.http.send("POST", url, headers=headers, body=urlencode(form).encode()).json()
    if not isinstance(answer, dict) or "access_token" not in answer:
        raise TransientError("Etsy's answer has no token")
    ends_at = access.clock() + timedelta(seconds=int(answer.get("expires_in", 3_600)))
    return Token(str(answer["access_token"]), ends_at)


PLUGIN = EtsyGateway()
