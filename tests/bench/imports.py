"""What importing a function costs on a cold start: CPU above the bare interpreter, with bytecode, without clients."""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RUNS = 5
_CODE = "import time; t = time.process_time(); import {module}; print(time.process_time() - t)"


class Import(NamedTuple):
    """The best of some runs: noise only adds."""

    function: str
    cpu_s: float
    heavy: tuple[str, ...]


def measure() -> list[Import]:
    """Every function, slowest first. The asset is staged and compiled as for AWS."""
    stage = ROOT / ".local/bench-asset"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(ROOT / "functions", stage / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "shared/oms", stage / "oms", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(stage, quiet=1, invalidation_mode=None)
    names = sorted(path.relative_to(stage / "functions").with_suffix("") for path in stage.glob("functions/*/*.py"))
    found = [_import(name.as_posix(), stage) for name in names]
    shutil.rmtree(stage)
    return sorted(found, key=lambda row: -row.cpu_s)


def _import(name: str, stage: Path) -> Import:
    module = f"functions.{name.replace('/', '.')}"
    environment = {**os.environ, "PYTHONPATH": str(stage), "PYDANTIC_DISABLE_PLUGINS": "1"}  # as the functions have it
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    code = _CODE.format(module=module)
    runs = [float(_python(code, environment)) for _ in range(RUNS)]
    loaded = _python(f"import sys, {module}; print(*sys.modules)", environment).split()
    heavy = tuple(
        package
        for package in ("aws_xray_sdk", "boto3", "botocore", "cryptography", "pydantic", "reportlab")
        if package in loaded
    )
    return Import(name, min(runs), heavy)


def _python(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout
