"""Write the public contract from the code: OpenAPI, a JSON Schema per fact, the catalogue of facts.

python events/export.py            write what changed
python events/export.py --check    fail when something is not current or a sample does not fit
"""

import importlib
import json
import pkgutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import oms.events
from oms.entry.api import Route
from oms.entry.openapi import document
from oms.events.fact import Fact, FactData
from oms.kernel.errors import RejectedError
from oms.kernel.json import read_json
from oms.orders.store import facts_of_stream_record
from oms.tracking.model import CarrierScan

ROOT = Path(__file__).parents[1]
EVENTS = ROOT / "events"
LOCATION = "the location's queue"
# Who is woken by a fact; the rules themselves are in infra/stacks/messaging.py and workflows.py.
REACTIONS = {
    "OrderConfirmed": "allocation (takes stock)",
    "OrderReallocationRequested": "allocation (looks for another location)",
    "FulfillmentOrderRejected": "allocation (sources the units elsewhere)",
    "FulfillmentOrderShorted": "allocation (sources the missing units elsewhere)",
    "OrderAllocated": "workflow fulfill_order",
    "FulfillmentOrderReleased": LOCATION,
    "FulfillmentOrderReminded": LOCATION,
    "FulfillmentOrderWithdrawn": LOCATION,
}

CATALOG = """<!-- made by events/export.py; edit oms/events, then run `make export` -->
# Catalogue of facts

A fact is on the bus after it is true: state and fact are one write. A bus entry has the fact's source and type as
`source` and `detail-type`; its detail is `{"route": ..., "facts": [...]}`: one to twenty facts of that type and route,
in the envelope of the schema. Deliveries may repeat: `id` has effect once. `sequence` grows by one with each version
of the `subject`, so what is old can be dropped. Facts that no rule names are for whoever listens.

What we listen to ourselves: `CarrierStatus` of any source `carrier.<name>`, with 1 to 100 scans in its detail:
`{"scans": [{"carrier", "tracking_number", "status", "at", "place"?, "reason"?, "event_id"?}]}`.

| fact | source | when | fields | version | who reacts |
|---|---|---|---|---|---|
"""


def routes(root: Path = ROOT) -> list[Route]:
    """The operations of every `api_` module."""
    found: list[Route] = []
    for path in sorted((root / "functions").glob("*/api_*.py")):
        module = importlib.import_module(f"functions.{path.parent.name}.{path.stem}")
        found += module.api.routes.values()
    return found


def fact_types() -> dict[str, type[FactData]]:
    """Every declared fact by its type, in the order of source and name."""
    for module in pkgutil.iter_modules(oms.events.__path__):
        importlib.import_module(f"oms.events.{module.name}")
    leaves = [leaf for leaf in _leaves(FactData) if not leaf.__name__.startswith("_")]
    return {leaf.__name__: leaf for leaf in sorted(leaves, key=lambda leaf: (leaf.SOURCE, leaf.__name__))}


def _leaves(base: type[FactData]) -> Iterator[type[FactData]]:
    for child in base.__subclasses__():
        if not child.__name__.startswith("_"):
            yield child
        yield from _leaves(child)


def fact_schema(fact: type[FactData]) -> dict[str, Any]:
    """The JSON Schema of one fact in its envelope, as it stands in the `facts` of a bus entry."""
    envelope = Fact.model_json_schema()
    data = fact.model_json_schema()
    definitions = data.pop("$defs", {})
    for key in ("title", "description"):
        data.pop(key, None)
    fixed = {"type": fact.__name__, "version": fact.VERSION, "source": fact.SOURCE}
    properties = envelope["properties"] | {name: {"const": value} for name, value in fixed.items()} | {"data": data}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://baton.dev/events/{fact.__name__}.v{fact.VERSION}.json",
        "title": fact.__name__,
        "description": " ".join((fact.__doc__ or "").split()),
        "type": "object",
        "properties": properties,
        "required": envelope["required"],
        **({"$defs": definitions} if definitions else {}),
    }


def catalog() -> str:
    """The catalogue page."""
    return CATALOG + "".join(_row(name, fact) for name, fact in fact_types().items())


def _row(name: str, fact: type[FactData]) -> str:
    fields = ", ".join(f"`{field}`" for field in fact.model_fields)
    cells = (
        f"[`{name}`](schemas/{name}.v{fact.VERSION}.json)",
        f"`{fact.SOURCE}`",
        " ".join((fact.__doc__ or "").split()),
        fields,
        str(fact.VERSION),
        REACTIONS.get(name, "-"),
    )
    return f"| {' | '.join(cells)} |\n"


def pages() -> dict[str, str]:
    """Everything generated, by its path under events/."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    schemas = {f"schemas/{name}.v{fact.VERSION}.json": _json(fact_schema(fact)) for name, fact in fact_types().items()}
    return {"openapi.json": _json(document(routes(), version=version)), "catalog.md": catalog(), **schemas}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def misfits() -> list[str]:
    """What is wrong with the samples: a fact or scan that does not fit its model, an operation that does not exist."""
    known = {route.key for route in routes()}
    wrong = []
    for path in sorted((EVENTS / "samples").rglob("*.json")):
        try:
            _check(json.loads(path.read_text()), known)
        except (LookupError, RejectedError, ValidationError, ValueError) as error:
            wrong.append(f"{path.relative_to(ROOT)}: {str(error)[:200]}")
    return wrong


def _check(sample: Any, operations: set[str]) -> None:
    if not isinstance(sample, dict):
        return
    if "routeKey" in sample and sample["routeKey"] not in operations:
        raise LookupError(f"there is no operation {sample['routeKey']}")
    for record in sample.get("Records", []):
        if "dynamodb" in record:
            _check_facts([fact.model_dump() for fact in facts_of_stream_record(record)])
        elif record.get("eventSource") == "aws:sqs":
            _check_detail(read_json(record["body"].encode()))
    _check_detail(sample.get("detail", sample))


def _check_detail(detail: Any) -> None:
    if isinstance(detail, dict):
        _check_facts(detail.get("facts", []))
        for scan in detail.get("scans", []):
            CarrierScan.model_validate(scan)


def _check_facts(rows: list[dict[str, Any]]) -> None:
    types = fact_types()
    for row in rows:
        types[row["type"]].model_validate(row["data"])


def main(arguments: list[str]) -> int:
    """Write or check; the exit status."""
    wanted = pages()
    current = {name: (EVENTS / name).read_text() if (EVENTS / name).exists() else None for name in wanted}
    stale = sorted(name for name, text in wanted.items() if current[name] != text)
    left_over = sorted(path for path in (EVENTS / "schemas").glob("*.json") if f"schemas/{path.name}" not in wanted)
    wrong = misfits()
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if "--check" in arguments:
        names = [*stale, *(path.name for path in left_over)]
        print(f"not current under events/: {', '.join(names)}; run `make export`" if names else "events/ is current")
        return 1 if names or wrong else 0
    for path in left_over:
        path.unlink()
    for name in stale:
        (EVENTS / name).parent.mkdir(parents=True, exist_ok=True)
        (EVENTS / name).write_text(wanted[name])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
