"""Every asynchronous edge ends somewhere: queue, rule, mapping, schedule, asynchronous call."""

import json
from typing import Any

from infra.stacks.function_spec import FromQueue, FromStream
from infra.stacks.functions import FUNCTIONS
from infra.stacks.messaging import subscriptions
from oms.orders.store import facts_of_stream_record
from tests.infra.assembly import Assembly

QUEUE = "AWS::SQS::Queue"
LOCATIONS = ("ber-1", "lon-1", "nyc-1", "lax-1")
QUEUES_READ_BY_FUNCTIONS = {
    "allocation",
    "count",
    "exposure",
    "file",
    "import",
    "message",
    "notification",
    "reservation",
    "scan",
    "shortfall",
    "waiting",
    "what-if",
}


def test_every_queue_has_a_dead_letter_queue_or_is_one(production: Assembly) -> None:
    names = {queue["QueueName"] for queue in production.properties(QUEUE).values() if "RedrivePolicy" not in queue}
    assert names == {
        "baton-prod-undelivered",
        "baton-prod-parked-facts",
        *(f"baton-prod-{queue}-dead" for queue in QUEUES_READ_BY_FUNCTIONS),
        *(f"baton-prod-location-{location}-dead" for location in LOCATIONS),
    }


def test_every_queue_is_encrypted_with_our_key_and_keeps_two_weeks(production: Assembly) -> None:
    for name, queue in production.properties(QUEUE).items():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600, name
        if queue["QueueName"] == "baton-prod-notification":  # who sends from another account has no grant on our key
            assert queue["SqsManagedSseEnabled"] is True
        else:
            assert "DataKey" in str(queue["KmsMasterKeyId"]), name


def test_the_queue_of_those_who_do_not_sign_takes_messages_of_amazons_account_and_nobody_elses(
    production: Assembly,
) -> None:
    policies = [
        policy["PolicyDocument"]["Statement"]
        for policy in production.properties("AWS::SQS::QueuePolicy").values()
        if "MessagingNotificationQueue" in json.dumps(policy["Queues"])
    ]
    allowed = [statement for statements in policies for statement in statements if statement["Effect"] == "Allow"]
    account, rules = allowed
    assert "437568002678" in json.dumps(account["Principal"])
    assert sorted(account["Action"]) == ["sqs:GetQueueAttributes", "sqs:SendMessage"]
    assert (rules["Principal"], rules["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    (pattern,) = rules["Condition"]["ArnLike"].values()
    assert pattern.endswith(":rule/aws.partner/sellingpartnerapi.amazon.com/*")


def test_every_queue_refuses_a_connection_without_tls(production: Assembly) -> None:
    refusing = {
        json.dumps(policy["Queues"])
        for policy in production.properties("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert len(refusing) == len(production.resources(QUEUE))


def test_every_rule_target_has_a_dead_letter_queue_that_accepts_it(production: Assembly) -> None:
    accepted = str(production.properties("AWS::SQS::QueuePolicy"))
    rules = production.properties("AWS::Events::Rule")
    ours = {name: rule for name, rule in rules.items() if "Archive" not in str(rule["Targets"])}
    workflows = 1  # the rule that starts one ends in no queue of ours
    assert len(ours) == len(subscriptions(LOCATIONS)) + workflows
    for name, rule in ours.items():
        for target in rule["Targets"]:
            assert "Undelivered" in str(target["DeadLetterConfig"]["Arn"]), name
        assert f"rule/baton-prod-bus/{rule['Name']}" in accepted, name


def test_each_location_gets_its_own_releases_and_nobody_elses() -> None:
    routes = {
        subscription.queue: subscription.pattern["detail"]["route"]
        for subscription in subscriptions(LOCATIONS)
        if subscription.queue.startswith("location-")
    }
    assert routes == {f"location-{location}": [location] for location in LOCATIONS}


def test_a_message_stays_hidden_six_times_as_long_as_its_consumer_may_take(production: Assembly) -> None:
    visibility = {queue["QueueName"]: queue.get("VisibilityTimeout") for queue in production.properties(QUEUE).values()}
    consumers = [(trigger, spec) for spec in FUNCTIONS for trigger in spec.triggers if isinstance(trigger, FromQueue)]
    assert {trigger.queue for trigger, _ in consumers} == QUEUES_READ_BY_FUNCTIONS
    for trigger, spec in consumers:
        hidden_s = visibility[f"baton-prod-{trigger.queue}"]
        assert isinstance(hidden_s, int)
        assert hidden_s >= 6 * spec.timeout_s


def test_every_mapping_reports_partial_failures_and_ends_in_a_queue(production: Assembly) -> None:
    mappings = production.properties("AWS::Lambda::EventSourceMapping")
    triggers = [one for spec in FUNCTIONS for one in spec.triggers if isinstance(one, FromQueue | FromStream)]
    assert len(mappings) == len(triggers)
    for name, mapping in mappings.items():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        if "StartingPosition" in mapping:
            assert mapping["BisectBatchOnFunctionError"] is True, name
            assert "Parked" in str(mapping["DestinationConfig"]["OnFailure"]["Destination"]), name
            assert mapping["MaximumRetryAttempts"] == -1, name


def test_who_competes_for_stock_takes_in_whole_files_or_looks_back_is_bounded(production: Assembly) -> None:
    bounded = {
        name: mapping["ScalingConfig"]
        for name, mapping in production.properties("AWS::Lambda::EventSourceMapping").items()
        if "ScalingConfig" in mapping
    }
    assert {name.split("From")[0]: bound for name, bound in bounded.items()} == {
        "QueueAllocateOrders": {"MaximumConcurrency": 5},
        "QueueRunImports": {"MaximumConcurrency": 50},
        "QueueServeWaiting": {"MaximumConcurrency": 2},
        "QueueRunWhatIfs": {"MaximumConcurrency": 2},
    }


def test_the_stream_filter_passes_exactly_what_carries_facts(production: Assembly) -> None:
    filters = {
        mapping["FilterCriteria"]["Filters"][0]["Pattern"]
        for mapping in production.properties("AWS::Lambda::EventSourceMapping").values()
        if "FilterCriteria" in mapping
    }
    (pattern,) = filters
    assert json.loads(pattern) == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"NewImage": {"n": {"N": [{"anything-but": ["0"]}]}}},
    }
    silent: dict[str, Any] = {"dynamodb": {"NewImage": {"n": {"N": "0"}, "v": {"N": "2"}, "doc": {"B": ""}}}}
    assert facts_of_stream_record(silent) == []


def test_every_schedule_retries_and_keeps_what_it_could_not_deliver(production: Assembly) -> None:
    schedules = production.properties("AWS::Scheduler::Schedule")
    assert {schedule["ScheduleExpression"] for schedule in schedules.values()} == {
        "rate(1 minute)",
        "rate(15 minutes)",
        "rate(1 hour)",
        "rate(6 hours)",
        "cron(0 4 * * ? *)",
    }
    for name, schedule in schedules.items():
        assert "Undelivered" in str(schedule["Target"]["DeadLetterConfig"]["Arn"]), name
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 3, name


def test_what_is_called_asynchronously_keeps_its_failed_events(production: Assembly) -> None:
    kept = production.properties("AWS::Lambda::EventInvokeConfig").values()
    assert len(kept) == sum(spec.kind == "cron" for spec in FUNCTIONS)
    for config in kept:
        assert "Undelivered" in str(config["DestinationConfig"]["OnFailure"]["Destination"])


def test_the_bus_refuses_sources_that_are_not_ours(production: Assembly) -> None:
    (bus,) = production.properties("AWS::Events::EventBus").values()
    (statement,) = bus["Policy"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"StringNotLike": {"events:source": ["baton.*", "carrier.*"]}}


def test_every_queue_that_must_stay_empty_has_an_alarm(production: Assembly) -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]
        for alarm in production.properties("AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    final = {queue["QueueName"] for queue in production.properties(QUEUE).values() if "RedrivePolicy" not in queue}
    assert watched == final
