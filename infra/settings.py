"""What differs between stages, read once from the context (`cdk.json`, `-c key=value`, or `key=value` arguments)."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The current Python that SnapStart and every wheel in uv.lock support.
AWS_PYTHON = "3.13"
# A documentation account: templates synthesize without credentials; `cdk deploy` sets CDK_DEFAULT_ACCOUNT.
OFFLINE_ACCOUNT = "111122223333"
LOCAL_ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Settings:
    """One stage. `local` is the emulator on this machine; every other name is an AWS account."""

    stage: str
    account: str
    region: str
    locations: tuple[str, ...]
    arm64: bool
    python: str
    wheels: str
    tracing: bool
    protected: bool
    log_retention_days: int
    allocation_concurrency: int
    warm_writes: int | None
    alarm_email: str | None

    @property
    def local(self) -> bool:
        return self.stage == "local"

    @property
    def documents_bucket(self) -> str:
        """Bucket names are shared by the whole world, hence the account and region."""
        return f"{self.name('documents')}-{self.account}-{self.region}"

    @property
    def archive_bucket(self) -> str:
        """Where channels' messages are kept as they came."""
        return f"{self.name('archive')}-{self.account}-{self.region}"

    @property
    def files_bucket(self) -> str:
        """Where files of orders are dropped and answered, and import jobs have theirs."""
        return f"{self.name('files')}-{self.account}-{self.region}"

    def name(self, thing: str) -> str:
        """The physical name of a thing: deterministic, so that scripts and alarms can be written before it exists."""
        return f"baton-{self.stage}-{thing}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN by name, where a reference would make two stacks need each other."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def read_settings(context: Mapping[str, Any]) -> Settings:
    """The settings of the stage named by `stage`; any field can be overridden by its own context key."""
    stage = str(context.get("stage", "dev"))
    local, prod = stage == "local", stage == "prod"
    host = platform.machine().lower()
    arm64 = host in {"arm64", "aarch64"} if local else True
    return Settings(
        stage=stage,
        account=str(
            context.get("account")
            or (LOCAL_ACCOUNT if local else os.environ.get("CDK_DEFAULT_ACCOUNT") or OFFLINE_ACCOUNT)
        ),
        region=str(context.get("region") or os.environ.get("CDK_DEFAULT_REGION") or "us-east-1"),
        locations=tuple(context.get("locations", ())),
        arm64=arm64,
        # The emulator runs functions in its own Python, which is ours; AWS runs AWS_PYTHON.
        python=f"{sys.version_info.major}.{sys.version_info.minor}" if local else AWS_PYTHON,
        wheels=_host_wheels(host) if local else "aarch64-manylinux_2_28",
        tracing=_flag(context, "tracing", default=not local),
        protected=_flag(context, "protected", default=prod),
        log_retention_days=int(context.get("log_retention_days", 90 if prod else 14)),
        allocation_concurrency=int(context.get("allocation_concurrency", 5)),
        # Write units/s that the tables of the order path must carry from their first second; see docs/scaling.md.
        warm_writes=int(context["warm_writes"]) if context.get("warm_writes") else None,
        alarm_email=context.get("alarm_email"),
    )


def _flag(context: Mapping[str, Any], key: str, *, default: bool) -> bool:
    return str(context.get(key, default)).lower() == "true"


def _host_wheels(host: str) -> str:
    machine = "aarch64" if host in {"arm64", "aarch64"} else "x86_64"
    return f"{machine}-apple-darwin" if sys.platform == "darwin" else f"{machine}-manylinux_2_28"
