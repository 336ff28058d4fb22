"""One structured logger for all functions. Ids only: no name, address, token or body is ever logged.

Powertools is imported when something is first logged (35 to 60 ms of CPU): most invocations log nothing.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@cache
def _powertools() -> "Logger":
    from aws_lambda_powertools import Logger  # noqa: PLC0415  see above

    return Logger(location=None, use_rfc3339=True)


class _OnFirstUse:
    def __getattr__(self, name: str) -> Any:
        return getattr(_powertools(), name)


if TYPE_CHECKING:
    logger: Logger
else:
    logger = _OnFirstUse()
