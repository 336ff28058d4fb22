#!/usr/bin/env bash
# Installs everything `make run` and `make test` need, into this checkout only: .venv and .local/.
# Each step is stamped with what it depends on; a second call does nothing and takes no time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

UV_VERSION=0.13.9
STAMPS=.local/stamps
export UV_PYTHON_DOWNLOADS=never # the machine's own Python, never a downloaded one
export PIP_DISABLE_PIP_VERSION_CHECK=1
mkdir -p "$STAMPS"

say() { printf '\033[1m[setup %s]\033[0m %s\n' "$1" "$2"; }
fail() {
  printf '\n%s\n' "$1" >&2
  exit 1
}
digest() { cat "$@" | cksum | tr ' ' '-'; }
fresh() { [[ -f $STAMPS/$1 && $(<"$STAMPS/$1") == "$2" ]]; }
stamp() { printf '%s' "$2" >"$STAMPS/$1"; }

# A name on PATH proves nothing (a pyenv shim may have no version behind it): the interpreter has to run.
works() { "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local name root candidate
  root=$({ command -v pyenv >/dev/null && pyenv root; } 2>/dev/null || true)
  for name in python3.13 python3.12 python3.11; do # newest first; these are the Lambda runtimes
    if works "$name"; then
      command -v "$name"
      return
    fi
    if [[ -n $root ]]; then
      for candidate in "$root/versions/${name#python}".*/bin/python; do
        if works "$candidate"; then
          echo "$candidate"
          return
        fi
      done
    fi
  done
  if works python3; then command -v python3; fi
}

if [[ -x .venv/bin/python ]] && works .venv/bin/python; then
  python=.venv/bin/python
else
  python=$(find_python)
fi
[[ -n $python ]] || fail "Baton needs Python 3.11 or newer with the venv module, and none was found that runs.
Install one (for example: apt install python3.11 python3.11-venv, or brew install python@3.13), then run this again."

command -v node >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null ||
  fail "Baton needs Node 20 or newer: the AWS CDK runs on it. Install it (https://nodejs.org), then run this again."

if ! fresh uv "$UV_VERSION" || [[ ! -x .local/tools/bin/uv ]]; then
  say 1/3 "uv $UV_VERSION into .local/tools (with $("$python" --version))"
  "$python" -m venv --clear .local/tools
  .local/tools/bin/python -m pip install --quiet "uv==$UV_VERSION" ||
    fail "Could not install uv. Check the network, or the package index that pip is set up with (pip config list)."
  stamp uv "$UV_VERSION"
fi
uv=.local/tools/bin/uv

locked=$(digest pyproject.toml uv.lock)
if ! fresh venv "$locked" || [[ ! -x .venv/bin/python ]]; then
  say 2/3 "the project's packages into .venv, exactly as locked"
  [[ -x .venv/bin/python ]] || "$uv" venv --quiet --python "$python" .venv
  "$uv" sync --locked --python .venv/bin/python
  stamp venv "$locked"
fi

# The emulator runs the functions in its own Python, so it is made from the same interpreter as .venv;
# its packages stay apart from ours because it pins another botocore.
version=$(.venv/bin/python -c 'import platform; print(platform.python_version())')
wanted=$version-$(digest infra/local/emulator.txt)
if ! fresh emulator "$wanted" || [[ ! -x .local/emulator/bin/python ]]; then
  say 3/3 "the local cloud into .local/emulator (Python $version)"
  "$uv" venv --quiet --clear --python .venv/bin/python .local/emulator
  "$uv" pip install --python .local/emulator/bin/python --require-hashes --requirement infra/local/emulator.txt
  .local/emulator/bin/python -m compileall -q -j 0 .local/emulator/lib >/dev/null 2>&1 ||
    say 3/3 "some modules did not precompile; the first start will be slower"
  stamp emulator "$wanted"
fi
