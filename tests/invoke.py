"""Run one handler in this process against moto, and tell what it answered and what changed.

    make invoke FUNCTION=intake/api_receive_webhooks EVENT=events/samples/intake/shopify_order.json

Tables, queues, bus, bucket, keys and secrets are those of the synthesized template; they hold the company and the
example orders of the local cloud. Nothing outside this process is touched, and nothing stays.
"""

import importlib
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from infra.local import assembly, examples, seed
from infra.local.paths import ROOT
from oms.aws import clients
from oms.aws.tables import from_wire
from oms.wiring import Wiring, rewire
from tests.template import moto_from

FUNCTIONS = ROOT / "functions"
USAGE = "usage: make invoke FUNCTION=<context>/<handler> EVENT=events/samples/<context>/<event>.json"
SENDING = {
    "events.PutEvents": "Entries",
    "sqs.SendMessage": "MessageBody",
    "sqs.SendMessageBatch": "Entries",
    "stepfunctions.StartExecution": "input",
}
Items = dict[tuple[str, str, str], dict[str, Any]]  # by table, pk, sk


class Report(NamedTuple):
    """What came of an invocation."""

    answer: Any
    before: Items
    after: Items
    sent: list[tuple[str, Any]]
    objects: list[str]

    @property
    def added(self) -> list[tuple[str, str, str]]:
        return [key for key in self.after if key not in self.before]

    @property
    def removed(self) -> list[tuple[str, str, str]]:
        return [key for key in self.before if key not in self.after]

    @property
    def changed(self) -> list[tuple[str, str, str]]:
        return [key for key, item in self.after.items() if key in self.before and self.before[key] != item]


def invoke(function: str, event: Any) -> Report:
    """Call the handler of `<context>/<file stem>` with the event, on a freshly seeded moto."""
    handler = importlib.import_module(f"functions.{function.replace('/', '.')}").handler
    assembly.synthesize()
    with moto_from(assembly.stacks()) as wiring:
        seed.fill(wiring)
        examples.place(wiring)
        rewire(wiring)
        before, objects, sent = dict(_items(wiring)), set(_objects(wiring)), _listen()
        answer = handler(event, None)
        return Report(answer, before, dict(_items(wiring)), sent, sorted(set(_objects(wiring)) - objects))


def tell(report: Report, console: Console) -> None:
    """The report for people."""
    console.rule("answer", align="left")
    console.print_json(json.dumps(_answer(report.answer), default=str, ensure_ascii=False))
    console.rule("what changed", align="left")
    for mark, keys, items in (
        ("+", report.added, report.after),
        ("~", report.changed, report.after),
        ("-", report.removed, report.before),
    ):
        for key in keys:
            console.print(f"{mark} {' / '.join(key)}", markup=False, style="bold")
            console.print_json(json.dumps(items[key], default=str, ensure_ascii=False))
    for call, what in report.sent:
        console.print(f"> {call}", markup=False, style="bold")
        console.print_json(json.dumps(what, default=str, ensure_ascii=False))
    for name in report.objects:
        console.print(f"+ {name}", markup=False, style="bold")
    if not (report.added or report.changed or report.removed or report.sent or report.objects):
        console.print("nothing")


def _answer(answer: Any) -> Any:
    """The answer with a JSON body opened."""
    if isinstance(answer, dict) and "json" in str(answer.get("headers", {}).get("content-type")):
        return {**answer, "body": json.loads(answer["body"])}
    return answer


def _items(wiring: Wiring) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    """Every item of every table, its document opened."""
    for table in sorted(value for name, value in wiring._environment.items() if name.endswith("_TABLE")):
        for page in clients.dynamodb().get_paginator("scan").paginate(TableName=table):
            for row in page["Items"]:
                item = from_wire(row)
                yield (table, item["pk"], item["sk"]), {name: _readable(value) for name, value in item.items()}


def _readable(value: Any) -> Any:
    packed = getattr(value, "value", value)
    if isinstance(packed, bytes | bytearray):
        try:
            return json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError):
            return f"<{len(packed)} bytes>"
    return value


def _objects(wiring: Wiring) -> Iterator[str]:
    for bucket in map(wiring.setting, ("DOCUMENTS_BUCKET", "ARCHIVE_BUCKET", "FILES_BUCKET")):
        for found in clients.s3().list_objects_v2(Bucket=bucket).get("Contents", []):
            yield f"s3://{bucket}/{found['Key']}"


def _listen() -> list[tuple[str, Any]]:
    """Fills while calls are made that send something somewhere."""
    heard: list[tuple[str, Any]] = []
    hooks: Any = clients.session().get_component("event_emitter")

    def note(**call: Any) -> None:
        name = f"{call['model'].service_model.service_name}.{call['model'].name}"
        heard.append((name, json.loads(call["params"]["body"])[SENDING[name]]))

    for name in SENDING:
        hooks.register_first(f"before-call.{name.replace('stepfunctions', 'sfn')}", note)
    clients._client.cache_clear()  # a client keeps the hooks that the session had when it was made
    return heard


def main(arguments: list[str]) -> int:
    """The exit status: 0 when the handler returned."""
    console = Console(highlight=False, soft_wrap=True)
    names = sorted(path.relative_to(FUNCTIONS).with_suffix("").as_posix() for path in FUNCTIONS.glob("*/*_*.py"))
    if len(arguments) != 2 or arguments[0] not in names:
        console.print(USAGE, "\nFunctions:", *names, sep="\n  ", markup=False)
        return 2
    path = Path(arguments[1])
    if not path.is_file():
        console.print(f"There is no file {path}.\n{USAGE}", markup=False)
        return 2
    tell(invoke(arguments[0], json.loads(path.read_text())), console)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
