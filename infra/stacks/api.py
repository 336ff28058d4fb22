"""The HTTP API: the routes that the handlers declare, behind the JWT authorizer where they name a scope."""

import json
from collections.abc import Iterable, Mapping

from aws_cdk import CfnOutput, Tags
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import Function, log_group
from infra.settings import Settings
from infra.stacks.identity import Identity
from infra.stacks.routes import ApiRoute

# Lets the emulator serve the API at the same address after every deployment.
LOCAL_API_ID = "ba704000"
# Ids and figures; no path parameter, no query, no address of the caller.
_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "error": "$context.error.messageString",
    "principal": "$context.authorizer.claims.sub",
}


class OrderApi(Construct):
    """One API for everything under /v1, and the docs page."""

    def __init__(
        self,
        scope: Construct,
        *,
        routes: Iterable[ApiRoute],
        functions: Mapping[str, Function],
        identity: Identity,
        settings: Settings,
    ) -> None:
        super().__init__(scope, "Api")
        self.api = gateway.HttpApi(
            self,
            "Http",
            api_name=settings.name("api"),
            create_default_stage=False,
            description="Baton order management",
        )
        self._stage(settings)
        if settings.local:
            Tags.of(self.api).add("ms-custom-id", LOCAL_API_ID)
        # Scopes are checked by oms.entry: a person's token carries groups, and only a machine's token carries scopes.
        # API Gateway can check the latter only and would shut people out.
        authorizer = authorizers.HttpJwtAuthorizer(
            "Tokens",
            identity.issuer,
            jwt_audience=[identity.users.user_pool_client_id, identity.machine.user_pool_client_id],
        )
        declared = list(routes)
        by_function = {
            # One permission for the API, not one a route: CloudFormation takes 500 resources in a stack.
            path: integrations.HttpLambdaIntegration(
                path.replace("/", "-"), functions[path].callee, scope_permission_to_route=False
            )
            for path in dict.fromkeys(route.function for route in declared)
        }
        for route in declared:
            self._route(route, by_function[route.function], authorizer)
        CfnOutput(scope, "ApiUrl", value=self.api.api_endpoint)
        CfnOutput(scope, "ApiId", value=self.api.api_id)

    def _route(
        self, route: ApiRoute, integration: gateway.HttpRouteIntegration, authorizer: authorizers.HttpJwtAuthorizer
    ) -> None:
        added = self.api.add_routes(
            path=route.path,
            methods=[gateway.HttpMethod[route.method]],
            integration=integration,
            authorizer=authorizer if route.scope else None,
        )
        if route.scope is None:
            for one in added:
                acknowledge(
                    one,
                    AwsSolutions_APIG4="Declared with scope=None: the handler checks its caller itself (signed body, "
                    "signed link) or serves the public documentation.",
                )

    def _stage(self, settings: Settings) -> None:
        group = log_group(self, "AccessLog", f"/aws/vendedlogs/apigateway/{settings.name('api')}", settings)
        stage = gateway.CfnStage(
            self,
            "Default",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=gateway.CfnStage.RouteSettingsProperty(detailed_metrics_enabled=True),
            access_log_settings=gateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=group.log_group_arn, format=json.dumps(_ACCESS_LOG)
            ),
        )
        acknowledge(
            stage,
            Serverless_APIGWDefaultThrottling="A figure here would be a ceiling below the account's own quota "
            "(10,000 requests/s, raised by request); per-client limits are the code's token buckets.",
        )
