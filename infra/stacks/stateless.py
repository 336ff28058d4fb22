"""What can be replaced at any time: functions, API, workflows, schedules and the mappings between them."""

from pathlib import Path
from typing import Any

from aws_cdk import AssetHashType, CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.constructs.acknowledge import acknowledge_each
from infra.constructs.asset import stage_code
from infra.constructs.function import Function, Limits, Package
from infra.constructs.layer import dependency_layer, solver_layer
from infra.constructs.workflow import Workflow
from infra.settings import Settings
from infra.stacks.api import OrderApi
from infra.stacks.function_spec import FunctionSpec
from infra.stacks.functions import FUNCTIONS
from infra.stacks.grants import Resource, resources, statements, wildcard_reasons
from infra.stacks.routes import api_routes, check_complete, function_files
from infra.stacks.stateful import StatefulStack
from infra.stacks.triggers import connect

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".local" / "build"


class StatelessStack(Stack):
    """Everything here is rebuilt from the repository; losing it loses no order."""

    def __init__(
        self, scope: Construct, identifier: str, *, settings: Settings, stateful: StatefulStack, **options: Any
    ) -> None:
        super().__init__(scope, identifier, **options)
        files = function_files(ROOT)
        check_complete({spec.path for spec in FUNCTIONS}, files)
        self._settings = settings
        self._stateful = stateful
        self._package = _package(self, settings)
        self._solver = solver_layer(self, root=ROOT, build=BUILD, settings=settings)
        self._known = resources(stateful, settings)
        self.functions = {spec.path: self._function(spec, self._known) for spec in FUNCTIONS}
        self.fulfill_order = self._workflow("fulfill_order", stepfunctions.StateMachineType.EXPRESS)
        self.resolve_exception = self._workflow("resolve_exception", stepfunctions.StateMachineType.STANDARD)
        _start_on_allocation(self, self.fulfill_order, stateful, settings)
        self.api = OrderApi(
            self, routes=api_routes(files), functions=self.functions, identity=stateful.identity, settings=settings
        )
        CfnOutput(self, "FulfillOrderArn", value=self.fulfill_order.machine.state_machine_arn)
        CfnOutput(self, "ResolveExceptionArn", value=self.resolve_exception.machine.state_machine_arn)
        CfnOutput(
            self,
            "Functions",
            description="Function names, comma separated: baton-<stage>-<file stem with dashes>",
            value=",".join(function.name for function in self.functions.values()),
        )

    def _function(self, spec: FunctionSpec, known: dict[str, Resource]) -> Function:
        policy = statements(spec.rights, known, data_key_arn=self._stateful.data_key.key_arn, settings=self._settings)
        messaging = self._stateful.messaging
        function = Function(
            self,
            spec.path,
            package=self._with_solver if spec.solver else self._package,
            limits=Limits(spec.memory_mb, spec.limit_s, snapstart=spec.snapstart),
            environment={key: value for name in spec.rights for key, value in known[name].environment.items()},
            policy=policy,
            undelivered=messaging.undelivered if spec.kind == "cron" else None,
            settings=self._settings,
        )
        acknowledge_each(function, wildcard_reasons(spec.rights, known))
        connect(self, spec, function, stateful=self._stateful, settings=self._settings)
        return function

    @property
    def _with_solver(self) -> Package:
        return Package(self._package.code, (*self._package.layers, self._solver))

    def _workflow(self, name: str, kind: stepfunctions.StateMachineType) -> Workflow:
        by_stem = {spec.stem: self.functions[spec.path] for spec in FUNCTIONS}
        return Workflow(self, name, kind=kind, functions=by_stem, settings=self._settings)


def _package(scope: Construct, settings: Settings) -> Package:
    folder, digest = stage_code(ROOT, BUILD, settings)
    return Package(
        code=lambda_.Code.from_asset(str(folder), asset_hash=digest, asset_hash_type=AssetHashType.CUSTOM),
        layers=(dependency_layer(scope, root=ROOT, build=BUILD, settings=settings),),
    )


def _start_on_allocation(scope: Construct, workflow: Workflow, stateful: StatefulStack, settings: Settings) -> None:
    """`OrderAllocated` on the bus starts `fulfill_order` with the event's detail."""
    arn = workflow.machine.state_machine_arn
    role = iam.Role(
        scope,
        "FulfillRole",
        assumed_by=iam.ServicePrincipal("events.amazonaws.com"),
        inline_policies={
            "Start": iam.PolicyDocument(
                statements=[iam.PolicyStatement(actions=["states:StartExecution"], resources=[arn])]
            )
        },
    )
    events.CfnRule(
        scope,
        "Rule-fulfill",
        name=settings.name("fulfill"),
        event_bus_name=stateful.messaging.bus.event_bus_name,
        event_pattern={"source": [{"prefix": "baton."}], "detail-type": ["OrderAllocated"]},
        state="ENABLED",
        targets=[
            events.CfnRule.TargetProperty(
                id="fulfill-order",
                arn=arn,
                role_arn=role.role_arn,
                input_path="$.detail",
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                    arn=stateful.messaging.undelivered.queue_arn
                ),
            )
        ],
    )
