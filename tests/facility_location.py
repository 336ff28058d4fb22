"""OR-Library's warehouse location instances (Beasley), read from the folder of real data, as sourcing problems.

Only those whose warehouses have room for everybody: cap71-74 and cap101-104 (16 and 25 warehouses, 50 customers).
"""

from pathlib import Path

from oms.allocation.sourcing.network import Network, Option, Piece, Source, Tariff

SCALE = 1_000  # the file's costs have up to five decimals; published optima three
FREE = Tariff((1_000_000,), (0,))
NAMES = ("cap71", "cap72", "cap73", "cap74", "cap101", "cap102", "cap103", "cap104")


def read(path: Path) -> Network:
    """Customers as lines that go whole, warehouses as locations."""
    numbers = iter(path.read_text().split())
    warehouses, customers = int(next(numbers)), int(next(numbers))
    sources = []
    for j in range(warehouses):
        next(numbers)  # the capacity: everybody's demand
        sources.append(Source(f"w{j:02}", round(float(next(numbers)) * SCALE), FREE))
    pieces = []
    for _ in range(customers):
        next(numbers)  # the demand: the costs are for all of it
        costs = [round(float(next(numbers)) * SCALE) for _ in range(warehouses)]
        pieces.append(Piece(1, 1, 10**12, tuple(Option(j, cost, 1) for j, cost in enumerate(costs))))
    return Network(tuple(pieces), tuple(sources))


def optima(path: Path) -> dict[str, float]:
    """Published optimal values by name."""
    return {name: float(low) for name, low, _ in (line.split() for line in path.read_text().splitlines())}
