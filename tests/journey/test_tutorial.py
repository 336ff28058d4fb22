"""docs/tutorial.md, word for word: its commands are read from the page and run by a shell."""

import json
import re
import subprocess
from pathlib import Path

from infra.local.cloud import Cloud

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorial.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
WAIT_S = 240  # the loop of step 3 has no end of its own


def run(cloud: Cloud, folder: Path, *blocks: str) -> list[str]:
    """What the commands print. The cloud is another than that of `make up`, and so is the folder of its files."""
    names = f"API={cloud.outputs['ApiUrl']}\nTOKEN={cloud.token('operator')}\n"
    lines = "\necho\n".join(block.replace(".local/", f"{folder}/") for block in blocks).splitlines()
    program = "\n".join(line for line in lines if not line.startswith(("API=", "TOKEN=")))
    done = subprocess.run(  # noqa: S603  our own page
        ["bash", "-euo", "pipefail", "-c", names + program],  # noqa: S607  any shell will do
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_tutorial_works_word_for_word(cloud: Cloud, tmp_path: Path) -> None:
    take, look, confirm, packing = BLOCKS
    assert "make token ROLE=operator" in take
    taken = cloud_answer(run(cloud, tmp_path, take))
    assert {"order_id", "status", "promise"} <= set(taken)
    assert cloud_answer(run(cloud, tmp_path, take)) == taken

    printed = run(cloud, tmp_path, take, look, confirm, packing)
    shown = json.loads((tmp_path / "order.json").read_text())
    assert shown["id"] == taken["order_id"]
    assert "requested" in {work["status"] for work in shown["fulfillment_orders"]}
    results = next(json.loads(line) for line in printed if line.startswith('{"results"'))
    assert [row["outcome"] for row in results["results"]] == ["applied"]
    link = json.loads(printed[-1])
    assert cloud.fetch("GET", link["url"], headers={}).body.startswith(b"%PDF")
    timeline = cloud.api("GET", f"/v1/orders/{taken['order_id']}/timeline", token=cloud.token("operator"))
    assert timeline.status == 200


def cloud_answer(printed: list[str]) -> dict[str, object]:
    """The JSON that the last command printed."""
    return dict(json.loads(printed[-1]))
