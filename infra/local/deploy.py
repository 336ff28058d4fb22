"""Deploy the synthesized assembly to the emulator: the same templates as for an account, by boto3 alone."""

import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local.assembly import Asset, Stack
from infra.local.clients import ACCOUNT, REGION, Clients

BOOTSTRAP = {"/cdk-bootstrap/hnb659fds/version": "30"}  # what the templates' own rule looks for
DIGEST_TAG = "baton:digest"
STACK_S = 120.0
SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
POLL_S = 0.05
WARM_UPS = 2  # at a time: each is a new process that imports everything
ON_THE_WAY = frozenset({
    "api_receive_webhooks", "queue_process_messages", "api_submit_orders", "stream_publish_facts",
    "queue_allocate_orders", "task_plan_parcels",
    "task_select_carrier", "task_book_parcels", "task_write_packing_lists", "task_release_fulfillment",
    "api_confirm_fulfillment", "queue_record_scans",
})  # fmt: skip
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
Say = Callable[[str], None]


class DeployError(Exception):
    """A stack did not come up; the message carries the resource and the reason."""


def deploy(clients: Clients, stacks: list[Stack], say: Say) -> None:
    """Create or update every stack of the assembly, in order, then mend what the emulator leaves out.

    Raises:
        DeployError: a stack failed.
    """
    for name, value in BOOTSTRAP.items():
        clients("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    for stack in stacks:
        started = time.monotonic()
        outcome = _deploy_stack(clients, stack)
        say(f"{stack.name}: {outcome} in {time.monotonic() - started:.1f} s")
        if outcome != "unchanged":
            _mend(clients, stack)


def warm_up(clients: Clients, say: Say) -> None:
    """Start one process for each function that an ordinary order passes, so that the first one does not wait.

    The event names no operation: an API answers 404 to it, a queue has nothing to do, a task refuses it.
    """
    started = time.monotonic()
    functions = [
        function["FunctionName"]
        for page in clients("lambda").get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if function["Handler"].split(".")[-2] in ON_THE_WAY
    ]
    with ThreadPoolExecutor(WARM_UPS) as pool:
        list(pool.map(lambda name: _warm(clients, name), functions))
    say(f"{len(functions)} functions warm in {time.monotonic() - started:.1f} s")


def _warm(clients: Clients, name: str) -> None:
    aliases = clients("lambda").list_aliases(FunctionName=name)["Aliases"]
    for qualifier in [alias["Name"] for alias in aliases] or ["$LATEST"]:
        # A version with SnapStart is pending until its snapshot is taken.
        clients("lambda").get_waiter("published_version_active").wait(
            FunctionName=name, Qualifier=qualifier, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        clients("lambda").invoke(FunctionName=name, Qualifier=qualifier, Payload=b'{"Records": []}')


def _deploy_stack(clients: Clients, stack: Stack) -> str:
    digest = hashlib.sha256(stack.template.read_bytes()).hexdigest()[:32]
    current = _describe(clients, stack.name)
    if current and current["StackStatus"] not in SETTLED:
        _remove(clients, stack.name)
        current = None
    tags = {tag["Key"]: tag["Value"] for tag in (current or {}).get("Tags", [])}
    if tags.get(DIGEST_TAG) == digest:
        return "unchanged"
    for asset in stack.assets:
        _upload(clients, asset)
    request = {
        "StackName": stack.name,
        "TemplateURL": _template_url(clients, stack),
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Tags": [{"Key": DIGEST_TAG, "Value": digest}],
    }
    cloudformation = clients("cloudformation")
    try:
        cloudformation.update_stack(**request) if current else cloudformation.create_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return "unchanged"
        raise DeployError(f"{stack.name}: {error}") from error
    _wait(clients, stack)
    return "updated" if current else "created"


def _remove(clients: Clients, name: str) -> None:
    """Clear away what a failed first deployment left: such a stack can only be deleted."""
    clients("cloudformation").delete_stack(StackName=name)
    deadline = time.monotonic() + STACK_S
    while _describe(clients, name) and time.monotonic() < deadline:
        time.sleep(POLL_S)


def _describe(clients: Clients, name: str) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = clients("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError:
        return None  # CloudFormation has no gentler way to say that there is none
    return None if described["StackStatus"] == "DELETE_COMPLETE" else described


def _wait(clients: Clients, stack: Stack) -> None:
    deadline = time.monotonic() + STACK_S
    while time.monotonic() < deadline:
        described = _describe(clients, stack.name) or {"StackStatus": "GONE"}
        status = described["StackStatus"]
        if status in SETTLED:
            return
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(POLL_S)
    events = clients("cloudformation").describe_stack_events(StackName=stack.name)["StackEvents"]
    failed = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
        for event in events
        if "FAILED" in event["ResourceStatus"]
    ]
    why = f"{status} {described.get('StackStatusReason', '')}"
    raise DeployError("\n".join([f"{stack.name} did not deploy: {why}", *reversed(failed)]))


def _upload(clients: Clients, asset: Asset) -> None:
    bucket, key = _resolved(asset.bucket), _resolved(asset.key)
    storage = clients("s3")
    try:
        storage.head_object(Bucket=bucket, Key=key)
    except ClientError:
        storage.create_bucket(Bucket=bucket)  # repeating it is harmless in this region
        storage.put_object(
            Bucket=bucket, Key=key, Body=_zip(asset.source) if asset.zipped else asset.source.read_bytes()
        )


def _template_url(clients: Clients, stack: Stack) -> str:
    """Templates are larger than a request may be, so they are assets too; the emulator reads them from its own S3."""
    for asset in stack.assets:
        if asset.source == stack.template:
            return f"{clients.endpoint}/{_resolved(asset.bucket)}/{_resolved(asset.key)}"
    raise DeployError(f"{stack.name}: its template is not among its assets; is the default stack synthesizer in use?")


def _resolved(name: str) -> str:
    return (
        name.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION).replace("${AWS::Partition}", "aws")
    )


def _zip(folder: Path) -> bytes:
    """The folder as a zip that is the same for the same content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_TIME)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _mend(clients: Clients, stack: Stack) -> None:
    """Set what the emulator's CloudFormation reads over: CORS of the API, and which attribute expires an item."""
    summaries = [
        summary
        for page in clients("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack.name)
        for summary in page["StackResourceSummaries"]
    ]
    physical = {summary["LogicalResourceId"]: summary["PhysicalResourceId"] for summary in summaries}
    for logical, resource in stack.body().get("Resources", {}).items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "CorsConfiguration" in properties:
            clients("apigatewayv2").update_api(
                ApiId=physical[logical], CorsConfiguration=properties["CorsConfiguration"]
            )
        if resource["Type"] in ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"):
            expiry = properties.get("TimeToLiveSpecification")
            if expiry:
                clients("dynamodb").update_time_to_live(TableName=physical[logical], TimeToLiveSpecification=expiry)
