"""A state machine from its YAML: function names become ARNs, logs never carry execution data."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.constructs.acknowledge import acknowledge_each
from infra.constructs.function import Function, log_group
from infra.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "workflows"
# Replaces `${task_name}`.
_PLACEHOLDER = re.compile(r"\$\{(task_\w+)\}")
_LOG_DELIVERY = "The log delivery actions of Step Functions and the X-Ray actions have no resources to name."

_EXPRESS_LOG = (
    "Every transition of every ordinary order would be 11 KB of log, a seventh of its whole price (ADR 3). Failures "
    "are logged; what an ordinary order did stands in its own timeline."
)


def load_definition(name: str) -> dict[str, Any]:
    """The machine of workflows/<name>.asl.yaml; `x-` keys only hold anchors and are dropped."""
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.asl.yaml").read_text())
    return {key: value for key, value in document.items() if not key.startswith("x-")}


def tasks_of(definition: Mapping[str, Any]) -> list[str]:
    """The file stems of the functions that the machine calls."""
    return sorted(set(_PLACEHOLDER.findall(json.dumps(definition))))


class Workflow(Construct):
    """The machine `baton-<stage>-<name with dashes>`."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        kind: stepfunctions.StateMachineType,
        functions: Mapping[str, Function],
        settings: Settings,
    ) -> None:
        super().__init__(scope, "".join(part.capitalize() for part in name.split("_")))
        express = kind == stepfunctions.StateMachineType.EXPRESS
        definition = load_definition(name)
        tasks = tasks_of(definition)
        machine = settings.name(name.replace("_", "-"))
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=machine,
            state_machine_type=kind,
            definition_body=stepfunctions.DefinitionBody.from_string(json.dumps(definition, separators=(",", ":"))),
            definition_substitutions={task: functions[task].function.function_arn for task in tasks},
            tracing_enabled=settings.tracing,
            # Never the data, which could name a person.
            logs=stepfunctions.LogOptions(
                destination=log_group(self, "Log", f"/aws/vendedlogs/states/{machine}", settings),
                level=stepfunctions.LogLevel.ERROR if express else stepfunctions.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                sid="RunTasks",
                actions=["lambda:InvokeFunction"],
                resources=[functions[task].function.function_arn for task in tasks],
            )
        )
        accepted = {"AwsSolutions-IAM5[Resource::*]": _LOG_DELIVERY}
        acknowledge_each(self.machine, accepted | ({"AwsSolutions-SF1": _EXPRESS_LOG} if express else {}))
