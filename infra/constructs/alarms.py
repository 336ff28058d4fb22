"""Alarms that mean something: each names what is wrong and is silent when nothing happens."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


@dataclass(frozen=True)
class Watch:
    """Alarm when `metric` is above `above` in `periods` periods running."""

    name: str
    why: str
    metric: cloudwatch.IMetric
    above: float = 0
    periods: int = 1


def alarm(scope: Construct, watch: Watch, *, prefix: str, topic: sns.ITopic) -> cloudwatch.Alarm:
    """The alarm `<prefix>-<name>`, told to `topic` when it starts and when it ends."""
    created = cloudwatch.Alarm(
        scope,
        watch.name,
        alarm_name=f"{prefix}-{watch.name}",
        alarm_description=watch.why,
        metric=watch.metric,
        threshold=watch.above,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=watch.periods,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    created.add_alarm_action(actions.SnsAction(topic))
    created.add_ok_action(actions.SnsAction(topic))
    return created


def metric(
    namespace: str, name: str, dimensions: dict[str, str], *, statistic: str = "Sum", minutes: int = 1
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.minutes(minutes),
    )
