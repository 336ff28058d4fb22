"""Secrets: JSON documents of Secrets Manager, kept five minutes per process so that a rotation is seen soon."""

import time

from oms.aws import clients
from oms.aws.errors import translated
from oms.kernel.json import read_json

_KEPT_S = 300.0
_kept: dict[str, tuple[float, dict[str, str]]] = {}


def read_secret(name: str) -> dict[str, str]:
    """The document of a secret.

    Raises:
        TransientError: throttled or unreachable.
    """
    until, document = _kept.get(name, (0.0, {}))
    if until < time.monotonic():
        with translated():
            text = clients.secretsmanager().get_secret_value(SecretId=name)["SecretString"]
        document = dict(read_json(text.encode()))
        _kept[name] = (time.monotonic() + _KEPT_S, document)
    return document
