"""moto built from the synthesized template: the tables, queues, bus, bucket, keys, secrets and machines of a stage."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto import mock_aws

from infra.local import dev_secrets
from infra.local.assembly import Stack
from infra.local.clients import REGION
from infra.local.outputs import CHANNEL_SECRETS, settings
from oms.aws import clients
from oms.kernel.time import Clock, utc_now
from oms.wiring import Wiring, rewire
from tests.aws import pretend_credentials

TABLE = "AWS::DynamoDB::GlobalTable"
_TABLE_PROPERTIES = ("TableName", "AttributeDefinitions", "KeySchema", "BillingMode")
_INDEX_PROPERTIES = ("IndexName", "KeySchema", "Projection")
_PASS = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Pass", "End": True}}})
_ROLE = "arn:aws:iam::123456789012:role/machine"


@contextmanager
def moto_from(stacks: Iterable[Stack], clock: Clock = utc_now) -> Iterator[Wiring]:
    """What the stacks describe, empty, and a wiring to use it."""
    pretend_credentials(REGION)
    with mock_aws():
        clients.forget()
        wiring = Wiring(_build([stack.body() for stack in stacks]), clock)
        rewire(wiring)
        try:
            yield wiring
        finally:
            rewire(None)
            clients.forget()


def create_table(properties: dict[str, Any]) -> str:
    """A table as CloudFormation would make it, without what moto does not know."""
    request = {name: properties[name] for name in _TABLE_PROPERTIES}
    if indexes := properties.get("GlobalSecondaryIndexes"):
        request["GlobalSecondaryIndexes"] = [{name: index[name] for name in _INDEX_PROPERTIES} for index in indexes]
    clients.dynamodb().create_table(**request)
    return str(request["TableName"])


def _build(templates: list[dict[str, Any]]) -> dict[str, str]:
    """Make the resources; the settings by which a function finds them."""
    physical = {
        logical: made
        for template in templates
        for logical, resource in template["Resources"].items()
        if (made := _make(resource["Type"], resource.get("Properties", {})))
    }
    outputs = {
        name: physical.get(value.get("Ref", ""), "") if isinstance(value, dict) else value
        for template in templates
        for name, value in ((name, output["Value"]) for name, output in template.get("Outputs", {}).items())
    }
    for channel, secret in dev_secrets.CHANNEL_SECRETS.items():
        clients.secretsmanager().create_secret(Name=CHANNEL_SECRETS + channel, SecretString=json.dumps(secret))
    return {**settings(outputs), "RESOLVE_EXCEPTION_ARN": outputs["ResolveExceptionArn"]}


def _make(kind: str, properties: dict[str, Any]) -> str | None:
    """One resource; what `Ref` gives of it. None for what no handler touches."""
    maker = _MAKERS.get(kind)
    return maker(properties) if maker else None


def _queue(properties: dict[str, Any]) -> str:
    return clients.sqs().create_queue(QueueName=properties["QueueName"])["QueueUrl"]


def _bus(properties: dict[str, Any]) -> str:
    clients.events().create_event_bus(Name=properties["Name"])
    return str(properties["Name"])


def _bucket(properties: dict[str, Any]) -> str:
    name = str(properties.get("BucketName", "access-logs"))
    clients.s3().create_bucket(Bucket=name)
    return name


def _key(_properties: dict[str, Any]) -> str:
    return clients.kms().create_key()["KeyMetadata"]["KeyId"]


def _secret(properties: dict[str, Any]) -> str:
    pepper = json.dumps({"pepper": dev_secrets.PEPPER})
    return clients.secretsmanager().create_secret(Name=properties["Name"], SecretString=pepper)["ARN"]


def _machine(properties: dict[str, Any]) -> str:
    """It can be started; what it then does is tested on the local cloud."""
    name = properties["StateMachineName"]
    return clients.stepfunctions().create_state_machine(name=name, definition=_PASS, roleArn=_ROLE)["stateMachineArn"]


_MAKERS = {
    TABLE: create_table,
    "AWS::SQS::Queue": _queue,
    "AWS::Events::EventBus": _bus,
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::StepFunctions::StateMachine": _machine,
}
