"""The table stream edge: records in, the first that must come again out (order matters, so the rest comes with it)."""

from collections.abc import Callable, Sequence
from typing import Any

Record = dict[str, Any]


def stream(process: Callable[[Sequence[Record]], str | None]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Make a handler of `process`, which returns the sequence number of the first record that failed, or None."""

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        failed = process(event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}

    return handler
