"""The reasons that messages are parked for are all that the code can give, and no others."""

import ast
from collections.abc import Iterator
from pathlib import Path

from oms.intake.messages.reasons import REASONS
from oms.validation.policy import all_checks

OMS = Path(__file__).parents[3] / "shared/oms"
FOLDERS = ("intake", "validation", "credit", "kernel", "orders", "aws")
# Codes of those folders that answer a request and never come of reading a message.
ANSWERS = {
    "bad_cursor",
    "bad_signature",
    "channel_not_canonical",
    "channel_takes_no_files",
    "forbidden",
    "idempotency_key_in_use",
    "idempotency_key_reused",
    "if_match_needed",
    "order_exists_differently",
    "poll_since",
    "rate_limited",
    "role_needed",
    "stale",
    "takes_no_levels",
    "unauthorized",
    "unknown_file_type",
}


def codes() -> Iterator[str]:
    """Every code that an error is given, or has by its class."""
    for folder in FOLDERS:
        for path in (OMS / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                values: list[ast.expr | None] = []
                if isinstance(node, ast.Call):
                    values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
                    values = [node.value]
                yield from (str(each.value) for each in values if isinstance(each, ast.Constant))


def test_every_code_is_a_reason_or_answers_a_request() -> None:
    given = {code for code in codes() if code and code.islower()}
    checks = {check.code for check in all_checks().values()}
    assert given - REASONS - ANSWERS == set()
    assert (given - ANSWERS) | checks | {"gave_up", "order_unknown"} == REASONS
