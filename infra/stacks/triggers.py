"""Connect queues, streams and schedules to their functions."""

import json

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.constructs.acknowledge import acknowledge, acknowledge_each
from infra.constructs.function import Function
from infra.settings import Settings
from infra.stacks.function_spec import FromQueue, FromStream, FunctionSpec, OnSchedule
from infra.stacks.stateful import StatefulStack

# `n` is the number of facts that a write brought (see oms.orders.store): claims and moved deadlines bring none, and a
# record that is filtered out costs no call.
_STREAM_FILTER = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {"NewImage": {"n": {"N": [{"anything-but": ["0"]}]}}},
}
STREAM_BATCH = 100
# Ten batches of one shard side by side, each item's writes still in order: 10,000 writes/s and more per ten shards.
PARALLEL_PER_SHARD = 10


def connect(
    scope: Construct, spec: FunctionSpec, function: Function, *, stateful: StatefulStack, settings: Settings
) -> None:
    """Create every trigger of `spec`, with what its role needs for it."""
    for trigger in spec.triggers:
        match trigger:
            case FromQueue():
                _from_queue(function, trigger, stateful, settings)
            case FromStream():
                _from_stream(function, trigger, stateful)
            case OnSchedule():
                _on_schedule(scope, spec, trigger, function, stateful, settings)


def _from_queue(function: Function, trigger: FromQueue, stateful: StatefulStack, settings: Settings) -> None:
    queue = stateful.messaging.queues[trigger.queue].queue
    function.role.add_to_policy(
        iam.PolicyStatement(
            sid="Consume",
            actions=[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ],
            resources=[queue.queue_arn],
        )
    )
    at_most = getattr(settings, trigger.by_setting) if trigger.by_setting else trigger.at_most
    mapping = lambda_.CfnEventSourceMapping(
        function,
        f"From-{trigger.queue}",
        function_name=function.function.function_name,
        event_source_arn=queue.queue_arn,
        batch_size=trigger.batch,
        maximum_batching_window_in_seconds=trigger.window_s,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=at_most)
        if at_most
        else None,
    )
    mapping.node.add_dependency(function.role)
    acknowledge(
        mapping,
        Serverless_LambdaEventSourceMappingDestination="A destination exists for streams only; the queue has its own "
        "dead-letter queue.",
    )


def _from_stream(function: Function, trigger: FromStream, stateful: StatefulStack) -> None:
    arn = stateful.tables[trigger.table].table_stream_arn
    parked = stateful.messaging.parked
    if arn is None:
        raise ValueError(f"table {trigger.table} has no stream")
    function.role.add_to_policy(
        iam.PolicyStatement(
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], resources=[arn]
        )
    )
    # Listing names no resource.
    function.role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]))
    mapping = lambda_.CfnEventSourceMapping(
        function,
        f"From-{trigger.table}",
        function_name=function.function.function_name,
        event_source_arn=arn,
        # From the oldest record: a fact written while the mapping is replaced is published, not skipped.
        starting_position="TRIM_HORIZON",
        batch_size=STREAM_BATCH,
        # A second of waiting packs facts of many orders into one event; events are billed by 64 KB.
        maximum_batching_window_in_seconds=1,
        parallelization_factor=PARALLEL_PER_SHARD,
        bisect_batch_on_function_error=True,
        # For as long as the stream keeps the record: the parking queue would get its place in the stream only, and the
        # facts would be gone. What can never be read the publisher parks itself, with its content.
        maximum_retry_attempts=-1,
        maximum_record_age_in_seconds=-1,
        function_response_types=["ReportBatchItemFailures"],
        filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
            filters=[lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(_STREAM_FILTER))]
        ),
        destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
            on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=parked.queue_arn)
        ),
    )
    mapping.node.add_dependency(function.role)
    acknowledge_each(
        function,
        {"AwsSolutions-IAM5[Resource::*]": "ListStreams and X-Ray have no resources to name: only * is valid."},
    )


def _on_schedule(
    scope: Construct,
    spec: FunctionSpec,
    trigger: OnSchedule,
    function: Function,
    stateful: StatefulStack,
    settings: Settings,
) -> None:
    undelivered = stateful.messaging.undelivered
    name = settings.name(spec.stem.removeprefix("cron_").replace("_", "-"))
    role = iam.Role(
        function,
        "ScheduleRole",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": settings.account}}
        ),
        inline_policies={
            "Invoke": iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function.function_arn]),
                    iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[undelivered.queue_arn]),
                    iam.PolicyStatement(
                        actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[stateful.data_key.key_arn]
                    ),
                ]
            )
        },
    )
    scheduler.CfnSchedule(
        scope,
        f"Schedule-{spec.stem}",
        name=name,
        schedule_expression=trigger.expression,
        schedule_expression_timezone="UTC",
        state="ENABLED",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=function.function.function_arn,
            role_arn=role.role_arn,
            input="{}",
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=900, maximum_retry_attempts=3
            ),
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
        ),
    )
