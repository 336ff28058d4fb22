"""The synthesized cloud assembly: made when its sources changed, read as stacks with their assets."""

import fcntl
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.clients import REGION
from infra.local.paths import ASSEMBLY, ROOT, UV

SOURCES = ("infra", "functions", "shared", "cdk.json", "uv.lock", "pyproject.toml")
NOT_SOURCES = ("infra/local", "__pycache__")


class AssemblyError(Exception):
    """The stacks could not be synthesized; the message is what the CDK said."""


@dataclass(frozen=True)
class Asset:
    """A file or folder that a template refers to by bucket and key."""

    source: Path
    zipped: bool
    bucket: str
    key: str


@dataclass(frozen=True)
class Stack:
    """One stack of the assembly."""

    id: str
    name: str
    template: Path
    assets: tuple[Asset, ...]
    needs: tuple[str, ...]

    def body(self) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self.template.read_text())
        return template


def synthesize(*, stage: str = "local", output: Path = ASSEMBLY) -> bool:
    """Run `infra/app.py` unless nothing it reads has changed since the last time. Whether it ran.

    Processes that want the same assembly at once wait for each other; the first one makes it for all.

    Raises:
        AssemblyError: the app failed.
    """
    stamp = output.with_name(f"{output.name}.stamp")
    with _alone(output.with_name(f"{output.name}.lock")):
        digest = _digest(stage)
        if stamp.exists() and stamp.read_text() == digest and (output / "manifest.json").exists():
            return False
        stamp.unlink(missing_ok=True)
        _run_app(stage, output)
        stamp.write_text(digest)
        return True


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it when its process ends, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run_app(stage: str, output: Path) -> None:
    done = subprocess.run(
        [sys.executable, "infra/app.py", f"stage={stage}", f"region={REGION}"],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(output), "UV": str(UV)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join(line for line in done.stderr.splitlines() if "!!" not in line)  # less the frame about Node
        raise AssemblyError(f"infra/app.py could not synthesize the stacks:\n{said[-4000:]}")


def stacks(assembly: Path = ASSEMBLY) -> list[Stack]:
    """The stacks in the order in which they can be deployed."""
    found = {stack.id: stack for stack in _read(assembly)}
    ordered: dict[str, Stack] = {}

    def place(stack: Stack) -> None:
        for need in stack.needs:
            if need in found and need not in ordered:
                place(found[need])
        ordered[stack.id] = stack

    for stack in found.values():
        if stack.id not in ordered:
            place(stack)
    return list(ordered.values())


def _read(assembly: Path) -> Iterator[Stack]:
    artifacts: dict[str, Any] = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    for name, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _read(assembly / properties["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            needs = artifact.get("dependencies", [])
            manifests = [
                artifacts[need]["properties"]["file"]
                for need in needs
                if artifacts[need]["type"] == "cdk:asset-manifest"
            ]
            yield Stack(
                id=name,
                name=properties.get("stackName", name),
                template=assembly / properties["templateFile"],
                assets=tuple(asset for manifest in manifests for asset in _assets(assembly, manifest)),
                needs=tuple(needs),
            )


def _assets(assembly: Path, manifest: str) -> Iterator[Asset]:
    files: dict[str, Any] = json.loads((assembly / manifest).read_text()).get("files", {})
    for file in files.values():
        for destination in file["destinations"].values():
            yield Asset(
                source=assembly / file["source"]["path"],
                zipped=file["source"].get("packaging") == "zip",
                bucket=destination["bucketName"],
                key=destination["objectKey"],
            )


def _digest(stage: str) -> str:
    """What the assembly depends on: every source file, and the Python and machine that the layer is built for."""
    digest = hashlib.sha256(f"{stage} {platform.python_version()} {platform.machine()} {sys.platform}".encode())
    for source in SOURCES:
        top = ROOT / source
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and not any(part in name for part in NOT_SOURCES):
                digest.update(f"{name}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
