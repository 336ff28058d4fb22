"""What must survive a deployment: tables, keys, documents, secrets, identities, the bus and the queues."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.queue import accept_notifications
from infra.constructs.table import owned_table
from infra.settings import Settings
from infra.stacks.identity import Identity
from infra.stacks.keys import data_key, people_key
from infra.stacks.messaging import Messaging
from infra.stacks.tables import TABLES


class StatefulStack(Stack):
    """Deployed first, changed rarely, protected from deletion where `protected` is set."""

    def __init__(self, scope: Construct, identifier: str, *, settings: Settings, **options: Any) -> None:
        super().__init__(scope, identifier, **options)
        self.data_key = data_key(self, settings)
        self.people_key = people_key(self, settings)
        self.tables = {spec.name: owned_table(self, spec, key=self.data_key, settings=settings) for spec in TABLES}
        self.documents = _documents(self, self.data_key, settings)
        self.pepper = _pepper(self, self.data_key, settings)
        self.messaging = Messaging(self, key=self.data_key, settings=settings)
        self.archive = _archive(self, self.data_key, self.messaging, settings)
        self.files = _files(self, self.data_key, self.messaging, settings)
        self.identity = Identity(self, settings=settings)
        for name, table in self.tables.items():
            CfnOutput(self, f"{name.capitalize()}Table", value=table.table_name)
        CfnOutput(self, "ArchiveBucket", value=self.archive.bucket_name)
        CfnOutput(self, "FilesBucket", value=self.files.bucket_name)
        CfnOutput(self, "DocumentsBucket", value=self.documents.bucket_name)
        CfnOutput(self, "PeopleKeyId", value=self.people_key.key_id)
        CfnOutput(self, "PepperSecret", value=pepper_name(settings))


def _documents(scope: Construct, key: kms.IKey, settings: Settings) -> s3.Bucket:
    """Packing lists and labels. They carry names and addresses, so they go when nobody packs by them any more."""
    return _bucket(scope, "Documents", settings.documents_bucket, key, days=90, settings=settings)


def _archive(scope: Construct, key: kms.IKey, messaging: Messaging, settings: Settings) -> s3.Bucket:
    """What channels sent, as it came, sealed; each object is told to the message queue, which is how work begins.

    Kept for 90 days, the longest that a chargeback or a claim asks back; the log keeps its rows a week longer.
    """
    bucket = _bucket(scope, "Archive", settings.archive_bucket, key, days=90, settings=settings)
    _tell(bucket, settings.archive_bucket, {"messages/": messaging.queues["message"].queue}, settings)
    return bucket


def _files(scope: Construct, key: kms.IKey, messaging: Messaging, settings: Settings) -> s3.Bucket:
    """Files: dropped by partners (`inbox/`), answered (`outbox/`), of import jobs (`uploads/`, `results/`), of counts.

    What comes in is removed as soon as it is taken; what is left goes after 30 days.
    """
    bucket = _bucket(scope, "Files", settings.files_bucket, key, days=30, settings=settings)
    told = {
        "uploads/": messaging.queues["import"].queue,
        "inbox/": messaging.queues["file"].queue,
        "counts/": messaging.queues["count"].queue,
    }
    _tell(bucket, settings.files_bucket, told, settings)
    return bucket


def _tell(bucket: s3.Bucket, name: str, queues: Mapping[str, sqs.Queue], settings: Settings) -> None:
    """Tell each queue of the objects that are stored under its prefix.

    A property of the bucket: `add_event_notification` would deploy a function of its own to set it.
    """
    resource = bucket.node.default_child
    policies = [accept_notifications(queue, bucket=name, account=settings.account) for queue in queues.values()]
    if not isinstance(resource, s3.CfnBucket):
        raise TypeError("a bucket without its CloudFormation resource")
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        queue_configurations=[
            s3.CfnBucket.QueueConfigurationProperty(
                event="s3:ObjectCreated:*",
                queue=queue.queue_arn,
                filter=s3.CfnBucket.NotificationFilterProperty(
                    s3_key=s3.CfnBucket.S3KeyFilterProperty(
                        rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=prefix)]
                    )
                ),
            )
            for prefix, queue in queues.items()
        ]
    )
    for policy in policies:
        if policy is None:
            raise TypeError("a queue without its policy")
        resource.node.add_dependency(policy)


def _bucket(scope: Construct, identifier: str, name: str, key: kms.IKey, *, days: int, settings: Settings) -> s3.Bucket:
    """A bucket of ours: private, encrypted, logged, and emptied by age."""
    removal = RemovalPolicy.RETAIN if settings.protected else RemovalPolicy.DESTROY
    logs = s3.Bucket(
        scope,
        f"{identifier}Log",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(settings.log_retention_days))],
        removal_policy=removal,
    )
    return s3.Bucket(
        scope,
        identifier,
        bucket_name=name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        enforce_ssl=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        server_access_logs_bucket=logs,
        server_access_logs_prefix=f"{identifier.lower()}/",
        lifecycle_rules=[
            s3.LifecycleRule(expiration=Duration.days(days), abort_incomplete_multipart_upload_after=Duration.days(1))
        ],
        removal_policy=removal,
    )


def pepper_name(settings: Settings) -> str:
    return f"baton/{settings.stage}/privacy-pepper"


def _pepper(scope: Construct, key: kms.IKey, settings: Settings) -> secretsmanager.Secret:
    """The key of the blind index and of tracking links, as `{"pepper": "..."}`."""
    secret = secretsmanager.Secret(
        scope,
        "PrivacyPepper",
        secret_name=pepper_name(settings),
        description="Keys the blind index of e-mail addresses and signs tracking links",
        encryption_key=key,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template=json.dumps({}),
            generate_string_key="pepper",
            password_length=64,
            exclude_punctuation=True,
        ),
        removal_policy=RemovalPolicy.RETAIN if settings.protected else RemovalPolicy.DESTROY,
    )
    acknowledge(
        secret,
        AwsSolutions_SMG4="Rotating it would make every blind index entry and every tracking link sent out unreadable; "
        "a change is a re-indexing job, not a schedule.",
    )
    return secret
