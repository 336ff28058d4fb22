"""What tells people: alarms on one topic, and one dashboard."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.alarms import alarm, metric
from infra.settings import Settings
from infra.stacks.functions import FUNCTIONS
from infra.stacks.stateful import StatefulStack
from infra.stacks.stateless import StatelessStack
from infra.stacks.watches import (
    api_watches,
    channel_watches,
    function_metric,
    function_watches,
    price_watches,
    queue_metric,
    queue_watches,
    stock_watches,
    workflow_metric,
    workflow_watches,
)


class OpsStack(Stack):
    """Subscribe with the context `alarm_email`, or to the topic by hand."""

    def __init__(
        self,
        scope: Construct,
        identifier: str,
        *,
        settings: Settings,
        stateful: StatefulStack,
        stateless: StatelessStack,
        **options: Any,
    ) -> None:
        super().__init__(scope, identifier, **options)
        topic = sns.Topic(
            self, "Alarms", topic_name=settings.name("alarms"), master_key=stateful.data_key, enforce_ssl=True
        )
        # A topic with a policy of its own loses the default one, which let alarms publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="FromOurAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": settings.account}},
            )
        )
        if settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
        watches = [
            *queue_watches(stateful.messaging, settings),
            *function_watches(FUNCTIONS, stateless.functions),
            *workflow_watches(stateless),
            *api_watches(stateless),
            *channel_watches(settings),
            *stock_watches(settings),
            *price_watches(settings),
        ]
        for watch in watches:
            alarm(self, watch, prefix=settings.name("alarm"), topic=topic)
        _dashboard(self, settings, stateful, stateless)
        CfnOutput(self, "AlarmTopicArn", value=topic.topic_arn)


def _dashboard(scope: Construct, settings: Settings, stateful: StatefulStack, stateless: StatelessStack) -> None:
    """An order's way from left to right: taken in, allocated, fulfilled, tracked; then what went wrong."""
    api = {"ApiId": stateless.api.api.api_id}
    queues = [settings.name(name) for name in stateful.messaging.queues]
    dead = [settings.name(name) for name in stateful.messaging.dead_letters]
    names = [function.name for function in stateless.functions.values()]
    fulfill = stateless.fulfill_order.machine.state_machine_arn
    dashboard = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=settings.name("orders"))
    dashboard.add_widgets(
        _graph("Requests", [metric("AWS/ApiGateway", name, api) for name in ("Count", "4xx", "5xx")]),
        _graph("Latency, ms", [metric("AWS/ApiGateway", "Latency", api, statistic=p) for p in ("p50", "p99")]),
        _graph("Fulfillments", [workflow_metric(f"Executions{end}", fulfill) for end in ("Succeeded", "Failed")]),
        _graph("Oldest message, s", [queue_metric("ApproximateAgeOfOldestMessage", name) for name in queues]),
    )
    dashboard.add_widgets(
        _graph("Dead letters", [queue_metric("ApproximateNumberOfMessagesVisible", name) for name in dead]),
        _graph("Errors", [function_metric("Errors", name) for name in names]),
        _graph("Throttles", [function_metric("Throttles", name) for name in names]),
        _graph("Concurrency", [function_metric("ConcurrentExecutions", name, statistic="Maximum") for name in names]),
    )


def _graph(title: str, metrics: list[cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=6, height=6)
