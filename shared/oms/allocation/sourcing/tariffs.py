"""Straight lines below the steps of a tariff."""

from bisect import bisect_left
from collections.abc import Sequence

from oms.allocation.sourcing.network import Tariff

_MANY_PARCELS = 4


class Steps:
    """A tariff up to what an order weighs, with the line (`at_zero`, `slope` per gram) below it.

    The line is a segment of the lower hull of the steps' right ends, the highest at half the weight, and not below
    zero at 0 g.
    """

    def __init__(self, tariff: Tariff, total_g: int) -> None:
        self.tariff = tariff
        if total_g <= tariff.breaks[0]:  # one price, whatever goes there
            self.ends, self.prices, self.slope = [total_g], [tariff.prices[0]], 0
            self.above, self.at_zero = self.prices, tariff.prices[0]
            return
        self.ends, self.prices = right_ends(tariff, 0, total_g)
        if total_g > _MANY_PARCELS * tariff.parcel_g:  # the same steps again and again: one round of them says it all
            self.slope = min(map(int.__floordiv__, tariff.prices, tariff.breaks))
        else:
            self.slope = hull_slope(self.ends, self.prices, total_g // 2)
        self.above = [price - self.slope * end for end, price in zip(self.ends, self.prices, strict=True)]
        self.at_zero = min(self.above)
        if self.at_zero < 0:
            self.slope = min(map(int.__floordiv__, self.prices, self.ends))
            self.above = [price - self.slope * end for end, price in zip(self.ends, self.prices, strict=True)]
            self.at_zero = min(self.above)

    def least_above(self, least_g: int, most_g: int) -> int:
        """How far the tariff is above the line's slope between two weights, at the least."""
        ends = self.ends
        first, last = bisect_left(ends, least_g), bisect_left(ends, most_g)
        if last >= len(ends):
            last = len(ends) - 1
        return min([self.prices[last] - self.slope * min(most_g, ends[last]), *self.above[first:last]])


def hull_slope(ends: Sequence[int], prices: Sequence[int], about_g: int) -> int:
    """The slope of the lower hull of a tariff's right ends at a weight, rounded down."""
    left, low = ends[0], prices[0]
    last = len(ends) - 1
    at = 0
    while at < last:  # the next point of the hull is the one in the flattest direction
        best_at, best = last, (prices[last] - low) / (ends[last] - left)
        for k in range(at + 1, last):
            slope = (prices[k] - low) / (ends[k] - left)
            if slope < best:
                best_at, best = k, slope
        if ends[best_at] >= about_g or best_at == last:
            return (prices[best_at] - low) // (ends[best_at] - left)
        at, left, low = best_at, ends[best_at], prices[best_at]
    return 0


def right_ends(tariff: Tariff, least_g: int, most_g: int) -> tuple[list[int], list[int]]:
    """The last weight of every step from the one that carries the least on, and its price; the last one is cut off."""
    breaks, prices = tariff.breaks, tariff.prices
    full = max(0, least_g - 1) // breaks[-1]
    ends: list[int] = []
    paid: list[int] = []
    while True:
        base_g, base = full * breaks[-1], full * prices[-1]
        for end, price in zip(breaks, prices, strict=True):
            if base_g + end >= least_g:
                if base_g + end >= most_g:
                    ends.append(most_g)
                    paid.append(base + price)
                    return ends, paid
                ends.append(base_g + end)
                paid.append(base + price)
        full += 1


def tangent(tariff: Tariff, least_g: int, most_g: int, about_g: int) -> tuple[int, int]:
    """A straight line (at 0 g, per gram) nowhere above the tariff between two weights, touching it around a third."""
    if least_g == most_g:
        return tariff.cost(most_g), 0
    if most_g - least_g > _MANY_PARCELS * tariff.parcel_g:
        slope = tariff.prices[-1] // tariff.parcel_g
        return min([price - slope * end for end, price in zip(tariff.breaks, tariff.prices, strict=True)]), slope
    ends, prices = right_ends(tariff, least_g, most_g)
    slope = hull_slope(ends, prices, about_g)
    return min([price - slope * end for end, price in zip(ends, prices, strict=True)]), slope
