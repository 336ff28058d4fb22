"""Copies of the real machines on the local cloud whose tasks can be made to fail: same ASL, same code, faults around.

A copy is a Standard machine, because only those tell afterwards how an execution ended; and it waits one second where
the real one waits for an answer of hours. Nothing else differs.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from infra.local import assembly
from tests.cloud import Cloud

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / "infra" / "workflows"
ROLE = "arn:aws:iam::000000000000:role/workflow-tests"
LIMIT_S = 300.0


class End(NamedTuple):
    """How an execution ended."""

    status: str
    output: Any
    error: str | None


class Machines:
    """The machines with their faulty tasks, deployed once."""

    def __init__(self, cloud: Cloud, plans: Path) -> None:
        self.cloud = cloud
        self.plans = plans
        self._code = _code_with_faults()
        self._functions: dict[str, str] = {}
        self._real = {
            function["Handler"].split(".")[-2]: function
            for page in cloud.client("lambda").get_paginator("list_functions").paginate()
            for function in page["Functions"]
        }

    def deploy(self, name: str) -> str:
        """The ARN of a copy of workflows/<name>.asl.yaml."""
        document = yaml.safe_load((WORKFLOWS / f"{name}.asl.yaml").read_text())
        text = json.dumps({key: value for key, value in document.items() if not key.startswith("x-")})
        text = text.replace('"SecondsPath": "$.wait_s"', '"Seconds": 1')
        for task in [task for task in self._real if f"${{{task}}}" in text]:
            text = text.replace(f"${{{task}}}", self._faulty(task))
        made = self.cloud.client("stepfunctions").create_state_machine(
            name=f"faulty-{name}", definition=text, roleArn=ROLE, type="STANDARD"
        )
        return str(made["stateMachineArn"])

    def fail(self, order_id: str, task: str, moment: str, times: int) -> None:
        """Let the first `times` calls of a task for an order fail, before or after its effect."""
        (self.plans / f"{order_id}.{task}").write_text(f"{moment} {times}")

    def start(self, machine: str, document: Mapping[str, Any]) -> str:
        answer = self.cloud.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(document))
        return str(answer["executionArn"])

    def end(self, execution: str) -> End:
        """Wait for the end."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            found = self.cloud.client("stepfunctions").describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                output = json.loads(found["output"]) if found.get("output") else None
                return End(found["status"], output, found.get("error"))
            assert time.monotonic() < deadline, f"{execution} still runs after {LIMIT_S} s"
            time.sleep(0.2)

    def _faulty(self, task: str) -> str:
        if task not in self._functions:
            real = self._real[task]
            variables = {
                **real["Environment"]["Variables"],
                "REAL_HANDLER": real["Handler"].removesuffix(".handler"),
                "FAULT_PLANS": str(self.plans),
            }
            made = self.cloud.client("lambda").create_function(
                FunctionName=f"faulty-{task}",
                Runtime=real["Runtime"],
                Role=real["Role"],
                Handler="faulty_handler.handler",
                Code={"ZipFile": self._code},
                Layers=[layer["Arn"] for layer in real.get("Layers", [])],
                Environment={"Variables": variables},
                Timeout=real["Timeout"],
                MemorySize=real["MemorySize"],
            )
            self._functions[task] = str(made["FunctionArn"])
            # A first call in a new process imports everything: on a busy machine longer than a state may take.
            self.cloud.client("lambda").invoke(FunctionName=f"faulty-{task}", Payload=b'{"order_id": "ord_warm_up"}')
        return self._functions[task]


def _code_with_faults() -> bytes:
    """The asset of all functions, with the faulty handler beside it."""
    asset = next(
        asset.source for stack in assembly.stacks() for asset in stack.assets if (asset.source / "functions").is_dir()
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(asset.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(asset).as_posix())
        archive.write(Path(__file__).with_name("faulty_handler.py"), "faulty_handler.py")
    return packed.getvalue()
