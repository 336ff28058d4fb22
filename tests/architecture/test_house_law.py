"""The laws of the house that no linter knows (see CONTRIBUTING.md)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "shared/oms").rglob("*.py"))
FUNCTIONS = sorted((ROOT / "functions").glob("*/*.py"))
OURS = [
    path
    for folder in ("shared", "functions", "infra", "events", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
KINDS = ("api", "task", "queue", "bus", "stream", "cron")
AWS_PLACES = re.compile(r"(store|gateways?|outbox)\.py$|/aws/")
MAX_HANDLER_STATEMENTS = 40
MAX_LINES = 400


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FUNCTIONS, ids=name_of)
def test_a_handler_file_names_its_trigger_and_exports_a_handler(path: Path) -> None:
    assert path.stem.split("_")[0] in KINDS
    names = {
        target.id
        for node in ast.parse(path.read_text()).body
        for target in ([*node.targets] if isinstance(node, ast.Assign) else [])
        if isinstance(target, ast.Name)
    } | {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    assert "handler" in names


@pytest.mark.parametrize("path", FUNCTIONS, ids=name_of)
def test_a_handler_file_holds_no_decision(path: Path) -> None:
    tree = ast.parse(path.read_text())
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.While | ast.Try | ast.For)]
    assert branches == []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert sum(isinstance(part, ast.stmt) for part in ast.walk(node)) <= MAX_HANDLER_STATEMENTS


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_aws_is_called_only_in_stores_gateways_and_the_plumbing(path: Path) -> None:
    text = path.read_text()
    if AWS_PLACES.search(path.as_posix()):
        return
    assert not re.search(
        r"^\s*(import|from) (boto3|botocore)|^\s*from oms\.aws(\.clients)? import .*clients", text, re.MULTILINE
    )


@pytest.mark.parametrize("path", [*SOURCE, *FUNCTIONS], ids=name_of)
def test_only_the_composition_root_reads_the_environment(path: Path) -> None:
    if path.parent.name != "wiring":
        assert not re.search(r"os\.(environ|getenv)", path.read_text())


@pytest.mark.parametrize("path", [*SOURCE, *FUNCTIONS], ids=name_of)
def test_only_the_clock_of_the_kernel_tells_the_time(path: Path) -> None:
    if name_of(path) != "shared/oms/kernel/time.py":
        assert not re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", path.read_text())


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_keys_are_written_only_in_the_store_of_their_context(path: Path) -> None:
    if path.name in ("store.py", "idempotency.py") or "/aws/" in path.as_posix():
        return
    strings = [
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value
    ]
    assert [text for text in strings if re.match(r"[A-Z]{3,}#", text)] == []


def test_every_store_lists_its_access_patterns() -> None:
    for path in SOURCE:
        if path.name == "store.py":
            assert "| access pattern |" in (ast.get_docstring(ast.parse(path.read_text())) or ""), name_of(path)


def test_no_file_is_a_drawer_for_everything() -> None:
    assert [name_of(path) for path in OURS if path.stem in ("utils", "helpers", "common", "misc")] == []


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_a_file_is_small_and_nothing_is_left_undone(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    if path != Path(__file__):
        assert not re.search(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b", text)


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_no_context_mocks_or_swallows(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler) and "/entry/" not in path.as_posix():
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            last = node.body[-1]
            raises_it_on = isinstance(last, ast.Raise) and last.exc is None
            assert raises_it_on or not broad, f"{name_of(path)}:{node.lineno}"
