"""docs/tutorial.md, word for word: its requests are read from the page and sent."""

import itertools
import re
import shlex
from pathlib import Path
from typing import Any

from infra.local.cloud import Cloud, Reply
from tests.cloud import eventually

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorial.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


def curl(cloud: Cloud, command: str, **placeholders: str) -> Reply:
    """Send what `curl` would, with `<name>` filled in."""
    for name, value in placeholders.items():
        command = command.replace(f"<{name}>", value)
    assert "<" not in command, command
    words = shlex.split(command.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("$API"))
    flags = [(flag, value) for flag, value in itertools.pairwise(words) if flag in {"-H", "-d"}]
    headers = dict(value.split(": ", 1) for flag, value in flags if flag == "-H")
    if "authorization" in headers:
        assert headers["authorization"] == "Bearer $TOKEN"
        headers["authorization"] = f"Bearer {cloud.token('operator')}"
    data = next((value for flag, value in flags if flag == "-d"), None)
    body = (ROOT / data[1:]).read_bytes() if data and data[0] == "@" else data and data.encode()
    return cloud.api("POST" if body else "GET", url.removeprefix("$API"), body=body or None, headers=headers)


def test_the_tutorial_works_word_for_word(cloud: Cloud) -> None:
    (start, confirm) = BLOCKS
    assert "make token ROLE=operator" in start
    take = start[start.index("curl") :]
    taken = curl(cloud, take)
    assert taken.status == 201, taken.body
    assert {"order_id", "status", "promise"} <= set(taken.json())
    assert curl(cloud, take).body == taken.body
    order_id = taken.json()["order_id"]

    (look,) = re.findall(r"`(curl .*?)`", PAGE)

    def packed() -> dict[str, Any] | None:
        works = curl(cloud, look, order_id=order_id).json()["fulfillment_orders"]
        return next((work for work in works if work["status"] == "requested"), None)

    work = eventually(packed, within_s=90)
    timeline = cloud.api("GET", f"/v1/orders/{order_id}/timeline", token=cloud.token("operator"))
    assert timeline.status == 200

    confirmed = curl(cloud, confirm, order_id=order_id, location=work["location"], id=work["id"])
    assert [row["outcome"] for row in confirmed.json()["results"]] == ["applied"], confirmed.body

    (path,) = re.findall(r"`GET (/v1/shipments/<parcel id>/packing-list)`", PAGE)
    assert "`parcels[0].id`" in PAGE
    parcel_id = curl(cloud, look, order_id=order_id).json()["parcels"][0]["id"]
    link = cloud.api("GET", path.replace("<parcel id>", parcel_id), token=cloud.token("operator"))
    assert link.status == 200, link.body
    document = cloud.fetch("GET", link.json()["url"], headers={})
    assert document.body.startswith(b"%PDF")
