"""Synthesis for the local cloud, with other processes that want the same."""

import json
import subprocess
import sys
from pathlib import Path

from infra.local import assembly
from infra.local.paths import ROOT

PROCESSES = 2
ASK = """
import pathlib, sys
from infra.local import assembly
print(assembly.synthesize(output=pathlib.Path(sys.argv[1])))
"""


def test_two_processes_at_once_synthesize_once_and_both_find_the_whole(tmp_path: Path) -> None:
    output = tmp_path / "cdk.out"
    output.mkdir()
    (output / "manifest.json").write_text("{}")  # of an earlier run that was killed
    asking = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", ASK, str(output)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    said = [(process.communicate(), process.returncode) for process in asking]
    assert [(code, errors) for (_, errors), code in said] == [(0, "")] * PROCESSES
    assert sorted(answer.strip() for (answer, _), _ in said) == ["False", "True"]
    found = assembly.stacks(output)
    assert [asset.source for stack in found for asset in stack.assets if not asset.source.exists()] == []
    assert sum(len(json.loads(stack.template.read_text())["Resources"]) for stack in found) > 100
    assert [path.name for path in output.glob("*-building")] == []
    assert assembly.synthesize(output=output) is False
