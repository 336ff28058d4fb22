"""Write the reference pages that are made from the code: `python docs/generate.py [--check]`.

- docs/data-model.md: the docstring of every store, which is its table of items, keys and access patterns
- docs/lifecycles.md: the state machines, drawn from the transitions that the code obeys
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "shared")]

from oms.orders import lifecycle  # noqa: E402  the path is set just above

NOTE = "<!-- made by docs/generate.py; edit the code, then run `make export` -->\n"


def data_model() -> str:
    """Every store's docstring under the name of its context."""
    parts = [NOTE, "# Data model\n", "One table per owner; key strings are written only in the file named.\n"]
    for path in sorted((ROOT / "shared/oms").rglob("store.py")):
        text = ast.get_docstring(ast.parse(path.read_text()))
        if text:
            parts.append(f"## {path.parent.name}\n\n`{path.relative_to(ROOT).as_posix()}`\n\n{text}\n")
    return "\n".join(parts)


def lifecycles() -> str:
    """The machines as Mermaid drawings, and how long a state may last."""
    parts = [NOTE, "# Life cycles\n", "Only what is drawn can happen; `hold` is not a state but stands beside it.\n"]
    machines = {
        "Order": lifecycle.ORDER,
        "Fulfillment order": lifecycle.FULFILLMENT_ORDER,
        "Parcel": lifecycle.PARCEL,
    }
    for name, machine in machines.items():
        rows = [f"  {row.before} --> {row.after}: {row.event}" for row in machine]
        parts.append("\n".join([f"## {name}\n", "```mermaid", "stateDiagram-v2", *rows, "```\n"]))
    parts.append("## How long a state may last before the watchdog acts\n\n| state | at most |\n|---|---|")
    parts.extend(f"| {state} | {limit} |" for state, limit in lifecycle.MAX_DWELL.items())
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which are not current."""
    stale = []
    for name, text in {"data-model.md": data_model(), "lifecycles.md": lifecycles()}.items():
        path = ROOT / "docs" / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text)
    if stale and "--check" in arguments:
        sys.stderr.write(f"not current: docs/{', docs/'.join(stale)}; run `make export`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
