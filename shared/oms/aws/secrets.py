"""Secrets: JSON documents of Secrets Manager, kept five minutes per process so that a rotation is seen soon."""

import time

from botocore.exceptions import ClientError

from oms.aws import clients
from oms.aws.errors import code_of, translated
from oms.kernel.errors import NotFoundError
from oms.kernel.json import read_json

KEPT_S = 300.0


class Secrets:
    """A small cache in front of Secrets Manager."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, dict[str, str]]] = {}

    def read(self, name: str, *, max_age_s: float = KEPT_S) -> dict[str, str]:
        """The document, at most `max_age_s` old: asking for a smaller age is how a rotation is noticed early.

        Raises:
            NotFoundError: no such secret.
            TransientError: throttled or unreachable.
        """
        kept = self._kept.get(name)
        if kept and time.monotonic() - kept[0] < max_age_s:
            return kept[1]
        with translated():
            try:
                text = clients.secretsmanager().get_secret_value(SecretId=name)["SecretString"]
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    raise NotFoundError("there is no such secret") from None
                raise
        document = dict(read_json(text.encode()))
        self._kept[name] = (time.monotonic(), document)
        return document
