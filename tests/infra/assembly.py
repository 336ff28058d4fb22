"""Synthesized templates to ask questions of."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Assembly:
    """A cloud assembly on disk."""

    folder: Path

    @property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Each stack's template by the stack's last word: stateful, stateless, ops, edge."""
        return {
            path.name.removesuffix(".template.json").rsplit("-", 1)[1]: json.loads(path.read_text())
            for path in self.folder.glob("*.template.json")
        }

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """All resources of a type, by logical id."""
        return {
            name: resource
            for template in self.templates.values()
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: resource.get("Properties", {}) for name, resource in self.resources(kind).items()}

    def outputs(self) -> set[str]:
        return {
            name
            for template in self.templates.values()
            for name, output in template.get("Outputs", {}).items()
            if "Export" not in output
        }

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every identity policy, with the logical id that holds it."""
        for name, policy in self.properties("AWS::IAM::Policy").items():
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement
        for name, role in self.properties("AWS::IAM::Role").items():
            for inline in role.get("Policies", []):
                for statement in inline["PolicyDocument"]["Statement"]:
                    yield name, statement

    def acknowledgements(self) -> list[tuple[str, str, str]]:
        """Every accepted finding: construct, rule, reason."""
        return [
            (path, rule.removeprefix("Annotation::"), reason)
            for file in self.folder.glob("*.metadata.json")
            for path, entries in json.loads(file.read_text()).items()
            for entry in entries
            if entry["type"] == "aws:cdk:acknowledged-rules"
            for rule, reason in entry["data"].items()
        ]


def synthesize(folder: Path, *arguments: str) -> Assembly:
    """Run the app as `cdk synth` would."""
    done = subprocess.run(  # noqa: S603 - our own app
        [sys.executable, "infra/app.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(folder), "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return Assembly(folder)


def many(value: Any) -> list[Any]:
    """IAM writes one thing bare and several as a list."""
    return value if isinstance(value, list) else [value]
