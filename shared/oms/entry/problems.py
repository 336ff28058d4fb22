"""Every problem code that an answer may carry: the status, and what the caller can do about it.

The OpenAPI document lists these per operation; an answer with a code that is not here fails the tests.
"""

from typing import NamedTuple

BASE_URL = "https://baton.dev/problems/"


class Problem(NamedTuple):
    """The documented half of a problem+json answer."""

    status: int
    advice: str


PROBLEMS: dict[str, Problem] = {
    "malformed_json": Problem(400, "Send one JSON object in UTF-8: no duplicate keys, no NaN, at most 32 levels deep."),
    "malformed": Problem(400, "Correct the request; `faults` names each field."),
    "missing_idempotency_key": Problem(400, "Send an `Idempotency-Key` header (1 to 255 printable characters)."),
    "bad_cursor": Problem(400, "Use `next_cursor` of the previous page unchanged, with the same filters."),
    "unauthorized": Problem(401, "Send a valid, unexpired token."),
    "bad_signature": Problem(401, "Sign the raw body with the channel's current secret."),
    "forbidden": Problem(403, "Ask for a role that carries the scope named in the message."),
    "not_found": Problem(404, "Check the id; what you may not see answers the same."),
    "unknown_channel": Problem(404, "Use the name of a channel that is set up."),
    "credentials_missing": Problem(422, "Store what is missing in the channel's secret, then try again."),
    "wrong_state": Problem(409, "Its state does not allow this; `why_not` says why, and what would make it possible."),
    "short_stock": Problem(
        409, "Ask for less, or (where it may be) take what there is; `faults` or `why_not` says how much that is."
    ),
    "change_open": Problem(409, "Confirm or decline the order's open change set first."),
    "over_credit_limit": Problem(409, "The account has no room for the difference; ask finance for it."),
    "stale": Problem(412, "It has changed since you read it: read it again and decide again."),
    "quantity_changed": Problem(409, "The books say something else by now: see `current`; decide again."),
    "if_match_needed": Problem(428, "Send the `ETag` that you have read as `If-Match`."),
    "idempotency_key_in_use": Problem(409, "The first request is still running; retry after `Retry-After` seconds."),
    "order_exists_differently": Problem(
        409, "This external order id is taken by another order; correct the id, or read the order that exists."
    ),
    "conflict": Problem(409, "Somebody else changed it at the same time; read again, then retry."),
    "too_large": Problem(413, "Send less: 2 MB and 5,000 lines at most."),
    "invalid": Problem(422, "Correct the fields named in `faults`."),
    "card_number": Problem(422, "Name it otherwise: `faults` names each identifier that carries a card number."),
    "idempotency_key_reused": Problem(422, "Use a new key for another body."),
    "id_reused": Problem(422, "Use a new id for other content; the message says what was recorded under this one."),
    "serials_needed": Problem(422, "The article is kept by serial number: name as many as units move."),
    "serials_differ": Problem(409, "The serials are not those on their way: `faults` names each that does not fit."),
    "serial_elsewhere": Problem(409, "A serial is in one place only: `why_not` says which is not where it should be."),
    "lot_blocked": Problem(409, "The lot is blocked: its units are for sale again when it is unblocked."),
    "lot_needed": Problem(422, "The article is kept by lots: name the lot that the units are of."),
    "unknown_sku": Problem(422, "Use SKUs of the catalogue; `faults` names each line."),
    "totals_do_not_add_up": Problem(422, "Make each total equal to the sum of its parts, to the minor unit."),
    "currency_not_accepted": Problem(422, "Use a currency that the channel accepts."),
    "destination_not_served": Problem(422, "Nothing ships there; `faults` names the country."),
    "bad_address": Problem(422, "Correct the address; `faults` names each field and the form that its country uses."),
    "too_many_units": Problem(422, "Order fewer units; `faults` names the lines."),
    "order_too_large": Problem(422, "Split the order, or have its size agreed first."),
    "implausible_tax": Problem(422, "Correct the tax; `faults` names what no rate explains."),
    "not_paid": Problem(422, "Send the order when its payment is as far as the channel's policy wants it."),
    "possible_duplicate": Problem(422, "It is the same as one just placed; wait, or leave it."),
    "too_many_orders": Problem(422, "The buyer has placed too many orders; wait."),
    "high_risk_of_fraud": Problem(422, "The order looks like fraud; a person must look at it."),
    "high_outside_score": Problem(422, "The order was scored as fraud; a person must look at it."),
    "not_allowed_there": Problem(422, "These goods may not go to that country; `faults` names the lines."),
    "age_not_checked": Problem(422, "Have the buyer's age checked first; `faults` names the lines."),
    "dangerous_goods": Problem(422, "These goods may not be carried there; `faults` names the lines."),
    "unknown_account": Problem(422, "Use a customer account that exists, or leave it out."),
    "channel_paused": Problem(422, "The channel is paused; its orders are not taken now."),
    "priority_not_allowed": Problem(422, "Send a lower `priority`, or have the channel's `most_priority` raised."),
    "channel_not_canonical": Problem(422, "Use a channel of kind `canonical`; this one takes signed webhooks."),
    "rate_limited": Problem(429, "Wait `Retry-After` seconds; `RateLimit` says how many calls are left (`r`)."),
    "internal": Problem(500, "Our mistake; it is logged under the `instance`. Retry later."),
    "unavailable": Problem(503, "Retry after `Retry-After` seconds with the same key."),
}

# Why an edit of an order is not made: checks that a policy lets refuse.
EDIT_PROBLEMS = (
    "bad_address",
    "too_many_units",
    "order_too_large",
    "implausible_tax",
    "not_allowed_there",
    "age_not_checked",
    "dangerous_goods",
)
# Why an order is not taken in, by whatever operation it is submitted.
ORDER_PROBLEMS = (
    "unknown_channel",
    "idempotency_key_in_use",
    "order_exists_differently",
    "unknown_sku",
    "totals_do_not_add_up",
    "currency_not_accepted",
    "bad_address",
    "too_many_units",
    "order_too_large",
    "implausible_tax",
    "not_paid",
    "possible_duplicate",
    "too_many_orders",
    "high_risk_of_fraud",
    "high_outside_score",
    "not_allowed_there",
    "age_not_checked",
    "dangerous_goods",
    "destination_not_served",
    "unknown_account",
    "channel_paused",
    "channel_not_canonical",
    "priority_not_allowed",
)
