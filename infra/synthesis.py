"""Build the app: which stacks there are and how they depend on each other."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import App, Environment, Tags, Validations

from infra.settings import Settings, read_settings
from infra.stacks.edge import EdgeStack
from infra.stacks.ops import OpsStack
from infra.stacks.stateful import StatefulStack
from infra.stacks.stateless import StatelessStack

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Iterable[str]) -> None:
    """Write the cloud assembly to `CDK_OUTDIR` (default `cdk.out`). Arguments are `key=value` context."""
    given = dict(argument.split("=", 1) for argument in arguments)
    from_cli = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    nag = str({**from_cli, **given}.get("nag")) == "true"
    app = App(
        context=json.loads((ROOT / "cdk.json").read_text())["context"],
        post_cli_context=given or None,
        outdir=os.environ.get("CDK_OUTDIR", "cdk.out"),
        analytics_reporting=False,
        stack_traces=False,
        tree_metadata=False,
        # Both checks take longer than the synthesis itself, so they run when asked.
        builtin_cloud_formation_validation=nag,
    )
    build(app)
    if nag:
        add_nag(app)
    app.synth()


def build(app: App) -> Settings:
    """Add the stacks of the stage that `app`'s context names."""
    settings = read_settings(app.node.get_all_context())
    environment = Environment(account=settings.account, region=settings.region)
    stateful = StatefulStack(app, settings.name("stateful"), settings=settings, env=environment)
    stateless = StatelessStack(app, settings.name("stateless"), settings=settings, stateful=stateful, env=environment)
    OpsStack(app, settings.name("ops"), settings=settings, stateful=stateful, stateless=stateless, env=environment)
    if not settings.local:
        edge = EdgeStack(app, settings.name("edge"), settings=settings, bus=stateful.messaging.bus, env=environment)
        edge.add_dependency(stateless)
    Tags.of(app).add("application", "baton")
    Tags.of(app).add("stage", settings.stage)
    return settings


def add_nag(app: App) -> None:
    """Check the app against the AwsSolutions and Serverless packs; ~10 s, so only when asked."""
    from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # noqa: PLC0415 - `make run` does not pay this import

    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
