"""boto3 clients for the local cloud: one per service, few connections, fake credentials, never a real account."""

import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "000000000000"
KEY = "local"  # the emulator takes any
MAX_CONNECTIONS = 8  # the emulator is one process: more callers only queue inside it


@dataclass(frozen=True)
class Clients:
    """Makes each client once; safe to share between threads."""

    endpoint: str
    _made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    def __call__(self, service: str) -> Any:
        """The client of `service`, typed by the caller: one function serves two dozen services."""
        with self._making:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def close(self) -> None:
        """Give the connections back: an open socket at exit is a warning, and warnings are errors in the tests."""
        with self._making:
            for client in self._made.values():
                client.close()
            self._made.clear()

    def _make(self, service: str) -> Any:
        session = boto3.session.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=KEY, region_name=REGION)
        return session.client(
            service,  # type: ignore[call-overload]  # the stubs want a literal; the name is data here
            endpoint_url=self.endpoint,
            config=Config(
                max_pool_connections=MAX_CONNECTIONS,
                retries={"mode": "standard", "total_max_attempts": 3},
                connect_timeout=5,
                read_timeout=60,
                s3={"addressing_style": "path"},
            ),
        )
