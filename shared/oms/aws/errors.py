"""What AWS says, in our two families. A business condition that failed is not an error of AWS: see `tables.py`."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from oms.kernel.errors import TransientError

_TRANSIENT = frozenset({
    "InternalFailure", "InternalServerError", "InternalServerErrorException", "LimitExceededException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestTimeout", "ServiceUnavailable",
    "SlowDown", "ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException",
    "TransactionInProgressException", "ExecutionLimitExceeded", "KMSInternalException", "DependencyTimeoutException",
    "InternalException", "InternalError",
})  # fmt: skip


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated() -> Iterator[None]:
    """Turn throttling, time-outs and 5xx into `TransientError`; let everything else through as the bug it is.

    Raises:
        TransientError: worth another try.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in _TRANSIENT or status >= 500:  # noqa: PLR2004  every 5xx is theirs
            raise TransientError(f"{error.operation_name}: {code_of(error)}") from error
        raise
    except BotoCoreError as error:
        raise TransientError(f"no answer from AWS: {type(error).__name__}") from error
