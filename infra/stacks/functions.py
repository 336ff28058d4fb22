"""Every function: what calls it, how much it may take, and exactly what it may touch.

A row per file under functions/; synthesis fails when a row has no file or a file no row. What an `api_` function
answers to is declared beside its handler (`@api.route`); a `task_` function is called by the workflow that names it.
Grants read: resource, then the permission sets of grants.py on it.
"""

from infra.stacks.function_spec import FromQueue, FromStream, FunctionSpec, Grants, OnSchedule
from infra.stacks.grants import (
    ADD_DOCUMENT,
    FORGET,
    KEEP_MESSAGE,
    LIST,
    LIST_MESSAGES,
    LOAD,
    NAME_ONLY,
    PUBLISH,
    READ_DOCUMENT,
    READ_MESSAGE,
    READ_SECRET,
    REMOVE_DOCUMENT,
    SAVE,
    SEND,
    START,
    UNWRAP,
    WRAP,
)
from infra.stacks.messaging import (
    ALLOCATION_TIMEOUT_S,
    COUNT_TIMEOUT_S,
    EXPOSURE_TIMEOUT_S,
    FILE_TIMEOUT_S,
    IMPORT_TIMEOUT_S,
    MESSAGE_TIMEOUT_S,
    NOTIFICATION_TIMEOUT_S,
    RESERVATION_TIMEOUT_S,
    SCAN_TIMEOUT_S,
    SHORTFALL_TIMEOUT_S,
    WAITING_TIMEOUT_S,
    WHAT_IF_TIMEOUT_S,
)

# Validation reads, credit takes exposure, privacy encrypts, and the order is stored: one request, one transaction.
_INTAKE: Grants = {
    "orders": LOAD + SAVE + LIST + FORGET,
    "people": LOAD + SAVE,
    "customers": LOAD + SAVE,
    "inventory": LOAD,
    "reference": LOAD + LIST,
    "people_key": WRAP + UNWRAP,
    "pepper": READ_SECRET,
}
# Verify, seal, archive: whoever takes messages in touches no order.
_RECEPTION: Grants = {
    "reference": LIST,
    "people": LOAD + SAVE,
    "people_key": WRAP + UNWRAP,
    "pepper": READ_SECRET,
    "channel_secrets": READ_SECRET,
    "archive": KEEP_MESSAGE,
}
_ORDER: Grants = {"orders": LOAD + SAVE + LIST}
# Whoever takes an order out of a line deletes its place there.
_ORDER_AND_STOCK: Grants = {**_ORDER, "inventory": LOAD + SAVE + FORGET, "reference": LOAD + LIST}
# The reference table also keeps the counters of numbers, and of what carriers and locations take a day.
_TAKES_BACK: Grants = {**_ORDER_AND_STOCK, "reference": LOAD + LIST + SAVE}
# Those who wait are promised from what is to come.
_GIVES_STOCK: Grants = {**_TAKES_BACK, "inventory": LOAD + SAVE + FORGET + LIST, "prices": LOAD + LIST}
# A change moves stock, credit and promise, and writes another address: in one transaction with the order.
_AMENDING: Grants = {
    **_TAKES_BACK,
    "customers": LOAD + SAVE + FORGET,
    "people": LOAD + SAVE + FORGET,
    "people_key": WRAP + UNWRAP,
    "pepper": READ_SECRET,
}
# The journal, and the orders that hold a position's units.
_PROOF: Grants = {"inventory": LOAD + LIST + SAVE, "orders": LOAD + LIST}
_SUPPLIES: Grants = {"inventory": LOAD + SAVE + FORGET, "reference": LOAD + LIST, "procurement": LIST}
_RELEASES: Grants = {**_ORDER, "customers": LOAD + SAVE}
_LETS_IN: Grants = {**_RELEASES, "inventory": LOAD + LIST + FORGET, "reference": LOAD, "undelivered": SEND}
_LOOKS: Grants = {"orders": LOAD + LIST, "inventory": LOAD}
_SWEEPS: Grants = {"inventory": LOAD + LIST + SAVE, "waiting_queue": SEND, "undelivered": SEND}
_SHIPPING: Grants = {**_ORDER, "reference": LOAD + LIST + SAVE}

FUNCTIONS = (
    # A user waits for these two, so they restore from a snapshot instead of starting cold.
    FunctionSpec("intake/api_submit_orders", _INTAKE, memory_mb=1024, snapstart=True),
    FunctionSpec("intake/api_receive_webhooks", _RECEPTION, memory_mb=1024, snapstart=True, without_token=True),
    FunctionSpec("orders/api_read_orders", {**_LOOKS, "reference": LOAD + LIST, "pepper": READ_SECRET}),
    FunctionSpec(
        "privacy/api_show_persons",
        {
            "orders": LOAD + LIST,
            "people": LOAD + SAVE + LIST,
            "people_key": UNWRAP,
            "pepper": NAME_ONLY,
        },
    ),
    FunctionSpec("orders/api_manage_orders", _RELEASES),
    # 5,000 lines are taken back in 60 to 170 transactions, each with the whole header.
    FunctionSpec(
        "allocation/api_cancel_orders",
        {**_TAKES_BACK, "customers": LOAD + SAVE + FORGET},
        memory_mb=1769,
    ),
    FunctionSpec("amending/api_change_orders", _AMENDING, memory_mb=1024),
    FunctionSpec("inventory/api_read_stock", {"inventory": LOAD + LIST}),
    FunctionSpec("inventory/api_move_stock", {"inventory": LOAD + LIST + SAVE, "reference": LOAD + LIST}),
    FunctionSpec("inventory/api_mend_exceptions", {**_PROOF, "reference": LIST}),
    FunctionSpec(
        "inventory/cron_prove_stock", {**_PROOF, "undelivered": SEND}, (OnSchedule("rate(15 minutes)"),), 1024, 300
    ),
    FunctionSpec("inventory/api_manage_supplies", _SUPPLIES),
    FunctionSpec("inventory/api_manage_waiting", {"inventory": LOAD, "reference": LOAD + LIST + SAVE}),
    FunctionSpec("inventory/api_trace_lots", {"inventory": LOAD + LIST + SAVE}),
    FunctionSpec("inventory/api_manage_transfers", {"inventory": LOAD + LIST + SAVE + FORGET, "reference": LIST}),
    FunctionSpec(
        "inventory/api_ask_availability",
        {"inventory": LOAD + LIST, "orders": LOAD + LIST, "reference": LOAD + LIST},
        memory_mb=1024,
    ),
    # A customer waits, and it is one transaction.
    FunctionSpec("inventory/api_reserve_stock", {"inventory": LOAD + SAVE, "reference": LOAD + LIST}, memory_mb=1024),
    FunctionSpec(
        "inventory/cron_expire_reservations",
        {"inventory": LOAD + SAVE + LIST, "undelivered": SEND},
        triggers=(OnSchedule("rate(1 minute)"),),
        timeout_s=50,
    ),
    FunctionSpec(
        "inventory/cron_expire_lots",
        {"inventory": LOAD + SAVE + LIST, "undelivered": SEND},
        triggers=(OnSchedule("rate(1 minute)"),),
        timeout_s=50,
    ),
    FunctionSpec(
        "inventory/queue_release_reservations",
        {"orders": LOAD, "inventory": LOAD + SAVE},
        triggers=(FromQueue("reservation", batch=10, window_s=5),),
        timeout_s=RESERVATION_TIMEOUT_S,
    ),
    FunctionSpec("inventory/api_take_counts", {"inventory": LOAD + LIST + SAVE, "reference": LOAD + LIST}),
    FunctionSpec(
        "inventory/queue_take_counts",
        {
            "inventory": LOAD + LIST + SAVE,
            "reference": LOAD + LIST,
            "files": ADD_DOCUMENT + READ_DOCUMENT + REMOVE_DOCUMENT,
            "count_queue": SEND,
        },
        triggers=(FromQueue("count", batch=1, window_s=0),),
        timeout_s=COUNT_TIMEOUT_S,
    ),
    FunctionSpec("fulfillment/api_confirm_fulfillment", {**_TAKES_BACK, "customers": LOAD + SAVE + FORGET}),
    FunctionSpec("fulfillment/api_get_packing_list", {"orders": LOAD + LIST, "documents": READ_DOCUMENT}),
    FunctionSpec(
        "tracking/api_track_parcels",
        {"orders": LOAD + LIST, "reference": LOAD, "pepper": READ_SECRET},
        without_token=True,
    ),
    FunctionSpec("procurement/api_list_proposals", {"procurement": LOAD + LIST}),
    FunctionSpec("procurement/api_list_purchases", {"procurement": LOAD + LIST}),
    FunctionSpec("console/api_show_docs", without_token=True),
    FunctionSpec("intake/api_draft_orders", {**_INTAKE, "messages": LOAD + SAVE + FORGET}, memory_mb=1024),
    FunctionSpec(
        "intake/api_manage_messages",
        {
            "reference": LIST,
            "messages": LOAD + LIST,
            "archive": NAME_ONLY,
            "message_queue": SEND,
            "pepper": READ_SECRET,
        },
    ),
    FunctionSpec("intake/api_manage_polling", {"reference": LIST, "polls": LOAD + SAVE + LIST}),
    FunctionSpec("intake/api_manage_levels", {"reference": LOAD + LIST, "inventory": LOAD, "polls": LOAD + SAVE}),
    FunctionSpec(
        "intake/cron_push_levels",
        {
            "reference": LOAD + LIST,
            "inventory": LOAD + LIST,
            "polls": LOAD + SAVE,
            "channel_secrets": READ_SECRET,
            "undelivered": SEND,
        },
        triggers=(OnSchedule("rate(1 minute)"),),
        timeout_s=100,
    ),
    FunctionSpec(
        "intake/cron_sweep_messages",
        {
            "reference": LIST,
            "messages": LOAD + LIST,
            "orders": LOAD,
            "archive": NAME_ONLY,
            "archive_index": LIST_MESSAGES,
            "message_queue": SEND,
            "undelivered": SEND,
        },
        triggers=(OnSchedule("rate(15 minutes)"),),
        timeout_s=300,
    ),
    FunctionSpec(
        "intake/queue_process_messages",
        {
            **_INTAKE,
            **_TAKES_BACK,
            "orders": LOAD + SAVE + LIST + FORGET,
            "customers": LOAD + SAVE + FORGET,
            "messages": LOAD + SAVE,
            "archive": READ_MESSAGE,
            "channel_secrets": READ_SECRET,
            "message_queue": NAME_ONLY,
        },
        # No waiting for a full batch: under load batches fill by themselves.
        triggers=(FromQueue("message", batch=10, window_s=0),),
        memory_mb=1024,
        timeout_s=MESSAGE_TIMEOUT_S,
    ),
    FunctionSpec(
        "intake/api_import_orders",
        {
            "jobs": LOAD + SAVE + LIST,
            "reference": LIST,
            # A link carries the rights of who signed it: to store the file, to read the results.
            "files": ADD_DOCUMENT + READ_DOCUMENT,
        },
    ),
    FunctionSpec(
        "intake/queue_run_imports",
        {
            **_INTAKE,
            "jobs": LOAD + SAVE,
            "files": ADD_DOCUMENT + READ_DOCUMENT + REMOVE_DOCUMENT,
            "import_queue": SEND,
        },
        # Bounded like allocation, so that a file of a hundred thousand orders leaves room for those of today.
        triggers=(FromQueue("import", batch=1, window_s=0, at_most=50),),
        memory_mb=1024,
        timeout_s=IMPORT_TIMEOUT_S,
    ),
    FunctionSpec(
        "intake/queue_take_files",
        {
            **_RECEPTION,
            "channel_secrets": NAME_ONLY,
            "jobs": LOAD + SAVE,
            "files": ADD_DOCUMENT + READ_DOCUMENT + REMOVE_DOCUMENT,
        },
        triggers=(FromQueue("file", batch=1, window_s=0),),
        memory_mb=1024,
        timeout_s=FILE_TIMEOUT_S,
    ),
    FunctionSpec(
        "intake/queue_receive_notifications",
        {**_RECEPTION, "channel_secrets": NAME_ONLY},
        triggers=(FromQueue("notification", batch=10, window_s=0),),
        timeout_s=NOTIFICATION_TIMEOUT_S,
    ),
    FunctionSpec(
        "allocation/queue_allocate_orders",
        _GIVES_STOCK,
        # Few consumers with large batches, because they compete for the same positions: ADR 19 has the sum.
        triggers=(FromQueue("allocation", batch=50, window_s=1, by_setting="allocation_concurrency"),),
        memory_mb=1769,  # one whole CPU: what one consumer does is what a hot item gets
        timeout_s=ALLOCATION_TIMEOUT_S,
    ),
    FunctionSpec(
        "allocation/queue_serve_waiting",
        _GIVES_STOCK,
        triggers=(FromQueue("waiting", batch=50, window_s=1, at_most=2),),  # 2 is the least that SQS allows
        memory_mb=1769,
        timeout_s=WAITING_TIMEOUT_S,
    ),
    FunctionSpec("allocation/cron_sweep_waiting", _SWEEPS, (OnSchedule("rate(1 hour)"),), timeout_s=60),
    FunctionSpec("allocation/cron_let_in", _LETS_IN, (OnSchedule("rate(1 minute)"),), timeout_s=50),
    FunctionSpec(
        "allocation/queue_mend_shortfalls", _TAKES_BACK, (FromQueue("shortfall", 10, 1),), 512, SHORTFALL_TIMEOUT_S
    ),
    FunctionSpec(
        "tracking/queue_record_scans",
        _ORDER,
        triggers=(FromQueue("scan", batch=25, window_s=1),),
        timeout_s=SCAN_TIMEOUT_S,
    ),
    FunctionSpec("credit/api_manage_accounts", {"customers": LOAD + SAVE + LIST + FORGET}),
    FunctionSpec(
        "credit/queue_recount_exposure",
        {"orders": LOAD + LIST, "customers": LOAD + SAVE + FORGET},
        triggers=(FromQueue("exposure", batch=10, window_s=5),),
        timeout_s=EXPOSURE_TIMEOUT_S,
    ),
    FunctionSpec("allocation/api_explain_orders", {"orders": LOAD}),
    FunctionSpec("allocation/api_manage_fairness", {"reference": LOAD + LIST + SAVE}),
    FunctionSpec("allocation/api_manage_limits", {"reference": LOAD + LIST + SAVE}),
    FunctionSpec("allocation/api_manage_strategies", {"reference": LOAD + LIST + SAVE + FORGET}),
    FunctionSpec(
        "allocation/api_try_strategies",
        {"jobs": LOAD + SAVE, "reference": LOAD + LIST, "files": READ_DOCUMENT, "what_if_queue": SEND},
    ),
    FunctionSpec(
        "allocation/queue_run_what_ifs",
        {
            "jobs": LOAD + SAVE,
            "files": ADD_DOCUMENT + READ_DOCUMENT,
            "orders": LOAD + LIST,
            "inventory": LOAD + LIST,
            "prices": LOAD,
            "reference": LOAD + LIST,
            "what_if_queue": SEND,
        },
        # Nobody waits: one what-if at a time of two, so that the day's orders have the tables for themselves.
        triggers=(FromQueue("what-if", batch=1, window_s=0, at_most=2),),
        memory_mb=1769,
        timeout_s=WHAT_IF_TIMEOUT_S,
    ),
    FunctionSpec("validation/api_manage_policies", {"reference": LOAD + LIST + SAVE + FORGET}),
    FunctionSpec(
        "orders/stream_publish_facts",
        {"bus": PUBLISH, "parked_facts": SEND},
        triggers=(FromStream("orders"), FromStream("procurement"), FromStream("polls"), FromStream("inventory")),
        timeout_s=30,
    ),
    # Workflow fulfill_order: the steps, then their undos. Timeouts stay within the state's own TimeoutSeconds.
    FunctionSpec("fulfillment/task_plan_parcels", {"orders": LOAD + LIST, "reference": LOAD}),
    FunctionSpec("shipping/task_select_carrier", _SHIPPING),
    FunctionSpec("shipping/task_book_parcels", _SHIPPING),
    FunctionSpec(
        "fulfillment/task_write_packing_lists",
        {
            "orders": LOAD,
            "inventory": LOAD,
            "reference": LOAD + LIST,
            "people": LOAD,
            "people_key": UNWRAP,
            "pepper": NAME_ONLY,
            "documents": ADD_DOCUMENT,
        },
        memory_mb=1024,
    ),
    FunctionSpec(
        "fulfillment/task_release_fulfillment", {**_ORDER, "customers": LOAD, "procurement": LOAD + SAVE + LIST}
    ),
    FunctionSpec("fulfillment/task_withdraw_release", _ORDER),
    FunctionSpec("fulfillment/task_discard_packing_lists", {"documents": REMOVE_DOCUMENT}),
    FunctionSpec("shipping/task_void_parcels", _SHIPPING),
    FunctionSpec("fulfillment/task_park_fulfillment", _ORDER),
    # Workflow resolve_exception.
    FunctionSpec("fulfillment/task_assess_order", _ORDER),
    FunctionSpec("fulfillment/task_remind_location", _ORDER),
    FunctionSpec("allocation/task_resource_order", _TAKES_BACK),
    FunctionSpec("orders/task_hold_order", _ORDER),
    FunctionSpec(
        "fulfillment/cron_watch_orders",
        {**_AMENDING, "resolve_exception": START, "undelivered": SEND},
        # Every minute, because a remorse window ends to the minute: a run finds nothing for 32 queries.
        triggers=(OnSchedule("rate(1 minute)"),),
        timeout_s=120,
    ),
    FunctionSpec(
        "intake/cron_poll_channels",
        {
            **_RECEPTION,
            "polls": LOAD + SAVE,
            "orders": LOAD,
            "messages": LOAD + LIST,
            "undelivered": SEND,
        },
        triggers=(OnSchedule("rate(1 minute)"),),
        timeout_s=100,
    ),
    FunctionSpec(
        "allocation/cron_count_demand",
        {"orders": LOAD + LIST, "prices": LIST + SAVE, "reference": LIST, "undelivered": SEND},
        triggers=(OnSchedule("rate(1 hour)"),),
        timeout_s=300,
    ),
    FunctionSpec(
        "allocation/cron_price_stock",
        {"inventory": LOAD, "prices": LOAD + LIST + SAVE, "reference": LOAD + LIST, "undelivered": SEND},
        triggers=(OnSchedule("rate(6 hours)"),),
        memory_mb=1024,
        timeout_s=300,
        solver=True,
    ),
    FunctionSpec(
        "procurement/cron_scan_reorder_points",
        {
            "inventory": LOAD + LIST,
            "procurement": LOAD + SAVE + LIST,
            "reference": LOAD + LIST,
            "undelivered": SEND,
        },
        triggers=(OnSchedule("cron(0 4 * * ? *)"),),
        timeout_s=300,
    ),
)
