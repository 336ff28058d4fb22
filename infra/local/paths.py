"""Where the local cloud keeps its things: all under `.local/`, which `make clean` removes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
ASSEMBLY = LOCAL / "cdk.out"
EMULATOR_PYTHON = LOCAL / "emulator" / "bin" / "python"
UV = LOCAL / "tools" / "bin" / "uv"
LAUNCHER = ROOT / "infra" / "local" / "launcher.py"
