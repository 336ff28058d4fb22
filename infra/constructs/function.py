"""A function as this house runs it: its own role, its own log group, explicit limits, one code asset for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge, acknowledge_each
from infra.settings import Settings

_RETENTION = {
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


@dataclass(frozen=True)
class Package:
    """The code asset that all functions share, and the layers beside it."""

    code: lambda_.Code
    layers: Sequence[lambda_.ILayerVersion]


@dataclass(frozen=True)
class Limits:
    """What one call may take. `snapstart` restores a snapshot instead of importing."""

    memory_mb: int
    timeout_s: int
    snapstart: bool = False


def log_group(scope: Construct, identifier: str, name: str, settings: Settings) -> logs.LogGroup:
    """A log group with the stage's retention; no log is kept for ever."""
    return logs.LogGroup(
        scope,
        identifier,
        log_group_name=name,
        retention=_RETENTION[settings.log_retention_days],
        removal_policy=RemovalPolicy.DESTROY,
    )


class Function(Construct):
    """The function `baton-<stage>-<stem with dashes>` for functions/<context>/<stem>.py."""

    def __init__(
        self,
        scope: Construct,
        path: str,
        *,
        package: Package,
        limits: Limits,
        environment: Mapping[str, str],
        policy: Sequence[iam.PolicyStatement],
        undelivered: sqs.IQueue | None,
        settings: Settings,
    ) -> None:
        context, stem = path.split("/")
        super().__init__(scope, "".join(part.capitalize() for part in stem.split("_")))
        self.name = settings.name(stem.replace("_", "-"))
        group = log_group(self, "Log", f"/aws/lambda/{self.name}", settings)
        self.role = _role(self, policy, group, traced=settings.tracing)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64 if settings.arm64 else lambda_.Architecture.X86_64,
            handler=f"functions.{context}.{stem}.handler",
            code=package.code,
            layers=list(package.layers),
            role=self.role.without_policy_updates(),
            memory_size=limits.memory_mb,
            timeout=Duration.seconds(limits.timeout_s),
            environment=_environment(context, stem, environment, settings),
            log_group=group,
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            tracing=lambda_.Tracing.ACTIVE if settings.tracing else lambda_.Tracing.PASS_THROUGH,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if limits.snapstart else None,
        )
        if undelivered is not None:
            _keep_failures(self.function, undelivered)
        # Only a published version has a snapshot; callers go through the alias to reach it.
        self.callee: lambda_.IFunction = (
            lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)
            if limits.snapstart
            else self.function
        )
        _accept(self, asynchronous=undelivered is not None, traced=settings.tracing)


def _role(scope: Construct, policy: Sequence[iam.PolicyStatement], group: logs.LogGroup, *, traced: bool) -> iam.Role:
    """The function's role. Its policy is a part of it: a policy apart per function is 60 of a stack's 500 resources."""
    logging = iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.log_group_arn]
    )
    tracing = iam.PolicyStatement(actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources=["*"])
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={"Own": iam.PolicyDocument(statements=[*policy, logging, *([tracing] if traced else [])])},
    )


def _environment(context: str, stem: str, given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    # A scheduled function logs its report, and alarms are made of the reports.
    quiet = settings.stage == "prod" and not stem.startswith("cron_")
    return {
        "STAGE": settings.stage,
        "POWERTOOLS_SERVICE_NAME": context,
        # Nobody plugs into pydantic here: without this, the first model reads the entry points of every package.
        "PYDANTIC_DISABLE_PLUGINS": "1",
        # An order's story is in its timeline; a line per call in production would cost more than the call.
        "POWERTOOLS_LOG_LEVEL": "WARNING" if quiet else "INFO",
        **given,
    }


def _keep_failures(function: lambda_.Function, undelivered: sqs.IQueue) -> None:
    """For functions that nobody waits for: two retries, then the event is kept in `undelivered`."""
    lambda_.CfnEventInvokeConfig(
        function,
        "Asynchronous",
        function_name=function.function_name,
        qualifier="$LATEST",
        maximum_event_age_in_seconds=3600,
        maximum_retry_attempts=2,
        destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
            on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=undelivered.queue_arn)
        ),
    )


def _accept(function: Function, *, asynchronous: bool, traced: bool) -> None:
    acknowledge(
        function,
        AwsSolutions_L1="3.13 is pinned: SnapStart and every locked wheel are proven on it; CI runs 3.11 to 3.13.",
        Serverless_LambdaLatestVersion="3.13 is pinned: SnapStart and every locked wheel are proven on it.",
        Serverless_LambdaDLQ="Failed asynchronous calls go to the on-failure destination `undelivered`."
        if asynchronous
        else "Never called asynchronously: API Gateway, Step Functions or an event source mapping waits for the "
        "answer, and the queue or stream behind a mapping has its own dead-letter queue.",
    )
    if traced:
        why = "X-Ray has no resources to name: its actions accept only *."
        acknowledge(function, Serverless_LambdaStarPermissions=why)
        acknowledge_each(function, {"AwsSolutions-IAM5[Resource::*]": why})
