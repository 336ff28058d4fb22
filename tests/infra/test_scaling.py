"""docs/scaling.md keeps its promise, and the templates what it says of them."""

import re

import pytest

from infra.stacks.function_spec import FromQueue
from infra.stacks.functions import FUNCTIONS
from infra.stacks.triggers import PARALLEL_PER_SHARD, STREAM_BATCH
from oms.orders.store import SHARDS
from tests.infra.assembly import ROOT

PROMISE = 1000
TEXT = (ROOT / "docs" / "scaling.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\|.*\| [\d,]+ \|", line)
]


def test_every_hop_is_listed() -> None:
    assert len(ROWS) == 28


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_hop_below_the_promise_names_what_lifts_it(row: list[str]) -> None:
    ceiling, lift = int(row[3].replace(",", "")), row[4]
    assert ceiling >= PROMISE or lift.startswith(("setting: context", "quota raise:"))


def test_the_figures_of_our_own_are_those_of_the_templates() -> None:
    (allocation,) = [
        trigger
        for spec in FUNCTIONS
        for trigger in spec.triggers
        if isinstance(trigger, FromQueue) and trigger.queue == "allocation"
    ]
    assert f"{allocation.batch} messages in 0.25 s" in TEXT
    assert f"{PARALLEL_PER_SHARD} batches of {STREAM_BATCH} at a time per shard" in TEXT
    assert f"{SHARDS} shards" in TEXT
