"""The schedule edge: a function without input; its result is logged and returned for the one who calls by hand."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from oms.entry.log import logger


def cron(run: Callable[[], BaseModel]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Make a handler of `run`."""

    def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        result = run().model_dump(mode="json")
        logger.info("scheduled run", extra={"result": result})
        return result

    return handler
