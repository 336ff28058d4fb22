"""The entry point of `cdk synth`, and of `python infra/app.py stage=local` where there is no CDK CLI."""

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    # Python puts this file's folder first, where infra/constructs would hide the package `constructs` that CDK needs.
    sys.path[0:1] = [str(ROOT), str(ROOT / "shared")]
    import_module("infra.synthesis").main(sys.argv[1:])
