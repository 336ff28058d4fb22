"""The two KMS keys: one for what rests in our services, one that wraps the privacy keys of people."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings import Settings


def data_key(scope: Construct, settings: Settings) -> kms.Key:
    """The key of tables, queues, bucket, secrets and topic.

    The AWS services that write to our queues and topic on their own behalf may use it, for this account only.
    """
    key = _key(scope, "DataKey", "data", "Tables, queues, documents and secrets of Baton", settings)
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="ServicesThatDeliver",
            principals=[
                iam.ServicePrincipal("events.amazonaws.com"),
                iam.ServicePrincipal("scheduler.amazonaws.com"),
                iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                iam.ServicePrincipal("s3.amazonaws.com"),
            ],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # in a key policy, "*" is this key
            conditions={"StringEquals": {"aws:SourceAccount": settings.account}},
        )
    )
    return key


def people_key(scope: Construct, settings: Settings) -> kms.Key:
    """The key that wraps one key per person. Functions that never see a person have no grant on it."""
    return _key(scope, "PeopleKey", "people", "Wraps the privacy key of each person", settings)


def _key(scope: Construct, identifier: str, name: str, description: str, settings: Settings) -> kms.Key:
    return kms.Key(
        scope,
        identifier,
        alias=f"alias/{settings.name(name)}",
        description=description,
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN if settings.protected else RemovalPolicy.DESTROY,
    )
