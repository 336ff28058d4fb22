"""The corrections to the emulator: each one seen at work, and refused on any other version."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.emulator import WORKERS
from infra.local.launcher import WrongEmulatorError, bound_workers, expect, shorten_log_wait
from infra.local.paths import EMULATOR_PYTHON, LAUNCHER
from tests.cloud import Cloud, zipped

_SLOW = """
import os, time
def handler(event, context):
    time.sleep(0.05)
    return os.getpid()
"""


def test_a_burst_on_a_cold_function_waits_for_few_workers_and_is_answered(cloud: Cloud) -> None:
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="burst",
        Runtime="python3.13",
        Handler="slow.handler",
        Role="arn:aws:iam::000000000000:role/none",
        Code={"ZipFile": zipped("slow.py", _SLOW)},
    )

    def invoke(_: int) -> int:
        answer = functions.invoke(FunctionName="burst", Payload=b"{}")
        assert "FunctionError" not in answer
        return int(json.loads(answer["Payload"].read()))

    with ThreadPoolExecutor(32) as pool:
        workers = list(pool.map(invoke, range(64)))
    functions.delete_function(FunctionName="burst")

    assert len(workers) == 64
    assert len(set(workers)) <= WORKERS


def test_a_silent_function_waits_two_milliseconds_for_its_log() -> None:
    asked = (
        "import importlib.util, ministack.core.lambda_runtime as runtime\n"
        f"spec = importlib.util.spec_from_file_location('launcher', {str(LAUNCHER)!r})\n"
        "launcher = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(launcher)\n"
        "launcher.shorten_log_wait(runtime.Worker)\n"
        "print(runtime.Worker._drain_stderr_bounded.__defaults__)\n"
    )
    command = [str(EMULATOR_PYTHON), "-I", "-c", asked]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  our own program

    assert done.stdout.strip() == "(0.002, 0.002, 0.25)"


def test_another_shape_of_emulator_is_refused() -> None:
    class Other:
        def _drain_stderr_bounded(self, first_line_wait: float = 1.0) -> str:
            return f"waited {first_line_wait}"

        @staticmethod
        def acquire_worker(name: str) -> str:
            return name

        release_worker = acquire_worker

    with pytest.raises(WrongEmulatorError, match="the log waits"):
        shorten_log_wait(Other)
    with pytest.raises(WrongEmulatorError, match="a ceiling"):
        bound_workers(Other, Other, 2)
    with pytest.raises(WrongEmulatorError, match="its own version"):
        expect(False, "its own version")
