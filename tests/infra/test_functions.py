"""Functions: explicit limits, one role each, exact grants, nothing fixed that should scale."""

from tests.infra.assembly import Assembly, many

FUNCTION = "AWS::Lambda::Function"
# Where a resource ends in `*`, and why: infra/stacks/grants.py and the constructs say the same beside the grant.
WILDCARD_RESOURCES = {
    "arn:aws:s3:::baton-prod-documents-111122223333-us-east-1/*": "documents of one bucket, keyed by shipment id",
    "arn:aws:s3:::baton-prod-archive-111122223333-us-east-1/*": "messages, keyed by channel, hour, id",
    "arn:aws:s3:::baton-prod-files-111122223333-us-east-1/*": "files, keyed by channel and name or by job",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:baton/prod/channel/*": "a channel is added as data",
}
# These actions know no resource at all.
UNBOUND_ACTIONS = {
    "dynamodb:ListStreams",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def test_every_function_states_its_limits_its_logs_and_its_tracing(production: Assembly) -> None:
    for name, function in production.properties(FUNCTION).items():
        assert 10 <= function["Timeout"] <= 300, name
        assert function["MemorySize"] in (512, 1024, 1769), name
        assert function["Architectures"] == ["arm64"], name
        assert function["TracingConfig"] == {"Mode": "Active"}, name
        assert function["LoggingConfig"]["LogFormat"] == "JSON", name
        assert function["LoggingConfig"]["SystemLogLevel"] == "WARN", name


def test_every_function_has_a_role_of_its_own(production: Assembly) -> None:
    functions = production.properties(FUNCTION)
    assert len({str(function["Role"]) for function in functions.values()}) == len(functions)


def test_the_names_of_functions_follow_from_their_files(production: Assembly) -> None:
    for function in production.properties(FUNCTION).values():
        stem = function["Handler"].split(".")[-2]
        assert function["FunctionName"] == f"baton-prod-{stem.replace('_', '-')}"


def test_every_log_group_has_a_retention(production: Assembly) -> None:
    groups = production.properties("AWS::Logs::LogGroup")
    assert len(groups) == len(production.resources(FUNCTION)) + 3
    assert {group["RetentionInDays"] for group in groups.values()} == {90}


def test_nothing_has_a_reserved_or_provisioned_concurrency(production: Assembly) -> None:
    for function in production.properties(FUNCTION).values():
        assert "ReservedConcurrentExecutions" not in function
    assert all(
        "ProvisionedConcurrencyConfig" not in alias for alias in production.properties("AWS::Lambda::Alias").values()
    )


def test_what_a_user_waits_for_restores_from_a_snapshot(production: Assembly) -> None:
    snapshots = {
        function["FunctionName"]
        for function in production.properties(FUNCTION).values()
        if function.get("SnapStart") == {"ApplyOn": "PublishedVersions"}
    }
    assert snapshots == {"baton-prod-api-submit-orders", "baton-prod-api-receive-webhooks"}
    assert len(production.properties("AWS::Lambda::Alias")) == 2


def test_no_policy_allows_a_wildcard_action(production: Assembly) -> None:
    for name, statement in production.statements():
        assert not [action for action in many(statement["Action"]) if "*" in action], name


def test_no_policy_allows_a_wildcard_resource_beyond_the_written_list(production: Assembly) -> None:
    for name, statement in production.statements():
        for resource in many(statement["Resource"]):
            if resource == "*":
                assert set(many(statement["Action"])) <= UNBOUND_ACTIONS, name
            elif "*" in str(resource):
                assert resource in WILDCARD_RESOURCES, name


def test_no_function_may_read_a_person_unless_its_work_needs_one(production: Assembly) -> None:
    readers = {
        name.split("Role")[0]
        for name, statement in production.statements()
        if "PeopleKey" in str(statement["Resource"])
    }
    assert readers == {
        "ApiSubmitOrders",
        "ApiReceiveWebhooks",
        "ApiShowPersons",
        "ApiChangeOrders",
        "ApiDraftOrders",
        "CronPollChannels",
        "CronWatchOrders",
        "QueueProcessMessages",
        "QueueReceiveNotifications",
        "QueueRunImports",
        "QueueTakeFiles",
        "TaskWritePackingLists",
    }


def test_a_function_knows_only_the_tables_it_may_touch(production: Assembly) -> None:
    granted: dict[str, str] = {}
    for name, statement in production.statements():
        granted[name.split("Role")[0]] = granted.get(name.split("Role")[0], "") + str(statement["Resource"])
    for name, function in production.properties(FUNCTION).items():
        for variable in function["Environment"]["Variables"]:
            if variable.endswith("_TABLE"):
                assert variable.removesuffix("_TABLE").capitalize() in granted[name.split("Function")[0]], name


def test_no_secret_is_in_an_environment(production: Assembly) -> None:
    for name, function in production.properties(FUNCTION).items():
        for variable, value in function["Environment"]["Variables"].items():
            assert "{{resolve" not in str(value), (name, variable)
            if "SECRET" in variable:
                assert str(value).startswith("baton/prod/"), (name, variable)


def test_scheduled_functions_log_the_reports_that_alarms_are_made_of(production: Assembly) -> None:
    quiet = {
        function["Handler"].split(".")[-2]
        for function in production.properties(FUNCTION).values()
        if function["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "WARNING"
    }
    assert not {name for name in quiet if name.startswith("cron_")}
    assert "api_submit_orders" in quiet
    filters = production.properties("AWS::Logs::MetricFilter").values()
    watched = {str(one["LogGroupName"]) for one in filters}
    assert watched == {
        f"/aws/lambda/baton-prod-cron-{name}" for name in ("poll-channels", "price-stock", "prove-stock")
    }


def test_only_the_function_that_solves_has_the_layer_of_the_solver(production: Assembly) -> None:
    layers = {
        function["FunctionName"]: len(function["Layers"]) for function in production.properties(FUNCTION).values()
    }
    assert {name for name, count in layers.items() if count > 1} == {"baton-prod-cron-price-stock"}
    assert layers["baton-prod-cron-price-stock"] == 2
