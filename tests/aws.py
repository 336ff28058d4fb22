"""moto with our tables: for single-threaded tests of stores and use cases. Concurrency is tested on the local cloud."""

import copy
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.loaders import create_loader
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from infra.local.dev_secrets import CHANNEL_SECRETS
from oms.aws import clients
from oms.kernel.time import Clock, utc_now
from oms.wiring import Wiring, rewire

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


def _transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """A transaction of moto's, undone by what it touched.

    moto would copy whole tables before each, to go back to: a run of n orders would take n² steps.
    """
    before = [_found(backend, operation) for item in transact_items for operation in item.values()]
    try:
        _MOTOS(backend, transact_items)
    except Exception:  # nothing is swallowed: moto fails with errors of many kinds, each is undone and raised again
        for rows, sort, item in before:
            rows.pop(sort, None)
            if item is not None:
                rows[sort] = item
        raise


def _found(backend: DynamoDBBackend, operation: Mapping[str, Any]) -> tuple[dict[Any, Any], DynamoType, Item | None]:
    """The partition that an operation is about, the place in it, and a copy of what is there."""
    key = operation.get("Key") or operation["Item"]
    rows = backend.tables[operation["TableName"]].items[DynamoType(key["pk"])]
    sort = DynamoType(key["sk"])
    item = rows.get(sort)
    if item is None:
        return rows, sort, None
    kept = copy.copy(item)
    kept.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(kept.attrs, item.attrs)  # the values themselves are never changed in place
    return rows, sort, kept


_MOTOS = DynamoDBBackend.transact_write_items
DynamoDBBackend.transact_write_items = _transact  # type: ignore[assignment, method-assign]
Table.__deepcopy__ = lambda table, _memo: table  # type: ignore[attr-defined]  # what `copy.deepcopy` looks for
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


def _create_tables() -> None:
    client = clients.dynamodb()
    for name, indexes in INDEXES.items():
        keys = {"pk", "sk", *(part for parts in indexes.values() for part in parts)}
        extra: dict[str, Any] = {}
        if indexes:
            extra["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": index,
                    "KeySchema": [
                        {"AttributeName": part, "KeyType": kind}
                        for part, kind in zip(parts, ("HASH", "RANGE"), strict=False)
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for index, parts in indexes.items()
            ]
        client.create_table(
            TableName=f"baton-{name}",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
            **extra,
        )


def pretend_credentials(region: str = "us-east-1") -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION=region)


@contextmanager
def moto_cloud(clock: Clock = utc_now) -> Iterator[Wiring]:
    """Tables, bus, bucket, keys and secrets on moto, and a wiring to use them."""
    pretend_credentials()
    with mock_aws():
        clients.forget()
        clients.session().register_component("data_loader", _LOADER)
        _create_tables()
        clients.events().create_event_bus(Name="baton")
        for queue in ("baton-park", "baton-message", "baton-import", "baton-count", "baton-what-if"):
            clients.sqs().create_queue(QueueName=queue)
        for bucket in ("baton-documents", "baton-archive", "baton-files"):
            clients.s3().create_bucket(Bucket=bucket)
        key = clients.kms().create_key()["KeyMetadata"]["KeyId"]
        clients.kms().create_alias(AliasName="alias/baton-people", TargetKeyId=key)
        secrets = clients.secretsmanager()
        secrets.create_secret(Name="baton/test/privacy-pepper", SecretString='{"pepper":"0123456789abcdef"}')
        secrets.create_secret(
            Name="baton/test/channel/shopify_eu", SecretString=json.dumps(CHANNEL_SECRETS["shopify_eu"])
        )
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
