"""docs/tutorial.md, word for word: its commands are read from the page and run by a shell."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

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
    with urlopen(shown["tracking_url"]) as page:  # noqa: S310  as it was printed, and it is the local cloud's
        assert page.status == 200


def test_no_header_of_a_caller_moves_the_buyers_link_and_no_body_that_is_no_utf_8_is_taken(cloud: Cloud) -> None:
    token = cloud.token("operator")
    sent = (ROOT / "events/samples/tutorial/order.json").read_bytes()
    order = {**json.loads(sent), "external_order_id": "LINK-1"}
    taken = cloud.api("POST", "/v1/orders", json=order, token=token, headers={"idempotency-key": "link-1"})
    assert taken.status == 201, taken.body
    forged = {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    shown = cloud.api("GET", f"/v1/orders/{taken.json()['order_id']}", token=token, headers=forged).json()
    link, api = urlsplit(shown["tracking_url"]), urlsplit(cloud.outputs["ApiUrl"])
    assert (link.scheme, link.port, link.hostname in ("127.0.0.1", "localhost")) == (api.scheme, api.port, True)
    assert link.path.startswith(f"{api.path}/v1/track/")

    broken = json.dumps({**order, "external_order_id": "UTF-1", "note": "caf#"}).encode().replace(b"caf#", b"caf\xe9")
    headers = {"idempotency-key": "utf-1", "content-type": "application/json"}
    for content_type in ("application/json", "application/octet-stream"):
        refused = cloud.api(
            "POST", "/v1/orders", body=broken, token=token, headers={**headers, "content-type": content_type}
        )
        assert (refused.status, refused.json()["code"]) == (400, "malformed_json"), refused.body


def cloud_answer(printed: list[str]) -> dict[str, object]:
    """The JSON that the last command printed."""
    return dict(json.loads(printed[-1]))
