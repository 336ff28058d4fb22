"""What is watched: dead letters, waiting messages, failing and throttled functions, failed workflows, late streams."""

from collections.abc import Iterator, Mapping

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.constructs.alarms import Watch, metric
from infra.constructs.function import Function
from infra.settings import Settings
from infra.stacks.function_spec import FromStream, FunctionSpec
from infra.stacks.messaging import Messaging
from infra.stacks.stateless import StatelessStack

# Orders are to be allocated within seconds; five minutes of waiting means that consumers are stuck.
OLDEST_OWN_MESSAGE_S = 300
# A location's system may poll once an hour; beyond this its orders miss the day's pick-up.
OLDEST_LOCATION_MESSAGE_S = 4 * 3600
STREAM_LAG_MS = 60_000


def queue_watches(messaging: Messaging, settings: Settings) -> Iterator[Watch]:
    for name in messaging.dead_letters:
        yield Watch(
            f"dead-{name}",
            f"Something failed for good and waits in {name}: look at it, then redrive.",
            queue_metric("ApproximateNumberOfMessagesVisible", settings.name(name)),
        )
    for name in messaging.queues:
        yield Watch(
            f"waiting-{name}",
            f"The oldest message in {name} waits too long: is its consumer running?",
            queue_metric("ApproximateAgeOfOldestMessage", settings.name(name)),
            above=OLDEST_LOCATION_MESSAGE_S if name.startswith("location-") else OLDEST_OWN_MESSAGE_S,
            periods=3,
        )


def function_watches(specs: tuple[FunctionSpec, ...], functions: Mapping[str, Function]) -> Iterator[Watch]:
    for spec in specs:
        name = functions[spec.path].name
        stem = spec.stem.replace("_", "-")
        yield Watch(
            f"errors-{stem}", f"{spec.path} raised: a bug or a lost dependency.", function_metric("Errors", name)
        )
        yield Watch(
            f"throttles-{stem}",
            f"{spec.path} was throttled: the account's concurrency is used up.",
            function_metric("Throttles", name),
            periods=3,
        )
        if any(isinstance(trigger, FromStream) for trigger in spec.triggers):
            yield Watch(
                f"late-{stem}",
                f"{spec.path} publishes facts more than a minute late.",
                function_metric("IteratorAge", name, statistic="Maximum"),
                above=STREAM_LAG_MS,
                periods=3,
            )


def workflow_watches(stateless: StatelessStack) -> Iterator[Watch]:
    for name, workflow in (
        ("fulfill-order", stateless.fulfill_order),
        ("resolve-exception", stateless.resolve_exception),
    ):
        arn = workflow.machine.state_machine_arn
        for failure in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"):
            yield Watch(f"{failure}-{name}", f"{name}: {failure}.", workflow_metric(failure, arn))


def api_watches(stateless: StatelessStack) -> Iterator[Watch]:
    dimensions = {"ApiId": stateless.api.api.api_id}
    yield Watch("api-5xx", "The API answers 5xx: callers retry, but look.", metric("AWS/ApiGateway", "5xx", dimensions))
    yield Watch(
        "api-latency",
        "One call in a hundred takes more than two seconds.",
        metric("AWS/ApiGateway", "Latency", dimensions, statistic="p99", minutes=5),
        above=2000,
        periods=3,
    )


def channel_watches(settings: Settings) -> Iterator[Watch]:
    """From the log of the poller, by the metric filters of edge.py."""
    for name, metric_name, why in (
        (
            "channel-gaps",
            "ChannelGaps",
            "A channel had orders that we had not. They are taken in; why did they not come?",
        ),
        ("channels-failing", "ChannelsFailing", "A channel cannot be asked: see its problem in the poller's log."),
        ("channels-silent", "ChannelsSilent", "A channel sends nothing any more: is its subscription still there?"),
    ):
        yield Watch(name, why, metric(settings.name("channels"), metric_name, {}), periods=_PERIODS[name])


def stock_watches(settings: Settings) -> Iterator[Watch]:
    """From the log of the proof, by the metric filters of edge.py."""
    for name, metric_name, why, periods in (
        ("stock-drifted", "StockDrifted", "Books do not add up: see GET /v1/exceptions?kind=drift, then correct.", 1),
        ("stock-proof-behind", "StockProofBehind", "The proof of the books does not keep up with the journal.", 4),
    ):
        yield Watch(name, why, metric(settings.name("stock"), metric_name, {}), periods=periods)


def price_watches(settings: Settings) -> Iterator[Watch]:
    """From the log of the pricing, by the metric filter of edge.py."""
    yield Watch(
        "prices-not-solved",
        "Prices of stock were not solved in time: the former ones stay in force until their horizon ends.",
        metric(settings.name("prices"), "PricesNotSolved", {}),
    )


# A channel that is down for a moment is asked again in a minute or two; a gap has happened.
_PERIODS = {"channel-gaps": 1, "channels-failing": 10, "channels-silent": 1}


def queue_metric(name: str, queue: str) -> cloudwatch.Metric:
    return metric("AWS/SQS", name, {"QueueName": queue}, statistic="Maximum")


def function_metric(name: str, function: str, *, statistic: str = "Sum") -> cloudwatch.Metric:
    return metric("AWS/Lambda", name, {"FunctionName": function}, statistic=statistic)


def workflow_metric(name: str, arn: str) -> cloudwatch.Metric:
    return metric("AWS/States", name, {"StateMachineArn": arn})
