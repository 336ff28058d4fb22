"""The layers: third-party packages, installed by uv for the target platform, without Docker.

One for every function, and one with the solver for the function that solves (ADR 21).
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.asset import building, compile_bytecode
from infra.settings import Settings

# The Lambda runtime brings these (and the emulator its own): in the layer they would only slow every cold start.
IN_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "urllib3", "python-dateutil", "six")


def dependency_layer(scope: Construct, *, root: Path, build: Path, settings: Settings) -> lambda_.LayerVersion:
    """A layer with the locked run-time dependencies of `root`'s pyproject.toml."""
    return _layer(scope, "dependencies", ("--no-dev",), root=root, build=build, settings=settings)


def solver_layer(scope: Construct, *, root: Path, build: Path, settings: Settings) -> lambda_.LayerVersion:
    """A layer with the dependency group `solver`, to go beside the other."""
    return _layer(scope, "solver", ("--only-group", "solver"), root=root, build=build, settings=settings)


def _layer(
    scope: Construct, name: str, chosen: tuple[str, ...], *, root: Path, build: Path, settings: Settings
) -> lambda_.LayerVersion:
    """What `uv export` lists for the options `chosen`."""
    digest = hashlib.sha256((root / "uv.lock").read_bytes())
    digest.update("\0".join((settings.python, settings.wheels, *chosen, *IN_THE_RUNTIME)).encode())
    key = digest.hexdigest()
    return lambda_.LayerVersion(
        scope,
        name.capitalize(),
        layer_version_name=settings.name(name),
        description=f"Locked packages from uv.lock: {name}",
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        code=lambda_.Code.from_asset(
            str(root / "shared"),
            asset_hash=key,
            asset_hash_type=AssetHashType.CUSTOM,
            bundling=BundlingOptions(
                image=DockerImage.from_registry("not-used"),
                local=UvBundling(root, build / f"layer-{key[:16]}", chosen, settings),
            ),
        ),
    )


@jsii.implements(ILocalBundling)
class UvBundling:
    """Installs into `cache` once per lock file and platform, and copies from there into each cloud assembly."""

    def __init__(self, root: Path, cache: Path, chosen: tuple[str, ...], settings: Settings) -> None:
        self._root = root
        self._cache = cache
        self._chosen = chosen
        self._settings = settings

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Fill `output_dir`; CDK falls back to Docker on False, which never happens: a failure raises."""
        if not self._cache.exists():
            with building(self._cache) as partial:
                self._install(partial / "python")
        shutil.copytree(self._cache, output_dir, dirs_exist_ok=True)
        return True

    def _install(self, target: Path) -> None:
        target.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as scratch:
            requirements, excludes = Path(scratch, "requirements.txt"), Path(scratch, "excludes.txt")
            excludes.write_text("\n".join(IN_THE_RUNTIME))
            self._uv("export", "--frozen", *self._chosen, "--no-emit-project", "--output-file", str(requirements))
            self._uv(
                *("pip", "install", "--target", str(target), "--requirements", str(requirements)),
                *("--python-platform", self._settings.wheels, "--python-version", self._settings.python),
                *("--only-binary", ":all:", "--excludes", str(excludes)),
            )
        shutil.rmtree(target / "bin", ignore_errors=True)
        compile_bytecode(target, mounted_at="/opt/python", python=self._settings.python)

    def _uv(self, *arguments: str) -> None:
        uv = os.environ.get("UV") or shutil.which("uv")
        if not uv:
            raise FileNotFoundError("uv is needed to build the dependency layer: install it or set UV to its path")
        subprocess.run([uv, *arguments, "--quiet"], cwd=self._root, check=True)  # noqa: S603 - our own arguments
