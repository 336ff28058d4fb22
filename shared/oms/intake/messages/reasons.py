"""What messages are parked for: codes that mean the same for ever. The fields and words come with each message.

`gave_up` and `order_unknown` are those that were tried until their tries were used up; the others are refusals.
"""

REASONS = frozenset(
    {
        "age_not_checked",
        "archive_gone",
        "bad_address",
        "channel_paused",
        "compliance_request",
        "credentials_missing",
        "currency_not_accepted",
        "dangerous_goods",
        "destination_not_served",
        "gave_up",
        "high_outside_score",
        "high_risk_of_fraud",
        "implausible_tax",
        "invalid",
        "malformed",
        "malformed_json",
        "mapping_wrong",
        "not_allowed_there",
        "not_fetchable",
        "not_found",
        "not_paid",
        "order_gone",
        "order_too_large",
        "order_unknown",
        "partner_address",
        "partner_refused",
        "partner_refused_credentials",
        "possible_duplicate",
        "priority_not_allowed",
        "rejected",
        "too_large",
        "too_many_orders",
        "too_many_units",
        "totals_do_not_add_up",
        "unknown_account",
        "unknown_channel",
        "unknown_line",
        "unknown_sku",
        "wrong_state",
    }
)
