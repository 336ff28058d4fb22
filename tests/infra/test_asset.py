"""The code asset: the same for the same sources, complete, and with its bytecode."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from infra.constructs.asset import stage_code
from infra.settings import Settings, read_settings

UNCHECKED_HASH = 0b01


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of one function and one module."""
    for name, text in {
        "functions/orders/api_read_orders.py": "from oms.orders import rules\n",
        "shared/oms/__init__.py": "",
        "shared/oms/orders/rules.py": "X = 1\n",
        "shared/oms/orders/font.ttf": "font",
        "shared/oms/orders/__pycache__/rules.cpython-313.pyc": "stale",
        "shared/elsewhere.py": "",
        "events/openapi.json": "{}",
        "events/export.py": "",
    }.items():
        path = tmp_path / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "repository"


@pytest.fixture
def settings() -> Settings:
    """The local stage: the interpreter that runs the tests is the one that will run the functions."""
    return read_settings({"stage": "local"})


def staged(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_functions_and_oms_lie_side_by_side_with_the_api_document(
    root: Path, tmp_path: Path, settings: Settings
) -> None:
    folder, _ = stage_code(root, tmp_path / "build", settings)
    assert staged(folder) == {
        "functions/orders/api_read_orders.py",
        "oms/__init__.py",
        "oms/orders/rules.py",
        "oms/orders/font.ttf",
        "events/openapi.json",
    }


def test_bytecode_ships_unchecked_because_the_folder_is_read_only(
    root: Path, tmp_path: Path, settings: Settings
) -> None:
    folder, _ = stage_code(root, tmp_path / "build", settings)
    compiled = Path(importlib.util.cache_from_source(str(folder / "oms/orders/rules.py")))
    header = compiled.read_bytes()[:16]
    assert header[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(header[4:8], "little") == UNCHECKED_HASH
    assert b"/var/task/oms/orders/rules.py" in compiled.read_bytes()


def test_another_python_gets_no_bytecode_of_ours(root: Path, tmp_path: Path, settings: Settings) -> None:
    folder, _ = stage_code(root, tmp_path / "build", replace(settings, python="3.99"))
    assert not list(folder.rglob("*.pyc"))


def test_an_unchanged_tree_is_the_same_asset_wherever_it_lies(root: Path, tmp_path: Path, settings: Settings) -> None:
    _, before = stage_code(root, tmp_path / "one", settings)
    moved = root.rename(tmp_path / "moved")
    _, after = stage_code(moved, tmp_path / "two", settings)
    assert before == after


def test_a_changed_line_is_another_asset(root: Path, tmp_path: Path, settings: Settings) -> None:
    first, before = stage_code(root, tmp_path / "build", settings)
    (root / "shared/oms/orders/rules.py").write_text("X = 2\n")
    second, after = stage_code(root, tmp_path / "build", settings)
    assert before != after
    assert first != second
    assert (second / "oms/orders/rules.py").read_text() == "X = 2\n"
