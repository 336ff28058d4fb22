"""The account of messages, counted from the archive and the table: in = processed + parked + waiting; and replays."""

from collections import Counter
from datetime import UTC, datetime
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.segment import SegmentLines
from rich.table import Table

from infra.local.cloud import Cloud
from infra.local.seed import domain
from oms.intake.messages.model import MessageView, Proof
from oms.intake.messages.service import prove
from oms.wiring import Wiring

SHOWN = 20  # ids of messages in an answer for people
ALL = "all"
TAKEN = 202
_WIDEST = 1_000
_LEAST = {"came to": 12}  # columns that are wrapped, and how far


class ReplayError(Exception):
    """What was to be replayed is not to be had; the message says what is."""


def messages(cloud: Cloud, channel: str, on: str, replay: str, console: Console) -> int:
    """Show the account of a day (today if not said), of one channel or all; 1 when it does not balance.

    `replay` tries parked messages again first: `all`, those of one reason, or one by its id.
    """
    day = on or today()
    with domain(cloud.outputs["EndpointUrl"], cloud.outputs) as wiring:
        names = [channel] if channel else sorted(wiring.reference.channels())
        if replay:
            console.print(f"{sum(_replay(cloud, name, day, replay) for name in names)} messages are on their way again")
        proofs = [prove(name, day, wiring.message_care) for name in names]
        parked = {proof.channel: list(_parked(wiring, proof)) for proof in proofs if proof.parked}
    show_account(proofs, console)
    for name, lines in parked.items():
        console.print(f"\nparked, {name}:", *lines[:SHOWN], sep="\n  ", markup=False, soft_wrap=True)
    for proof in proofs:
        for reference in list(proof.overdue)[:SHOWN]:
            console.print(f"without a row and overdue: {'/'.join(reference)}", style="red", markup=False)
    return 0 if all(proof.holds for proof in proofs) else 1


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def show_account(proofs: list[Proof], console: Console) -> None:
    """Print the account. On a narrow screen its lines are longer than the screen, but nothing in them is cut off."""
    table = account(proofs)
    least = console.measure(table, options=console.options.update(width=_WIDEST)).minimum
    lines = console.render_lines(table, console.options.update(width=max(console.width, least)))
    console.print(SegmentLines(lines, new_lines=True), soft_wrap=True, end="")


def account(proofs: list[Proof]) -> Table:
    """The account as a table; a channel that sent nothing is left out."""
    table = Table(
        title="Messages: in = processed + parked + waiting",
        title_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for column in ("channel", "day", "in", "processed", "parked", "waiting", "came to", "holds"):
        justify: Literal["right", "left"] = "right" if column in ("in", "processed", "parked", "waiting") else "left"
        table.add_column(column, justify=justify, no_wrap=column != "came to", min_width=_LEAST.get(column))
    for proof in proofs:
        if proof.archived:
            counts = (proof.archived, proof.processed, proof.parked, len(proof.missing))
            outcomes = Counter(proof.outcomes) + Counter(proof.reasons)
            said = ", ".join(f"{count} {what}" for what, count in outcomes.most_common())
            table.add_row(proof.channel, proof.on, *map(str, counts), said, "yes" if proof.holds else "NO")
    return table


def _parked(wiring: Wiring, proof: Proof) -> list[str]:
    care = wiring.message_care
    ids = [(proof.channel, name) for name in care.log.of_status(proof.channel, proof.on, "parked")]
    rows = care.log.find_many(ids[:SHOWN]).values()
    return [parked_line(row.view) for row in rows]


def parked_line(view: MessageView) -> str:
    """A parked message in a line: why, and which of its fields are wrong."""
    return f"{view.message_id}  {view.reason}: {'; '.join(view.faults) or view.detail}"


def _replay(cloud: Cloud, channel: str, day: str, wanted: str) -> int:
    """Through the API, as an operator would."""
    path, token = f"/v1/channels/{channel}/messages", cloud.token("operator")
    if wanted.startswith("msg_"):
        return int(cloud.api("POST", f"{path}/{wanted}/replay", json={}, token=token).status == TAKEN)
    body = {"on": day, **({} if wanted == ALL else {"reason": wanted})}
    count = 0
    while True:
        reply = cloud.api("POST", f"{path}/replay", json=body, token=token)
        answer = reply.json()
        if reply.status != TAKEN:
            told = "; ".join(f"{fault['field']} {fault['message']}" for fault in answer.get("faults", []))
            raise ReplayError(f"Nothing was replayed: {told or answer.get('detail')}")
        count += int(answer["replayed"])
        if "next_cursor" not in answer:
            return count
        body["cursor"] = answer["next_cursor"]
