"""A task with a fault in it: deployed beside the real code, it calls the real handler and fails as a plan says.

The plan of one order and task is the file `<order id>.<task>`: `before` or `after`, and how many calls fail. "After"
means that the effect has happened and only the answer is lost.
"""

import importlib
import os
from pathlib import Path
from typing import Any


class InjectedError(Exception):
    """The fault."""


def handler(event: dict[str, Any], context: Any) -> Any:
    task = importlib.import_module(os.environ["REAL_HANDLER"]).handler
    plan = Path(os.environ["FAULT_PLANS"]) / f"{event['order_id']}.{os.environ['REAL_HANDLER'].rpartition('.')[2]}"
    if not plan.exists():
        return task(event, context)
    moment, times = plan.read_text().split()
    calls = plan.with_suffix(plan.suffix + ".calls")
    with calls.open("a") as counted:
        counted.write("x")
    if calls.stat().st_size > int(times):
        return task(event, context)
    if moment == "after":
        task(event, context)
    raise InjectedError(f"{moment} its effect")
