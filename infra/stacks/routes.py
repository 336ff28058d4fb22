"""What the API answers to, read from the handlers themselves, and whether every handler has its row.

The routes are declared once, beside the code that answers them; API Gateway, the OpenAPI document and the dispatch
in oms.entry.api all come from that declaration.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

KINDS = ("api", "task", "queue", "bus", "stream", "cron")


@dataclass(frozen=True)
class ApiRoute:
    """One operation and the function that answers it. `scope` None: the handler checks its caller itself."""

    function: str
    method: str
    path: str
    scope: str | None


def function_files(root: Path) -> set[str]:
    """Every entry point under `root`/functions, as `context/stem`."""
    return {
        path.relative_to(root / "functions").with_suffix("").as_posix()
        for path in (root / "functions").glob("*/*.py")
        if path.stem.split("_")[0] in KINDS
    }


def check_complete(declared: Collection[str], present: Collection[str]) -> None:
    """Refuse a row without a file and a file without a row.

    Raises:
        LookupError: names them all.
    """
    missing, unknown = sorted(set(declared) - set(present)), sorted(set(present) - set(declared))
    if missing or unknown:
        raise LookupError(
            f"infra/stacks/functions.py and functions/ disagree: no file for {missing}, no row for {unknown}"
        )


def api_routes(files: Collection[str]) -> Iterator[ApiRoute]:
    """The routes of every `api_` module, in the order of path and method."""
    for file in sorted(files):
        context, stem = file.split("/")
        if not stem.startswith("api_"):
            continue
        api = import_module(f"functions.{context}.{stem}").api
        for route in sorted(api.routes.values(), key=lambda route: (route.path, route.method)):
            yield ApiRoute(file, route.method, route.path, route.scope)
