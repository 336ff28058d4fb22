"""Permission sets by name, and what each resource of a grant is: its ARNs, its environment, its key.

No set holds a wildcard action. Two resources end in `*`; WILDCARDS says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from infra.settings import Settings
from infra.stacks.stateful import StatefulStack, pepper_name
from infra.stacks.tables import TABLES

LOAD = ("dynamodb:BatchGetItem", "dynamodb:GetItem")
LIST = ("dynamodb:Query",)
# A transaction needs the permission of each of its parts.
SAVE = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
FORGET = ("dynamodb:DeleteItem",)
READ_DOCUMENT = ("s3:GetObject",)
ADD_DOCUMENT = ("s3:PutObject",)
REMOVE_DOCUMENT = ("s3:DeleteObject",)
# The archive: what is kept there is never written over and never deleted by us.
KEEP_MESSAGE = ("s3:PutObject",)
READ_MESSAGE = ("s3:GetObject",)
LIST_MESSAGES = ("s3:ListBucket",)
READ_SECRET = ("secretsmanager:GetSecretValue",)
WRAP = ("kms:GenerateDataKey",)
# The function is told the name, because its wiring asks for it, but may not use it.
NAME_ONLY: tuple[str, ...] = ()
UNWRAP = ("kms:Decrypt",)
PUBLISH = ("events:PutEvents",)
SEND = ("sqs:SendMessage",)
START = ("states:StartExecution",)

WILDCARDS = {
    "documents": "Keys are made of shipment ids: the function may touch any document of the one bucket it works for.",
    "archive": "Keys are made of channel, hour and message id: a message may be of any channel.",
    "files": "Keys are made of channels, file names and job ids: a function works on the files of any of them.",
    "channel_secrets": "A channel is added as data, with its secret under the stage's prefix, without a deployment.",
}

# Through these services only: nobody decrypts with the data key directly.
_VIA = ("dynamodb", "sqs", "s3", "secretsmanager")


@dataclass(frozen=True)
class Resource:
    """What a grant is about: the ARNs it covers and the environment variables that tell the function its name."""

    arns: Sequence[str]
    environment: Mapping[str, str]


def resources(stateful: StatefulStack, settings: Settings) -> dict[str, Resource]:
    """Every resource that a row of functions.py may name."""
    messaging = stateful.messaging
    channels = f"baton/{settings.stage}/channel/"
    workflow = settings.arn("states", f"stateMachine:{settings.name('resolve-exception')}")
    indexes = {spec.name: [index.name for index in spec.indexes] for spec in TABLES}
    tables = {
        name: Resource(
            [table.table_arn, *(f"{table.table_arn}/index/{index}" for index in indexes[name])],
            {f"{name.upper()}_TABLE": table.table_name},
        )
        for name, table in stateful.tables.items()
    }
    return {
        **tables,
        "documents": Resource(
            [f"arn:aws:s3:::{settings.documents_bucket}/*"], {"DOCUMENTS_BUCKET": stateful.documents.bucket_name}
        ),
        "archive": Resource(
            [f"arn:aws:s3:::{settings.archive_bucket}/*"], {"ARCHIVE_BUCKET": stateful.archive.bucket_name}
        ),
        "files": Resource([f"arn:aws:s3:::{settings.files_bucket}/*"], {"FILES_BUCKET": stateful.files.bucket_name}),
        "import_queue": Resource(
            [messaging.queues["import"].queue.queue_arn],
            {"IMPORT_QUEUE_URL": messaging.queues["import"].queue.queue_url},
        ),
        "what_if_queue": Resource(
            [messaging.queues["what-if"].queue.queue_arn],
            {"WHAT_IF_QUEUE_URL": messaging.queues["what-if"].queue.queue_url},
        ),
        "count_queue": Resource(
            [messaging.queues["count"].queue.queue_arn], {"COUNT_QUEUE_URL": messaging.queues["count"].queue.queue_url}
        ),
        "waiting_queue": Resource(
            [messaging.queues["waiting"].queue.queue_arn],
            {"WAITING_QUEUE_URL": messaging.queues["waiting"].queue.queue_url},
        ),
        "archive_index": Resource([f"arn:aws:s3:::{settings.archive_bucket}"], {}),
        "message_queue": Resource(
            [messaging.queues["message"].queue.queue_arn],
            {"MESSAGE_QUEUE_URL": messaging.queues["message"].queue.queue_url},
        ),
        "people_key": Resource([stateful.people_key.key_arn], {"PEOPLE_KEY_ID": stateful.people_key.key_id}),
        "pepper": Resource([stateful.pepper.secret_arn], {"PEPPER_SECRET": pepper_name(settings)}),
        "channel_secrets": Resource(
            [settings.arn("secretsmanager", f"secret:{channels}*")], {"CHANNEL_SECRET_PREFIX": channels}
        ),
        "bus": Resource([messaging.bus.event_bus_arn], {"BUS_NAME": messaging.bus.event_bus_name}),
        "parked_facts": Resource([messaging.parked.queue_arn], {"PARKED_FACTS_QUEUE_URL": messaging.parked.queue_url}),
        "undelivered": Resource([messaging.undelivered.queue_arn], {}),
        "resolve_exception": Resource([workflow], {"RESOLVE_EXCEPTION_ARN": workflow}),
    }


def statements(
    grants: Mapping[str, tuple[str, ...]], known: Mapping[str, Resource], *, data_key_arn: str, settings: Settings
) -> list[iam.PolicyStatement]:
    """The policy of one function: a statement per resource, and the data key if any of them is encrypted with it."""
    allowed = [
        iam.PolicyStatement(
            sid="".join(part.capitalize() for part in name.split("_")),
            actions=sorted(set(actions)),
            resources=list(known[name].arns),
        )
        for name, actions in sorted(grants.items())
        if actions
    ]
    if allowed:
        allowed.append(
            iam.PolicyStatement(
                sid="DataKey",
                actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=[data_key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": [f"{via}.{settings.region}.amazonaws.com" for via in _VIA]}
                },
            )
        )
    return allowed


def wildcard_reasons(grants: Mapping[str, tuple[str, ...]], known: Mapping[str, Resource]) -> dict[str, str]:
    """The cdk-nag findings that follow from granting what WILDCARDS lists, with the reason."""
    return {
        f"AwsSolutions-IAM5[Resource::{arn}]": WILDCARDS[name]
        for name, actions in grants.items()
        if actions and name in WILDCARDS
        for arn in known[name].arns
    }
