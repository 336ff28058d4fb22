"""Start the emulator with four corrections; runs in the emulator's own environment (`.local/emulator`).

1. Stock, a burst on a cold function starts a process per request (60 for a burst of 32 on 2 cores) and nothing is
   answered. Here a request waits for one of a few workers, as it would for an environment at its concurrency limit.
2. Stock, every invocation that logs nothing waits 50 ms for a log line. Here it waits 2 ms.
3. Stock, a restart forgets the records of table streams but not how far they were read, so the first facts after it
   are skipped. Here the records are kept with the tables.
4. Stock, a stop waits for whatever still runs, minutes if need be. Here it ends once the state is written.

All reach into one exact version, so that version, and the shape of what is replaced, are checked before anything runs.
"""

import asyncio
import importlib
import importlib.metadata
import inspect
import os
import signal
import sys
import threading
import time
from typing import Any

VERSION = "1.5.33"
WAIT_S = 25.0  # below the 29 s after which API Gateway itself gives up
LOG_WAIT_S = 0.002
STOP_GRACE_S = 20.0


class WrongEmulatorError(Exception):
    """What is installed is not what the corrections were written for."""


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise WrongEmulatorError(f"ministack {VERSION} was expected to have {what}; run `make clean` and try again")


def bound_workers(runtime: Any, service: Any, limit: int) -> None:
    """Let at most `limit` processes serve one function; further requests wait their turn, up to `WAIT_S`."""
    take, give_back = runtime.acquire_worker, runtime.release_worker
    parameters = ["func_name", "config", "code_zip", "qualifier", "max_concurrency"]
    expect(list(inspect.signature(take).parameters) == parameters, "acquire_worker with a ceiling")
    expect(service.acquire_worker is take and service.release_worker is give_back, "one pair of worker functions")
    freed = threading.Condition()

    def acquire_worker(
        func_name: str, config: Any, code_zip: bytes, qualifier: str = "$LATEST", max_concurrency: int | None = None
    ) -> tuple[Any, str]:
        deadline = time.monotonic() + WAIT_S
        with freed:
            while True:
                worker, reason = take(func_name, config, code_zip, qualifier, max_concurrency or limit)
                left_s = deadline - time.monotonic()
                if worker is not None or left_s <= 0:
                    return worker, reason
                freed.wait(left_s)

    def release_worker(worker: Any) -> None:
        give_back(worker)
        with freed:
            freed.notify_all()

    for module in (runtime, service):
        module.acquire_worker = acquire_worker
        module.release_worker = release_worker


def shorten_log_wait(worker_class: Any) -> None:
    """Stop waiting 50 ms for the first log line of a function that has nothing to say."""
    drain = worker_class._drain_stderr_bounded  # noqa: SLF001  the correction is to this very function
    expect(drain.__defaults__ == (0.050, 0.005, 0.250), "the log waits 50, 5 and 250 ms")
    drain.__defaults__ = (LOG_WAIT_S, LOG_WAIT_S, 0.250)


def keep_streams(tables: Any) -> None:
    """Write the records of table streams with the state, and read them back."""
    names = ("_stream_records", "_stream_trimmed")
    expect(all(hasattr(tables, name) for name in names), "its stream records in two stores")
    save, load = tables.get_state, tables.load_persisted_state

    def get_state() -> dict[str, Any]:
        return {**save(), **{name: getattr(tables, name) for name in names}}

    def load_persisted_state(data: dict[str, Any]) -> Any:
        for name in names:
            getattr(tables, name).update(data.get(name, {}))
        return load(data)

    tables.get_state, tables.load_persisted_state = get_state, load_persisted_state


def end_at_once() -> None:
    """Let the event loop end without joining its threads; the state has been written by then."""

    async def shutdown_default_executor(loop: Any, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG001
        executor = loop._default_executor  # noqa: SLF001  what the original shuts down
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)

    asyncio.BaseEventLoop.shutdown_default_executor = shutdown_default_executor  # type: ignore[method-assign, assignment]


def stop_with(parent: int) -> None:
    """Stop when the process that started us is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_GRACE_S)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    installed = importlib.metadata.version("ministack")
    expect(installed == VERSION, f"its own version, not {installed}")
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    bound_workers(runtime, importlib.import_module("ministack.services.lambda_svc"), int(os.environ["BATON_WORKERS"]))
    shorten_log_wait(runtime.Worker)
    keep_streams(importlib.import_module("ministack.services.dynamodb"))
    if parent := os.environ.get("BATON_PARENT"):
        threading.Thread(target=stop_with, args=(int(parent),), daemon=True).start()
    end_at_once()
    app = importlib.import_module("ministack.app")
    sys.argv = ["ministack"]
    code: Any = 0
    try:
        app.main()
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 1)  # threads that still serve somebody are not waited for


if __name__ == "__main__":
    main()
