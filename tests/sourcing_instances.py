"""Random sourcing problems, the same on every machine."""

import random
from collections.abc import Callable, Sequence

from oms.allocation.sourcing.network import MICRO, Draw, Network, Option, Piece, Pool, Source, Tariff

WAIT = 100_000 * MICRO
BREAKS = (1_000, 2_000, 5_000, 10_000, 20_000, 31_000)


def network(
    seed: object,
    lines: int,
    places: int,
    *,
    stocked: float | None = None,
    split: float = 0.0,
    limits: bool = False,
    prices: int = 100,
    tables: Sequence[Tariff] = (),
) -> Network:
    """Lines over places in four zones; `split` of the lines nobody has whole; shadow prices are up to `prices`.

    Tariffs are four of the `tables`, or invented ones.
    """
    chance = random.Random(str(seed))  # noqa: S311  an instance, not a secret
    share = stocked if stocked is not None else chance.choice((0.25, 0.4, 0.5, 0.65, 0.8))
    tariffs = []
    for zone in range(4):
        first, step = 420 + 90 * zone, 90 + 40 * zone
        tariffs.append(Tariff(BREAKS, tuple((first + step * k) * MICRO for k in range(len(BREAKS)))))
    if tables:
        tariffs = [chance.choice(tables) for _ in range(4)]
    sources = tuple(
        Source(f"l{j:02}", chance.randint(150, 600) * MICRO + chance.randint(0, 4_000), tariffs[chance.randrange(4)])
        for j in range(places)
    )
    pieces = []
    for _ in range(lines):
        weight = chance.choice((100, 200, 400, 700, 1_200, 2_500))
        units = chance.randint(1, 3)
        if chance.random() < split:
            units = chance.randint(2, 8)
            options = _options(chance, places, share, prices, lambda: chance.randint(1, units - 1))  # noqa: B023
            pieces.append(Piece(units, weight, WAIT, options))
        else:
            options = _options(chance, places, share, prices, lambda: 1)
            pieces.append(Piece(1, weight * units, WAIT * units, options))
    made = Network(tuple(pieces), sources)
    if not limits:
        return made
    pools = tuple(
        Pool(j, chance.randint(1, 2 * lines), tuple(Draw(i, 1, chance.choice((0, 1))) for i in range(lines)))
        for j in range(places)
        if chance.random() < 0.4
    )
    return made._replace(
        pools=pools, max_sources=chance.choice((None, 1, 2, 3)), max_parcels=chance.choice((None, None, 2, 4))
    )


def _options(
    chance: random.Random, places: int, share: float, prices: int, limit: Callable[[], int]
) -> tuple[Option, ...]:
    top = prices * MICRO
    return tuple(Option(j, chance.randint(0, top), limit()) for j in range(places) if chance.random() < share)
