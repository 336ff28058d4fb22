"""Write the reference pages that are made from the code: `python docs/generate.py [--check]`.

- docs/data-model.md: the docstring of every store, which is its table of items, keys and access patterns
- docs/lifecycles.md: the state machines, drawn from the transitions that the code obeys
- docs/personal-data.md: the record of processing: whose data is where, what for, for how long, and who gets it
- docs/import-columns.md: the columns of a CSV file of orders
- docs/access.md: who may call what, from the OpenAPI document, cell by cell as tests/store/test_access.py tests it
"""

import ast
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "shared")]

from oms.entry.principal import ROLES  # noqa: E402  the path is set just above
from oms.intake.imports.columns import LINE, NEEDED, ORDER  # noqa: E402  see above
from oms.inventory.reservations.lifecycle import RESERVATION  # noqa: E402  see above
from oms.inventory.transfers.lifecycle import TRANSFER  # noqa: E402  see above
from oms.inventory.waiting.lifecycle import WAITING  # noqa: E402  see above
from oms.orders import lifecycle  # noqa: E402
from oms.privacy import catalogue  # noqa: E402

_WRITTEN = {"text": "", "money": " (amount)", "units": " (number)", "flag": " (true or false)"}
NOTE = "<!-- made by docs/generate.py; edit the code, then run `make export` -->\n"


def data_model() -> str:
    """Every store's docstring under the name of its context."""
    parts = [NOTE, "# Data model\n", "One table per owner; key strings are written only in the file named.\n"]
    for path in sorted([*(ROOT / "shared/oms").rglob("store.py"), ROOT / "shared/oms/aws/buckets.py"]):
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
        "Reservation": RESERVATION,
        "Units that wait": WAITING,
        "Transfer": TRANSFER,
    }
    for name, machine in machines.items():
        rows = [f"  {row.before} --> {row.after}: {row.event}" for row in machine]
        parts.append("\n".join([f"## {name}\n", "```mermaid", "stateDiagram-v2", *rows, "```\n"]))
    parts.append("## How long a state may last before the watchdog acts\n\n| state | at most |\n|---|---|")
    parts.extend(f"| {state} | {limit} |" for state, limit in lifecycle.MAX_DWELL.items())
    return "\n".join(parts) + "\n"


def personal_data() -> str:
    """The record of processing, from the catalogue of fields."""
    parts = [NOTE, "# Personal data\n", _section(catalogue.__doc__ or "")]
    rows = [
        f"| `{each.name}` | {each.what} | {each.basis} | {_listed(each.fields)} | {', '.join(each.recipients)} | "
        f"{_listed(each.roles)} |"
        for each in catalogue.PURPOSES
    ]
    head = "| purpose | what for | basis, article 6(1) | fields | recipients | roles |\n|---|---|---|---|---|---|"
    parts.append("\n".join(["## Purposes\n", head, *rows, ""]))
    programs = ", ".join(f"`{name}`" for name in catalogue.SYSTEM_PURPOSES)
    parts.append(f"Our own programs read a person for: {programs}. Each reading is logged.\n")
    kept = [f"| {name} | {each.days} | {each.since} | {each.why} |" for name, each in catalogue.RETENTION.items()]
    parts.append("\n".join(["## How long\n", "| what | days | from when | why |\n|---|---|---|---|", *kept, ""]))
    fields = [
        f"| `{model}.{name}` | `{each.moved_to}` | {each.retention} |"
        for (model, name), each in sorted(catalogue.PERSONAL.items())
    ]
    head = "| field | kept as, in the envelope of the person | retention |\n|---|---|---|"
    parts.append("\n".join(["## Fields\n", head, *fields, ""]))
    for kind in ("pseudonym", "staff", "remark"):
        names = {name for name, each in catalogue.BY_NAME.items() if each == kind}
        names |= {f"{model}.{name}" for (model, name), each in catalogue.BY_MODEL.items() if each == kind}
        parts.append(f"**{kind}**: {_listed(names)}\n")
    return "\n".join(parts)


def _section(docstring: str) -> str:
    """The docstring of a module as paragraphs of a page."""
    return "\n".join(line.strip() for line in docstring.strip().splitlines()) + "\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


ACCESS = """# Who may do what

A person's roles are the groups of the user pool; a machine's are in the reference setting `CLIENT#<client id>`, and the
scopes of its token narrow them. `all`: every object. `own`: the objects that are theirs. `-`: 403. No token where one
is needed: 401. A foreign object: 404, word for word like one that does not exist.

A group such as `channel.shopify_eu` or `location.ber-1` binds whoever is in it, whatever the role: `all` then reads
`own`. A warehouse without a location and a channel without a channel see nothing. Each cell is tested, with and without
such groups: `tests/store/test_access.py`.
"""


def access() -> str:
    """The table of operation x role, from the OpenAPI document; what `own` means, from the edge that checks it."""
    document = json.loads((ROOT / "events/openapi.json").read_text())
    edge = ast.get_docstring(ast.parse((ROOT / "shared/oms/entry/access.py").read_text())) or ""
    shown = [*ROLES, "anyone"]
    head = ["operation", "about", *(role.replace("_", " ") for role in shown)]
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            cells = [_access_cell(role, told) for role in shown]
            rows.append(f"| {' | '.join([f'`{method.upper()} {path}`', told['x-own'], *cells])} |")
    return "\n".join([NOTE, ACCESS, *rows, "\n## What an operation is about\n", edge, ""])


def _access_cell(role: str, told: dict[str, Any]) -> str:
    if role not in told["x-roles"]:
        return "-"
    return "own" if role in ("warehouse", "channel", "customer") else "all"


def import_columns() -> str:
    """The columns of a CSV file of orders, of the order and of its lines."""
    text = ast.get_docstring(ast.parse((ROOT / "shared/oms/intake/imports/columns.py").read_text())) or ""
    parts = [NOTE, "# The columns of an import\n", text, ""]
    for title, columns in (("Of the order", ORDER), ("Of the line", LINE)):
        parts += [f"## {title}\n", "| column | what | needed |", "|---|---|---|"]
        parts += [
            f"| `{name}` | {column.meaning}{_WRITTEN[column.kind]} | {'yes' if name in NEEDED else ''} |"
            for name, column in columns.items()
        ]
        parts.append("")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which are not current."""
    stale = []
    pages = {
        "data-model.md": data_model(),
        "lifecycles.md": lifecycles(),
        "personal-data.md": personal_data(),
        "access.md": access(),
        "import-columns.md": import_columns(),
    }
    for name, text in pages.items():
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
