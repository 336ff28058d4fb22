"""The verbs of the Makefile that concern the local cloud: `python -m infra.local <verb> ...`."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from infra.local import cloud as local
from infra.local import emulator
from infra.local.assembly import AssemblyError
from infra.local.deploy import DeployError
from infra.local.emulator import USER_HOME, EmulatorError, Home
from infra.local.examples import ExampleError
from infra.local.messages import ReplayError
from infra.local.paths import LOCAL
from infra.local.tokens import UnknownRoleError
from infra.local.uci import WrongFileError

RUN_HOME = Home(LOCAL / "run")  # `make run` starts from an empty cloud each time, so its numbers are known in advance
HOMES = (USER_HOME, RUN_HOME)
FRIENDLY = (AssemblyError, DeployError, EmulatorError, ExampleError, ReplayError, UnknownRoleError, WrongFileError)
NOT_RUNNING = "The local cloud is not running. Start it with `make up` (or `make run`)."

console = Console(highlight=False)


def say(line: str) -> None:
    console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {line}")


def up() -> int:
    """Start in the background and stay up."""
    cloud = local.bring_up(USER_HOME, keep=True, tied=False, say=say)
    console.print(f"\nAPI   {cloud.outputs['ApiUrl']}\nDocs  {cloud.outputs['DocsUrl']}")
    console.print(
        f"All addresses, names and secrets: {USER_HOME.outputs}\nStop it with `make down`; its state is kept."
    )
    cloud.close()
    return 0


def down() -> int:
    """Stop whatever runs."""
    runs = [home for home in HOMES if emulator.running(home)]
    if runs:
        say("stopping; its state is written first (some seconds)")
    stopped = [home for home in HOMES if emulator.stop(home)]
    if USER_HOME in stopped:
        console.print("Stopped; the state is kept for the next `make up`.")
    else:
        console.print("Stopped what `make run` began; it keeps nothing." if stopped else "Nothing was running.")
    return 0


def token(role: str, locations: str = "", channels: str = "") -> int:
    """Print an access token of a role, bound to locations and channels if any are named."""
    cloud = _running()
    if cloud is None:
        console.print(NOT_RUNNING)
        return 1
    objects = [*(f"location.{name}" for name in locations.split()), *(f"channel.{name}" for name in channels.split())]
    print(cloud.token(role, *objects))
    cloud.close()
    return 0


def run() -> int:
    """The main job, on a fresh cloud of its own."""
    from infra.local.demo import main_job  # noqa: PLC0415  other verbs need not load it

    with local.temporary(RUN_HOME, say) as cloud:
        return main_job(cloud, console, say)


def demo(orders: str, limit: str) -> int:
    """Replay real orders through the API of the running cloud, or of one for the occasion."""
    from infra.local.replay import replay  # noqa: PLC0415

    if not orders:
        console.print("Name the file: make demo ORDERS=path/to/online_retail_2010-12.csv.gz LIMIT=500")
        return 2
    with _running_or_temporary() as cloud:
        return replay(cloud, orders, int(limit or 500), console, say)


def messages(channel: str = "", on: str = "", replay: str = "") -> int:
    """Show what became of the channels' messages; try parked ones again if asked."""
    from infra.local.messages import messages as show  # noqa: PLC0415

    cloud = _running()
    if cloud is None:
        console.print(NOT_RUNNING)
        return 1
    try:
        return show(cloud, channel, on, replay, console)
    finally:
        cloud.close()


@contextmanager
def _running_or_temporary() -> Iterator[local.Cloud]:
    cloud = _running()
    if cloud is None:
        with local.temporary(RUN_HOME, say) as made:
            yield made
        return
    try:
        yield cloud
    finally:
        cloud.close()


def _running() -> local.Cloud | None:
    return next((cloud for cloud in map(local.attach, HOMES) if cloud), None)


VERBS: dict[str, Callable[..., int]] = {
    "run": run,
    "up": up,
    "down": down,
    "token": token,
    "demo": demo,
    "messages": messages,
}


def main(arguments: list[str]) -> int:
    """Run one verb; what the user can mend is said in a sentence, what only we can mend is a traceback."""
    if not arguments or arguments[0] not in VERBS:
        console.print(f"usage: python -m infra.local {'|'.join(VERBS)}")
        return 2
    try:
        return VERBS[arguments[0]](*arguments[1:])
    except FRIENDLY as error:
        console.print(f"\n{error}", style="bold red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted; stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
