"""What the verbs say to who runs them: nothing that is not so any more, and nothing cut off."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from infra.local import emulator
from infra.local.demo import last_words
from infra.local.messages import parked_line, show_account
from oms.intake.messages.model import MessageView, Proof

OUTPUTS = {"ApiUrl": "http://localhost:4566/api", "DocsUrl": "http://localhost:4566/docs"}


def test_a_run_that_does_not_stay_names_no_address_but_the_verb_that_gives_one() -> None:
    words = last_words(OUTPUTS, Path("/x/outputs.json"), stays=False)
    assert "http" not in words
    assert "`make up`" in words
    staying = last_words(OUTPUTS, Path("/x/outputs.json"), stays=True)
    assert [line for line in OUTPUTS.values() if line not in staying] == []


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_screen_of_any_width_shows_every_channel_and_day_whole(width: int) -> None:
    channel = "a_channel_whose_name_has_forty_letters_x"
    proof = Proof(channel, "2026-11-23", 1200, 0, 1100, 100, [], [], {"created": 1100}, {"unknown_sku": 100})
    written = io.StringIO()
    show_account([proof], Console(file=written, width=width))
    (row,) = [line for line in written.getvalue().splitlines() if channel in line]
    cells = row.split()
    assert (cells[:6], cells[-1]) == ([channel, "2026-11-23", "1200", "1100", "100", "0"], "yes")
    assert "…" not in written.getvalue()


def test_a_parked_message_is_listed_with_each_field_that_is_wrong() -> None:
    view = MessageView(
        channel="shopify_eu",
        message_id="msg_1",
        status="parked",
        source="webhook",
        received_at="2026-11-23T09:00:00.000Z",
        reason="unknown_sku",
        detail="1 check(s) failed: unknown_sku (lines.0.sku)",
        faults=("lines.0.sku: NOPE is not in the catalogue",),
        settled_at="2026-11-23T09:00:00.000Z",
    )
    assert parked_line(view) == "msg_1  unknown_sku: lines.0.sku: NOPE is not in the catalogue"
    bare = view.model_copy(update={"faults": ()})
    assert parked_line(bare) == "msg_1  unknown_sku: 1 check(s) failed: unknown_sku (lines.0.sku)"


def test_what_the_workers_unpacked_is_out_of_the_way_at_once_and_removed_beside(tmp_path: Path) -> None:
    scratch, older = tmp_path / "tmp", tmp_path / "tmp-gone-0"
    for folder in (scratch, older):
        (folder / "worker").mkdir(parents=True)
        (folder / "worker/code.py").write_text("x")
    removal = emulator.discard(scratch)
    assert removal is not None
    assert not scratch.exists()
    assert os.waitpid(removal, 0) == (removal, 0)
    assert list(tmp_path.iterdir()) == []
    assert emulator.discard(scratch) is None
