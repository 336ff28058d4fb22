"""The how-to about goods and places does what it says."""

import re
from pathlib import Path
from typing import Any

import pytest

from oms.reference.model import Item
from oms.wiring import Wiring

PAGE = Path(__file__).parents[2] / "docs/how-to/describe-goods-and-places.md"


def test_the_page_describes_goods_and_places_as_it_says(cloud_on_moto: Wiring) -> None:
    page: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, page)  # noqa: S102  the page is ours
    page["describe"](cloud_on_moto.reference)
    items = cloud_on_moto.reference.items(["GOUDA", "CLOCK", "GIFT", "NOVEL"])
    assert (items["GOUDA"].shelf_days_of("marketplace"), items["GOUDA"].shelf_days_of("shop")) == (90, 30)
    assert (items["CLOCK"].serial_tracked, items["CLOCK"].substitutes) == (True, ("CLOCK-II",))
    assert items["GIFT"].components == (("CLOCK", 1), ("GOUDA", 2))
    assert items["NOVEL"].waiting.cap == 500
    places = cloud_on_moto.reference.locations()
    assert (places["ham-1"].days_to("lon-1"), places["sup-1"].supplier) == (3, "SUP-LICHTHAUS")
    assert cloud_on_moto.channel_safety("marketplace").of("GOUDA") == 5


def test_items_that_are_read_along_are_there_though_the_cache_has_let_them_go(
    cloud_on_moto: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms.reference.store._ITEMS_S", -1.0)
    reference = cloud_on_moto.reference
    reference.put_item(Item(sku="GOUDA", name="Gouda", weight_g=1, length_mm=1, width_mm=1, height_mm=1))
    along = reference.along(["GOUDA", "NOTHING"])
    assert along([]) == {}
    assert [*along.items] == ["GOUDA"]
    assert reference.kept("GOUDA") is None
