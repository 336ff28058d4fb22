"""How large the items of an order get: `python -m tests.bench.giant`. An item ends at 400 KB."""

import random
import string
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console

from oms.aws.documents import pack
from oms.events.orders import OrderBackordered
from oms.orders.goods import WHOLE_LINES, columns_of, goods_of, without_goods
from oms.orders.model import Line, Order
from tests.allocation_scene import START, confirmed_order

SIZES = (1, 10, 100, 1_000, 5_000)
ITEM_BYTES = 400 * 1024
console = Console(highlight=False)


class Packed(NamedTuple):
    """Bytes of an order's header and of its goods: with the SKUs of a catalogue, and with nothing that repeats."""

    lines: int
    usual: tuple[int, int]
    worst: tuple[int, int]


def measure() -> list[Packed]:
    """Pack orders of growing size, all lines backordered with the fact that says so, the longest state they have."""
    return [Packed(lines, _bytes(_usual(lines)), _bytes(_worst(lines))) for lines in SIZES]


def section() -> str:
    """The part of the page about it."""
    rows = ["| " + " | ".join(f"{size:,}" for size in (row.lines, *row.usual, *row.worst)) + " |" for row in measure()]
    head = (
        f"Bytes of the packed header, and of what lasts of more than {WHOLE_LINES} lines, in items of their own (one"
        f" ends at {ITEM_BYTES:,}). Worst: SKUs and line ids of 32 random letters, all waiting and named by the facts."
    )
    names = "| lines | usual header | usual goods | worst header | worst goods |"
    return "\n".join([head, "", names, "|---|---|---|---|---|", *rows])


def _bytes(order: Order) -> tuple[int, int]:
    if len(order.lines) <= WHOLE_LINES:
        return len(pack(order)), 0
    return len(without_goods(order)), sum(map(len, goods_of(columns_of(order)).parts))


def _usual(lines: int) -> Order:
    chance = random.Random(lines)  # noqa: S311  the same sizes in every run
    return _filled([f"SKU-{n * 7 % 90_000:05}" for n in range(lines)], [None] * lines, chance)


def _worst(lines: int) -> Order:
    chance = random.Random(lines)  # noqa: S311  the same sizes in every run
    letters = string.ascii_letters + string.digits
    words = ["".join(chance.choices(letters, k=32)) for _ in range(2 * lines)]
    return _filled(words[:lines], words[lines:], chance)


def _filled(skus: list[str], ids: Sequence[str | None], chance: random.Random) -> Order:
    order = confirmed_order("ord_1", {})
    lines = []
    for number, (sku, name) in enumerate(zip(skus, ids, strict=True), 1):
        units, price = chance.randint(1, 20), chance.randint(100, 99_999)
        lines.append(
            Line(
                number=number,
                sku=sku,
                quantity=units,
                unit_price_minor=price,
                tax_minor=price * units * 19 // 100,
                external_line_id=name,
                backordered=units,
                waits_at="ber-1",
            )
        )
    short = {line.sku: line.backordered for line in lines}
    fact = OrderBackordered(order_id=order.id, attempt=1, units=short)
    return order.changed(fact, at=START, by="system:bench", lines=tuple(lines))


def main() -> None:
    """Print the table."""
    console.print(section())


if __name__ == "__main__":
    main()
