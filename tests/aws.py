"""moto with our tables: for single-threaded tests of stores and use cases. Concurrency is tested on the local cloud."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.loaders import create_loader
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.events.models import events_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

from infra.local.dev_secrets import CHANNEL_SECRETS
from oms.aws import clients
from oms.kernel.time import Clock, utc_now
from oms.wiring import Wiring, rewire
from tests import fast_moto

__all__ = ["fast_moto"]  # importing it is what it takes

INDEXES: dict[str, dict[str, tuple[str, ...]]] = {
    "messages": {"received": ("received_pk", "received_sk")},
    "orders": {"live": ("live_pk", "live_sk"), "recent": ("recent_pk", "recent_sk")},
    "inventory": {
        "reorder": ("reorder_pk", "reorder_sk"),
        "expiring": ("expiring_pk", "expiring_sk"),
        "listed": ("listed_pk", "listed_sk"),
    },
    "people": {"blind": ("blind_pk",), "phone": ("phone_pk",)},
    "customers": {},
    "procurement": {"open": ("open_pk", "open_sk")},
    "polls": {},
    "prices": {},
    "reference": {},
    "jobs": {"of_channel": ("channel_pk", "channel_sk")},
    "limits": {},
}


ACCOUNT, REGION = "123456789012", "us-east-1"
SECRETS = {
    "baton/test/privacy-pepper": '{"pepper":"0123456789abcdef"}',
    "baton/test/channel/shopify_eu": json.dumps(CHANNEL_SECRETS["shopify_eu"]),
}
_LOADER = create_loader()  # kept, because reading the service models is half the time of a fresh cloud


def environment() -> dict[str, str]:
    """The settings of a function on moto."""
    tables = {f"{name.upper()}_TABLE": f"baton-{name}" for name in INDEXES}
    return {
        **tables,
        "STAGE": "test",
        "BUS_NAME": "baton",
        "DOCUMENTS_BUCKET": "baton-documents",
        "ARCHIVE_BUCKET": "baton-archive",
        "FILES_BUCKET": "baton-files",
        "IMPORT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/baton-import",
        "WHAT_IF_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/baton-what-if",
        "COUNT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/baton-count",
        "WAITING_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/baton-waiting",
        "MESSAGE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/baton-message",
        "PEPPER_SECRET": "baton/test/privacy-pepper",
        "CHANNEL_SECRET_PREFIX": "baton/test/channel/",
        "PEOPLE_KEY_ID": "alias/baton-people",
        "PARKED_FACTS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/baton-park",
        "RESOLVE_EXCEPTION_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:resolve_exception",
    }


def _furnish() -> None:
    """Put tables, bus, queues, buckets, key and secrets into moto's backends: clients take ten times as long."""
    _create_tables(dynamodb_backends[ACCOUNT][REGION])
    events_backends[ACCOUNT][REGION].create_event_bus("baton")
    for queue in ("baton-park", "baton-message", "baton-import", "baton-count", "baton-what-if"):
        sqs_backends[ACCOUNT][REGION].create_queue(queue)
    for bucket in ("baton-documents", "baton-archive", "baton-files"):
        s3_backends[ACCOUNT]["aws"].create_bucket(bucket, REGION)
    keys = kms_backends[ACCOUNT][REGION]
    key = keys.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    keys.create_alias(key.id, "alias/baton-people")
    for name, text in SECRETS.items():
        secretsmanager_backends[ACCOUNT][REGION].create_secret(name, text, None, None, None, None, None, [], False)


def _create_tables(backend: DynamoDBBackend) -> None:
    for name, indexes in INDEXES.items():
        keys = {"pk", "sk", *(part for parts in indexes.values() for part in parts)}
        backend.create_table(
            f"baton-{name}",
            schema=_schema(("pk", "sk")),
            attr=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)],
            global_indexes=[
                {"IndexName": index, "KeySchema": _schema(parts), "Projection": {"ProjectionType": "KEYS_ONLY"}}
                for index, parts in indexes.items()
            ],
            billing_mode="PAY_PER_REQUEST",
            indexes=[],
            tags=[],
            throughput=None,
            streams=None,
            sse_specification=None,
            deletion_protection_enabled=False,
            warm_throughput=None,
        )


def _schema(parts: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": part, "KeyType": kind} for part, kind in zip(parts, ("HASH", "RANGE"), strict=False)]


def pretend_credentials(region: str = "us-east-1") -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION=region)


@contextmanager
def moto_cloud(clock: Clock = utc_now) -> Iterator[Wiring]:
    """Tables, bus, bucket, keys and secrets on moto, and a wiring to use them."""
    pretend_credentials()
    with mock_aws():
        clients.forget()
        clients.session().register_component("data_loader", _LOADER)
        _furnish()
        wiring = Wiring(environment(), clock)
        rewire(wiring)
        try:
            yield wiring
        finally:
            rewire(None)
            clients.forget()


@pytest.fixture
def cloud_on_moto() -> Iterator[Wiring]:
    with moto_cloud() as wiring:
        yield wiring
