"""Plug-ins: one file in a plug-in folder, found by its module name, ending in `PLUGIN = ...`."""

import importlib
import pkgutil
import re
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")


def find_plugin(package: str, name: str) -> Any | None:
    """The `PLUGIN` of `<package>.<name>`, or None when there is no such file. Only the named file is imported."""
    if not _NAME.match(name):
        return None
    module = f"{package}.{name}"
    try:
        return importlib.import_module(module).PLUGIN
    except ModuleNotFoundError as error:
        if error.name == module:
            return None
        raise


def plugin_names(package: str) -> list[str]:
    """All plug-ins of a folder, by name."""
    folder = importlib.import_module(package)
    return sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
