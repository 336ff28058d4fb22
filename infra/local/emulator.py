"""The emulator as a process: started on loopback in a clean environment, known by its pid file, always stoppable.

State survives a stop: tables, objects, queues, users and functions are written on SIGTERM and read on the next start.
What does not survive: workflow executions under way (they end as `States.ServiceRestart`), and all after a SIGKILL.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.paths import EMULATOR_PYTHON, LAUNCHER, LOCAL

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
PORTS_TRIED = 50
START_S = 60.0
STARTS = 3
STOP_S = 30.0  # writing the state of a busy day takes a few seconds
WORKERS = min(4, max(2, os.cpu_count() or 2))  # processes per function: more than cores only costs memory
POLL_S = 0.05

_children: dict[int, subprocess.Popen[bytes]] = {}  # those this very process started: unasked, they would stay zombies


class EmulatorError(Exception):
    """The local cloud cannot start or stop; the message says what to do next."""


@dataclass(frozen=True)
class Home:
    """One emulator's own corner of the disk, so that a test run never touches the state of `make up`."""

    folder: Path

    @property
    def pid_file(self) -> Path:
        return self.folder / "emulator.json"

    @property
    def log(self) -> Path:
        return self.folder / "emulator.log"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs.json"

    @property
    def scratch(self) -> Path:
        return self.folder / "tmp"


USER_HOME = Home(LOCAL)


@dataclass(frozen=True)
class Emulator:
    """A running emulator. `name` is unique: by it an answer is known to be this one's, not a neighbour's."""

    pid: int
    port: int
    name: str

    @property
    def endpoint(self) -> str:
        return f"http://localhost:{self.port}"  # the name, not the number: API and queue URLs are made of it

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/_ministack/health", timeout=2) as answer:
                return bool(json.load(answer).get("edition") == self.name)
        except (OSError, ValueError):
            return False

    def alive(self) -> bool:
        """Whether a process of this number runs."""
        if child := _children.get(self.pid):
            return child.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def ours(self) -> bool:
        """Whether it runs and is an emulator: a recycled number is not."""
        if not self.alive():
            return False
        listing = subprocess.run(
            ["ps", "-ww", "-p", str(self.pid), "-o", "command="], capture_output=True, text=True, check=False
        )
        return LAUNCHER.name in listing.stdout


def running(home: Home = USER_HOME) -> Emulator | None:
    """The emulator that the pid file names, if it still runs."""
    try:
        noted = json.loads(home.pid_file.read_text())
    except FileNotFoundError:
        return None
    emulator = Emulator(**noted)
    return emulator if emulator.ours() else None


def start(home: Home = USER_HOME, *, keep: bool = True, tied: bool = False) -> Emulator:
    """Start an emulator and wait until it answers; the one that already runs is used as it is.

    Args:
        home: where its pid file, log and state go.
        keep: whether state is read now and written on stop.
        tied: whether it stops by itself when this process ends, however it ends.

    Raises:
        EmulatorError: it is not installed, finds no port, or does not come up.
    """
    if found := running(home):
        if found.healthy():
            return found
        stop(home)
    if not EMULATOR_PYTHON.exists():
        raise EmulatorError("The local cloud is not installed. Run `make setup`.")
    for folder in (home.folder, home.state, home.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    for _ in range(STARTS):
        emulator = _launch(home, keep=keep, tied=tied)
        deadline = time.monotonic() + START_S
        while emulator.alive() and time.monotonic() < deadline:
            if emulator.healthy():
                return emulator
            time.sleep(POLL_S)
        stop(home)  # most likely somebody took the port between our look and our start
        home.scratch.mkdir(parents=True, exist_ok=True)
    raise EmulatorError(f"The local cloud did not start. Its last words are in {home.log}:\n{_tail(home.log)}")


def _launch(home: Home, *, keep: bool, tied: bool) -> Emulator:
    port, name = free_port(), f"baton-{secrets.token_hex(4)}"
    with home.log.open("ab") as log:
        process = subprocess.Popen(
            [str(EMULATOR_PYTHON), "-I", str(LAUNCHER)],
            cwd=home.scratch,
            env=_environment(home, port, name, keep=keep, tied=tied),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    emulator = Emulator(process.pid, port, name)
    home.pid_file.write_text(json.dumps(asdict(emulator)))
    return emulator


def stop(home: Home = USER_HOME) -> bool:
    """Stop the emulator: ask, wait for its state to be written, then insist. Whether there was one to stop."""
    emulator = running(home)
    if emulator:
        with contextlib.suppress(ProcessLookupError):
            os.kill(emulator.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while emulator.alive() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(emulator.pid, signal.SIGKILL)  # it leads its own group: the workers go with it
    discard(home.scratch)
    home.pid_file.unlink(missing_ok=True)
    return emulator is not None


def discard(folder: Path) -> int | None:
    """Take a scratch folder out of the way at once; a process of its own, whose number this is, removes what is in it.

    Each worker of each function has unpacked code and layers there: 113,000 files, 3 GB, once all have run. No other
    worker, and no later start, ever reads them, so they must go, but nobody needs to wait for it.
    """
    gone = folder.with_name(f"{folder.name}-gone-{secrets.token_hex(4)}")
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return None
    leftovers = [str(each) for each in folder.parent.glob(f"{folder.name}-gone-*")]  # those of an interrupted removal
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    # Not by `subprocess`, which would complain that it outlives us: it is meant to.
    return os.posix_spawnp("rm", ["rm", "-rf", "--", *leftovers], os.environ, file_actions=silent, setpgroup=0)


def free_port(first: int | None = None) -> int:
    """The first free port from LOCAL_PORT (or 4566) on.

    Raises:
        EmulatorError: none of the next fifty is free.
    """
    wanted = first or int(os.environ.get("LOCAL_PORT", DEFAULT_PORT))
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise EmulatorError(
        f"Ports {wanted} to {wanted + PORTS_TRIED - 1} on {HOST} are all taken.\n"
        "Free one, or name another to begin with: make run LOCAL_PORT=5000"
    )


def _environment(home: Home, port: int, name: str, *, keep: bool, tied: bool) -> dict[str, str]:
    """All that the emulator, and through it every function, may know of this machine."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home.scratch),
        "TMPDIR": str(home.scratch),
        "LANG": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_EDITION": name,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "BATON_WORKERS": str(WORKERS),
        "STATE_DIR": str(home.state / "services"),
        "S3_DATA_DIR": str(home.state / "s3"),
        "PERSIST_STATE": "1" if keep else "0",
        "S3_PERSIST": "1" if keep else "0",
    }
    if tied:
        environment["BATON_PARENT"] = str(os.getpid())
    return environment


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
