"""Prices of pieces by their lines, raised as far as the sources allow: a bound on the cost of every plan.

The dual of the uncapacitated facility location problem (Erlenkotter 1978): no source may be paid more by its pieces
than it costs to open. The sum of the prices bounds every plan from below, and a plan that opens a source which is not
fully paid for costs the rest on top. The sources that are fully paid for contain a good plan.
"""

from collections.abc import Sequence

# A piece: its place, its options (what it pays, the source) with the cheapest last, and the sources it helps to pay.
_Rising = tuple[int, list[tuple[int, int]], list[int]]
_WAITS = -1


def ascend(waits: Sequence[int], rows: Sequence[list[int]], base: Sequence[int]) -> tuple[list[int], list[int]]:
    """The price of each whole piece, and what is still missing to open each source.

    `rows[k][i]` is what a piece pays at a source, its `waits[i]` where the source does not have it; `base[k]` opens it.
    Prices rise one level after the other, each to what the piece pays at its next dearer source.
    """
    if not rows:
        return list(waits), []
    prices = list(map(min, waits, *rows))
    missing = list(base)
    rising = _rising(waits, rows)
    while rising:
        again = []
        for piece in rising:
            place, options, paying = piece
            now = prices[place]
            while options[-1][0] <= now and len(options) > 1:
                paying.append(options.pop()[1])
            room = min([missing[k] for k in paying])
            level = options[-1][0] - now
            if level <= room:
                room = level
                if len(options) > 1:
                    again.append(piece)
            if room:
                prices[place] = now + room
                for k in paying:
                    missing[k] -= room
        rising = again
    return prices, missing


def _rising(waits: Sequence[int], rows: Sequence[list[int]]) -> list[_Rising]:
    """The pieces that some source has: waiting is the dearest of their options."""
    found: list[_Rising] = []
    for place, (wait, column) in enumerate(zip(waits, zip(*rows, strict=True), strict=True)):
        options = sorted([(price, k) for k, price in enumerate(column) if price < wait], reverse=True)
        if options:
            found.append((place, [(wait, _WAITS), *options], []))
    return found
