"""A table of one owner: on-demand, backed up, encrypted with our key, and not deletable by accident."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings import Settings


@dataclass(frozen=True)
class Index:
    """A sparse index, keys only: a reader takes the ids from it and the truth from the table."""

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True)
class TableSpec:
    """What a context asks of its table."""

    name: str
    indexes: Sequence[Index] = ()
    stream: bool = False
    ttl: str | None = None
    recovery_days: int = 35
    hot: bool = False


def owned_table(scope: Construct, spec: TableSpec, *, key: kms.IKey, settings: Settings) -> dynamodb.TableV2:
    """The table `baton-<stage>-<name>` with string keys `pk` and `sk`."""
    return dynamodb.TableV2(
        scope,
        spec.name.capitalize(),
        table_name=settings.name(spec.name),
        partition_key=_string("pk"),
        sort_key=_string("sk"),
        billing=dynamodb.Billing.on_demand(),
        encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True, recovery_period_in_days=spec.recovery_days
        ),
        deletion_protection=settings.protected,
        removal_policy=RemovalPolicy.RETAIN if settings.protected else RemovalPolicy.DESTROY,
        warm_throughput=dynamodb.WarmThroughput(write_units_per_second=settings.warm_writes)
        if spec.hot and settings.warm_writes
        else None,
        dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if spec.stream else None,
        time_to_live_attribute=spec.ttl,
        global_secondary_indexes=[_index(index) for index in spec.indexes] or None,
    )


def _index(index: Index) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=index.name,
        partition_key=_string(index.partition),
        sort_key=_string(index.sort) if index.sort else None,
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
