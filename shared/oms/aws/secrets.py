"""Secrets, kept in memory for a while: one call to Secrets Manager per secret, process and five minutes."""

import time

from botocore.exceptions import ClientError

from oms.aws import clients
from oms.aws.errors import code_of, translated
from oms.kernel.errors import NotFoundError

_KEPT_S = 300.0


class Secrets:
    """A small cache in front of Secrets Manager."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, str]] = {}

    def text(self, name: str, *, max_age_s: float = _KEPT_S) -> str:
        """The secret's text, at most `max_age_s` old: a smaller age is how a rotation is noticed early.

        Raises:
            NotFoundError: no such secret.
            TransientError: Secrets Manager does not answer.
        """
        now = time.monotonic()
        fetched, value = self._kept.get(name, (0.0, ""))
        if value and now - fetched < max_age_s:
            return value
        with translated():
            try:
                value = clients.secretsmanager().get_secret_value(SecretId=name)["SecretString"]
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    raise NotFoundError("there is no such secret") from None
                raise
        self._kept[name] = (now, value)
        return value
