"""A queue and its dead-letter queue: encrypted, TLS only, and nothing is dropped silently."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.settings import Settings

# Fourteen days, the longest SQS keeps a message: a long weekend must not lose what failed on its Friday.
_KEEP = Duration.days(14)
# One KMS call an hour and producer instead of one per five minutes; the price of SSE-KMS disappears.
_DATA_KEY_REUSE = Duration.hours(1)


def dead_letter_queue(scope: Construct, name: str, *, key: kms.IKey, settings: Settings) -> sqs.Queue:
    """The end of a line: what arrives raises an alarm and is redriven by a person."""
    queue = sqs.Queue(
        scope,
        "".join(part.capitalize() for part in name.split("-")),
        queue_name=settings.name(name),
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        data_key_reuse=_DATA_KEY_REUSE,
        enforce_ssl=True,
        retention_period=_KEEP,
    )
    acknowledge(
        queue,
        AwsSolutions_SQS3="This queue is itself a dead-letter queue; its depth raises an alarm.",
        Serverless_SQSRedrivePolicy="This queue is itself a dead-letter queue; its depth raises an alarm.",
    )
    return queue


class DurableQueue(Construct):
    """The queue `baton-<stage>-<name>` with its dead-letter queue `baton-<stage>-<name>-dead`."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        visibility_s: int,
        attempts: int,
        key: kms.IKey,
        settings: Settings,
        foreign_senders: bool = False,
    ) -> None:
        super().__init__(scope, "".join(part.capitalize() for part in name.split("-")))
        self.dead = dead_letter_queue(self, f"{name}-dead", key=key, settings=settings)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=settings.name(name),
            # Who sends from another account would need a grant on our key; SQS's own key needs none.
            encryption=sqs.QueueEncryption.SQS_MANAGED if foreign_senders else sqs.QueueEncryption.KMS,
            encryption_master_key=None if foreign_senders else key,
            data_key_reuse=None if foreign_senders else _DATA_KEY_REUSE,
            enforce_ssl=True,
            retention_period=_KEEP,
            visibility_timeout=Duration.seconds(visibility_s),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead, max_receive_count=attempts),
        )


def accept_events(queue: sqs.Queue, *, rule_arns: list[str]) -> None:
    """Let these EventBridge rules, and nobody else's, send to `queue`."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FromOurRules",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule_arns}},
        )
    )


def accept_sender(queue: sqs.Queue, *, account: str, partner_rules: str) -> None:
    """Let another account, and rules on its partner bus in ours, send to `queue`: a sender that does not sign."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FromTheSender",
            principals=[iam.AccountPrincipal(account)],
            # It looks at the queue when a destination is made of it.
            actions=["sqs:GetQueueAttributes", "sqs:SendMessage"],
            resources=[queue.queue_arn],
        )
    )
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FromItsPartnerBus",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnLike": {"aws:SourceArn": partner_rules}},
        )
    )


def accept_notifications(queue: sqs.Queue, *, bucket: str, account: str) -> sqs.QueuePolicy | None:
    """Let this bucket, and no other, tell `queue` of its objects; the policy, which must be there before the bucket."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FromOurBucket",
            principals=[iam.ServicePrincipal("s3.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={
                "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
                "StringEquals": {"aws:SourceAccount": account},
            },
        )
    )
    policy = queue.node.try_find_child("Policy")
    return policy if isinstance(policy, sqs.QueuePolicy) else None
