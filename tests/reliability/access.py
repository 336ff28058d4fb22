"""How many cells of route x role x own or other object there are, and through how many something leaks."""

from collections import Counter

from tests.access.cells import cells_of, operations, verdict
from tests.access.scene import scene


def figures() -> list[tuple[str, str]]:
    """Rows of docs/reliability.md."""
    secured = [operation for operation in operations() if operation.told["security"]]
    cells = [cell for operation in secured for cell in cells_of(operation)]
    expected = Counter(cell.expected for cell in cells)
    with scene() as company:
        leaks = [wrong for cell in cells if (wrong := verdict(company, cell))]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(expected.items()))
    return [
        ("operations with a token x callers x own or other object", f"{len(secured)} operations, {len(cells):,} cells"),
        ("what the cells must answer", kinds),
        ("cells that answer otherwise (leaks)", f"{len(leaks)}"),
    ]
