"""The bus, the queues, and which fact goes where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.queue import DurableQueue, accept_events, accept_sender, dead_letter_queue
from infra.settings import Settings
from oms.intake.messages.model import MAX_TRIES

# Visibility is at least six times the consumer's timeout, so that a message is not handed out twice while the first
# consumer still works on it (AWS's own rule for Lambda). tests/infra holds the two together.
ALLOCATION_TIMEOUT_S = 30
SCAN_TIMEOUT_S = 30
RESERVATION_TIMEOUT_S = 30
EXPOSURE_TIMEOUT_S = 30
# Ten messages, some of which ask their sender for the order.
MESSAGE_TIMEOUT_S = 60
IMPORT_TIMEOUT_S = 120
FILE_TIMEOUT_S = 300
COUNT_TIMEOUT_S = 60
SHORTFALL_TIMEOUT_S = 120
WAITING_TIMEOUT_S = 120
WHAT_IF_TIMEOUT_S = 300
NOTIFICATION_TIMEOUT_S = 30
# The account from which Amazon's Selling Partner API sends notifications:
# https://developer-docs.amazon.com/sp-api/docs/set-up-notifications-with-amazon-sqs
_AMAZON_ACCOUNT = "437568002678"


@dataclass(frozen=True)
class Subscription:
    """A rule on the bus: what matches `pattern` has its detail delivered to `queue`."""

    name: str
    pattern: Mapping[str, Any]
    queue: str


def subscriptions(locations: Sequence[str]) -> tuple[Subscription, ...]:
    """The rules that end in a queue. `OrderAllocated` starts a workflow instead: see workflows.py."""
    return (
        Subscription(
            "allocate",
            {
                "source": [{"prefix": "baton."}],
                "detail-type": [
                    "OrderConfirmed",
                    "FulfillmentOrderRejected",
                    "FulfillmentOrderShorted",
                    "OrderReallocationRequested",
                ],
            },
            "allocation",
        ),
        # Only facts of orders on account take this route: the others cost no message.
        Subscription(
            "exposure",
            {
                "source": [{"prefix": "baton."}],
                "detail-type": ["FulfillmentOrderShipped", "OrderCompleted"],
                "detail": {"route": ["on_account"]},
            },
            "exposure",
        ),
        Subscription("shortfall", {"source": ["baton.inventory"], "detail-type": ["StockFellShort"]}, "shortfall"),
        # More stock, more who wait, or another date for what is to come: those who wait are served, or told.
        Subscription(
            "waiting",
            {
                "source": [{"prefix": "baton."}],
                "detail-type": ["StockFreed", "OrderBackordered", "SupplyConfirmed", "SupplyMoved"],
            },
            "waiting",
        ),
        # What was kept for an order that will never be is free again.
        Subscription(
            "reservation",
            {"source": [{"prefix": "baton."}], "detail-type": ["OrderCancelled", "OrderRejected"]},
            "reservation",
        ),
        Subscription("scan", {"source": [{"prefix": "carrier."}], "detail-type": ["CarrierStatus"]}, "scan"),
        *(
            Subscription(
                f"release-{location}",
                {
                    "source": [{"prefix": "baton."}],
                    "detail-type": [
                        "FulfillmentOrderReleased",
                        "FulfillmentOrderReminded",
                        "FulfillmentOrderWithdrawn",
                    ],
                    "detail": {"route": [location]},
                },
                f"location-{location}",
            )
            for location in locations
        ),
    )


class Messaging(Construct):
    """The bus and every queue of the stage."""

    def __init__(self, scope: Construct, *, key: kms.IKey, settings: Settings) -> None:
        super().__init__(scope, "Messaging")
        self.bus = _bus(self, settings)
        self.queues = {
            "allocation": DurableQueue(
                self, "allocation", visibility_s=6 * ALLOCATION_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            "exposure": DurableQueue(
                self, "exposure", visibility_s=6 * EXPOSURE_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            "reservation": DurableQueue(
                self, "reservation", visibility_s=6 * RESERVATION_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            "scan": DurableQueue(self, "scan", visibility_s=6 * SCAN_TIMEOUT_S, attempts=5, key=key, settings=settings),
            # At MAX_TRIES the function parks a message itself, with its reason; the last try is for when that fails.
            "message": DurableQueue(
                self,
                "message",
                visibility_s=6 * MESSAGE_TIMEOUT_S,
                attempts=MAX_TRIES + 1,
                key=key,
                settings=settings,
            ),
            # A chunk of a hundred orders, or the cutting of a whole file.
            "import": DurableQueue(
                self, "import", visibility_s=6 * IMPORT_TIMEOUT_S, attempts=10, key=key, settings=settings
            ),
            "file": DurableQueue(self, "file", visibility_s=6 * FILE_TIMEOUT_S, attempts=5, key=key, settings=settings),
            # A piece of a count file: five hundred rows at most.
            "count": DurableQueue(
                self, "count", visibility_s=6 * COUNT_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            # A piece of a what-if: past orders, two thousand at most beyond the hour that they are in.
            "what-if": DurableQueue(
                self, "what-if", visibility_s=6 * WHAT_IF_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            # Positions with fewer units than are committed: an order after the other gives its units back.
            "shortfall": DurableQueue(
                self, "shortfall", visibility_s=6 * SHORTFALL_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            # Lines of orders that wait: each is served as far as there is stock.
            "waiting": DurableQueue(
                self, "waiting", visibility_s=6 * WAITING_TIMEOUT_S, attempts=5, key=key, settings=settings
            ),
            # What senders that do not sign have to say. Five tries: what concerns no channel shall soon be seen.
            "notification": DurableQueue(
                self,
                "notification",
                visibility_s=6 * NOTIFICATION_TIMEOUT_S,
                attempts=5,
                key=key,
                settings=settings,
                foreign_senders=True,
            ),
            # Read by the location's own system: five minutes to take a batch over, and ten tries, since it may be down.
            **{
                f"location-{location}": DurableQueue(
                    self, f"location-{location}", visibility_s=300, attempts=10, key=key, settings=settings
                )
                for location in settings.locations
            },
        }
        # A rule that the operator makes on Amazon's partner bus may end in the same queue.
        accept_sender(
            self.queues["notification"].queue,
            account=_AMAZON_ACCOUNT,
            partner_rules=settings.arn("events", "rule/aws.partner/sellingpartnerapi.amazon.com/*"),
        )
        # What a rule, a schedule or an asynchronous invocation could not deliver.
        self.undelivered = dead_letter_queue(self, "undelivered", key=key, settings=settings)
        # Stream records that could not be published, with the reason: the facts in them are not lost.
        self.parked = dead_letter_queue(self, "parked-facts", key=key, settings=settings)
        self._subscribe(settings)
        self._outputs()

    @property
    def dead_letters(self) -> dict[str, sqs.Queue]:
        """Every queue that must stay empty, by name."""
        dead = {f"{name}-dead": durable.dead for name, durable in self.queues.items()}
        return {**dead, "undelivered": self.undelivered, "parked-facts": self.parked}

    def _subscribe(self, settings: Settings) -> None:
        arns: dict[str, list[str]] = {}
        for subscription in subscriptions(settings.locations):
            queue = self.queues[subscription.queue].queue
            name = settings.name(subscription.name)
            arns.setdefault(subscription.queue, []).append(rule_arn(settings, subscription.name))
            events.CfnRule(
                self,
                f"Rule-{subscription.name}",
                name=name,
                event_bus_name=self.bus.event_bus_name,
                event_pattern=dict(subscription.pattern),
                state="ENABLED",
                targets=[
                    events.CfnRule.TargetProperty(
                        id=subscription.queue,
                        arn=queue.queue_arn,
                        input_path="$.detail",
                        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.undelivered.queue_arn),
                    )
                ],
            )
        for queue_name, rule_arns in arns.items():
            accept_events(self.queues[queue_name].queue, rule_arns=rule_arns)
        every = [arn for some in arns.values() for arn in some]
        accept_events(self.undelivered, rule_arns=[*every, rule_arn(settings, "fulfill")])

    def _outputs(self) -> None:
        outputs = {"BusName": self.bus.event_bus_name, "BusArn": self.bus.event_bus_arn}
        for name, durable in self.queues.items():
            outputs[f"{_output_name(name)}QueueUrl"] = durable.queue.queue_url
            outputs[f"{_output_name(name)}DeadQueueUrl"] = durable.dead.queue_url
        outputs["UndeliveredQueueUrl"] = self.undelivered.queue_url
        outputs["ParkedFactsQueueUrl"] = self.parked.queue_url
        for name, value in outputs.items():
            CfnOutput(Stack.of(self), name, value=value)


def rule_arn(settings: Settings, name: str) -> str:
    """The ARN of the rule `name` on our bus."""
    return settings.arn("events", f"rule/{settings.name('bus')}/{settings.name(name)}")


def _output_name(queue: str) -> str:
    return "".join(part.capitalize() for part in queue.split("-"))


def _bus(scope: Construct, settings: Settings) -> events.EventBus:
    name = settings.name("bus")
    bus = events.EventBus(scope, "Bus", event_bus_name=name, description="Facts of Baton and scans of its carriers")
    resource = bus.node.default_child
    if not isinstance(resource, events.CfnEventBus):
        raise TypeError("EventBus without its CloudFormation resource")
    # A property of the bus, not an AWS::Events::EventBusPolicy, which the emulator does not know.
    resource.policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyThisAccountAndOurSources",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": settings.arn("events", f"event-bus/{name}"),
                "Condition": {
                    "StringNotLike": {"events:source": ["baton.*", "carrier.*"]},
                },
            },
        ],
    }
    return bus
