"""The API answers exactly what the handlers declare, and asks for a token wherever they name a scope."""

import pytest

from infra.stacks.functions import FUNCTIONS
from infra.stacks.identity import GROUPS, SCOPES
from infra.stacks.routes import api_routes, check_complete, function_files
from tests.infra.assembly import ROOT, Assembly


def test_every_function_has_its_row_and_every_row_its_function() -> None:
    check_complete({spec.path for spec in FUNCTIONS}, function_files(ROOT))


def test_a_row_without_a_file_and_a_file_without_a_row_stop_the_synthesis() -> None:
    with pytest.raises(LookupError, match=r"no file for \['a/api_gone'\], no row for \['a/task_new'\]"):
        check_complete({"a/api_gone", "a/cron_kept"}, {"a/task_new", "a/cron_kept"})


def test_every_declared_route_is_there_with_the_authorizer_that_its_scope_asks_for(production: Assembly) -> None:
    declared = {f"{route.method} {route.path}": route.scope for route in api_routes(function_files(ROOT))}
    routes = production.properties("AWS::ApiGatewayV2::Route")
    assert {route["RouteKey"] for route in routes.values()} == set(declared)
    for route in routes.values():
        expected = "JWT" if declared[route["RouteKey"]] else "NONE"
        assert route["AuthorizationType"] == expected, route["RouteKey"]


def test_only_scopes_of_the_user_pool_are_declared() -> None:
    assert {route.scope for route in api_routes(function_files(ROOT))} <= {None, *SCOPES}


def test_a_function_reads_who_calls_exactly_when_one_of_its_routes_asks_for_a_token() -> None:
    with_token = {route.function for route in api_routes(function_files(ROOT)) if route.scope}
    counting = {spec.path for spec in FUNCTIONS if "limits" in spec.rights}
    assert counting == with_token


def test_no_throttle_stands_below_the_account_quota(production: Assembly) -> None:
    (stage,) = production.properties("AWS::ApiGatewayV2::Stage").values()
    assert "ThrottlingRateLimit" not in str(stage)
    assert "ThrottlingBurstLimit" not in str(stage)


def test_the_access_log_names_no_caller_address_and_no_path_value(production: Assembly) -> None:
    (stage,) = production.properties("AWS::ApiGatewayV2::Stage").values()
    logged = stage["AccessLogSettings"]["Format"]
    for private in ("sourceIp", "$context.path", "userAgent", "querystring"):
        assert private not in logged


def test_every_role_is_a_group(production: Assembly) -> None:
    groups = {group["GroupName"] for group in production.properties("AWS::Cognito::UserPoolGroup").values()}
    assert groups == set(GROUPS)


def test_tokens_of_people_and_machines_are_accepted_and_no_others(production: Assembly) -> None:
    (authorizer,) = production.properties("AWS::ApiGatewayV2::Authorizer").values()
    assert len(authorizer["JwtConfiguration"]["Audience"]) == len(production.properties("AWS::Cognito::UserPoolClient"))
