"""What only AWS has: resource types that the emulator rejects. Checked by synthesis, cfn-lint and cdk-nag instead."""

from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_logs as logs
from aws_cdk import aws_xray as xray
from constructs import Construct

from infra.settings import Settings

# One trace in a hundred, after one per second: enough to see where time goes; all of them cost more than the orders.
TRACED_SHARE = 0.01
# What the poller's report says of the channels, by metric (see watches.py): the pattern of a log line, and its value.
CHANNEL_METRICS = {
    "ChannelGaps": ("{ $.result.gaps > 0 }", "$.result.gaps"),
    "ChannelsFailing": ('{ $.result.failing[0] = "*" }', "1"),
    "ChannelsSilent": ('{ $.result.silent[0] = "*" }', "1"),
}

# What the proof of the books found; see watches.py.
STOCK_METRICS = {
    "StockDrifted": ("{ $.result.drifted > 0 }", "$.result.drifted"),
    "StockProofBehind": ("{ $.result.behind IS TRUE }", "1"),
}
# What the report of the pricing says.
PRICE_METRICS = {"PricesNotSolved": ("{ $.result.failed > 0 }", "$.result.failed")}


class EdgeStack(Stack):
    """Sampling of traces, the archive of facts, and saved log queries."""

    def __init__(
        self, scope: Construct, identifier: str, *, settings: Settings, bus: events.IEventBus, **options: Any
    ) -> None:
        super().__init__(scope, identifier, **options)
        xray.CfnSamplingRule(
            self,
            "Sampling",
            sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
                rule_name=settings.name("traces"),
                priority=100,
                fixed_rate=TRACED_SHARE,
                reservoir_size=1,
                host="*",
                http_method="*",
                resource_arn="*",
                service_name="*",
                service_type="*",
                url_path="*",
                version=1,
            ),
        )
        # A month of facts can be replayed into a new reader, or after a fault in one.
        events.Archive(
            self,
            "Facts",
            archive_name=settings.name("facts"),
            source_event_bus=bus,
            retention=Duration.days(30),
            event_pattern=events.EventPattern(source=events.Match.prefix("baton.")),
        )
        logs.CfnQueryDefinition(
            self,
            "Story",
            name=f"{settings.name('orders')}/one order",
            query_string="fields @timestamp, service, level, message | filter order_id = 'an-id' | sort @timestamp",
        )
        logs.CfnQueryDefinition(
            self,
            "Refusals",
            name=f"{settings.name('orders')}/refusals by route",
            query_string="stats count(*) by route, status | filter status >= 400 | sort count desc",
            log_group_names=[f"/aws/vendedlogs/apigateway/{settings.name('api')}"],
        )
        for name, (pattern, value) in CHANNEL_METRICS.items():
            _metric(self, settings, "cron-poll-channels", "channels", name, pattern, value)
        for name, (pattern, value) in STOCK_METRICS.items():
            _metric(self, settings, "cron-prove-stock", "stock", name, pattern, value)
        for name, (pattern, value) in PRICE_METRICS.items():
            _metric(self, settings, "cron-price-stock", "prices", name, pattern, value)


def _metric(
    scope: Construct, settings: Settings, function: str, namespace: str, name: str, pattern: str, value: str
) -> None:
    """A metric of the lines in a function's log that fit a pattern."""
    logs.CfnMetricFilter(
        scope,
        name,
        log_group_name=f"/aws/lambda/{settings.name(function)}",
        filter_pattern=pattern,
        metric_transformations=[
            logs.CfnMetricFilter.MetricTransformationProperty(
                metric_namespace=settings.name(namespace), metric_name=name, metric_value=value
            )
        ],
    )
