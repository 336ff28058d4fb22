"""The workflow edge: a small document in, the same document with what the task found out.

Tasks answer with values (`outcome`); whatever they raise is retried and then caught by the workflow.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from oms.entry.log import logger

Input = TypeVar("Input", bound=BaseModel)


def task(
    model: type[Input],
) -> Callable[[Callable[[Input], BaseModel]], Callable[[dict[str, Any], Any], dict[str, Any]]]:
    """Make a handler of a function from `model` to what it adds; the answer is the input with the additions merged."""

    def decorate(run: Callable[[Input], BaseModel]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            try:
                added = run(model.model_validate(event))
            except Exception as error:  # the edge: whatever it is, the workflow retries and catches it
                logger.warning("task failed", extra={"error": repr(error)[:500], "order_id": event.get("order_id")})
                raise
            return {**event, **added.model_dump(mode="json", exclude_none=True)}

        return handler

    return decorate
