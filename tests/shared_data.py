"""Where the real data is: `shared/data` beside the repository or above it. Nothing of it is copied in here."""

from pathlib import Path

import pytest


def shared_path(*parts: str) -> Path | None:
    """A file or folder of the real data, if it is here."""
    for folder in Path(__file__).resolve().parents:
        found = folder.joinpath("shared", "data", *parts)
        if found.exists():
            return found
    return None


def shared_data(*parts: str) -> Path:
    """A file or folder of the real data; where there is none the test is skipped, and says so."""
    found = shared_path(*parts)
    if found is None:
        pytest.skip(f"the given data shared/data/{'/'.join(parts)} is not here")
    return found
