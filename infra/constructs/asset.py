"""The one code asset of every function: `functions/` and `oms/` side by side, with their bytecode.

Bytecode ships as *unchecked-hash*: Lambda's read-only code folder cannot write it, and compiling at every cold start
costs three to four times the import itself. The hash is that of the sources, so an unchanged tree deploys nothing.
"""

import compileall
import hashlib
import py_compile
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.settings import Settings


def stage_code(root: Path, build: Path, settings: Settings) -> tuple[Path, str]:
    """Stage the code of the repository `root` under `build`; the folder and its hash."""
    sources = dict(sorted(_sources(root)))
    digest = hashlib.sha256(settings.python.encode())
    for name, source in sources.items():
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    target = build / f"code-{digest.hexdigest()[:16]}"
    if not target.exists():
        _fill(target, sources, settings.python)
    return target, digest.hexdigest()


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Each file by its place in the asset."""
    for base, folder in ((root, root / "functions"), (root / "shared", root / "shared" / "oms")):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(base).as_posix(), path
    document = root / "events" / "openapi.json"
    if document.exists():
        yield "events/openapi.json", document


def _fill(target: Path, sources: dict[str, Path], python: str) -> None:
    with building(target) as partial:
        for name, source in sources.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, partial / name)
        compile_bytecode(partial, mounted_at="/var/task", python=python)


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` at the end; of two builders at a time one is used."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        partial = Path(scratch, "content")
        partial.mkdir()
        yield partial
        try:
            partial.rename(target)
        except OSError:
            if not target.is_dir():  # otherwise another builder was first, with the same content
                raise


def compile_bytecode(folder: Path, *, mounted_at: str, python: str) -> None:
    """Write bytecode beside the sources, if this interpreter is the one that will run them."""
    if python != f"{sys.version_info.major}.{sys.version_info.minor}":
        return
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder),
        prependdir=mounted_at,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
