"""The picture of a what-if: what changes in figures, the cost of an order day by day, who ships, and fallbacks.

Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from oms.allocation.whatif.drawing import Box, Drawing, Path, Shape, Words
from oms.allocation.whatif.model import ByFallback, Job, Pair, Results, Tally
from oms.kernel.money import exponent

_WIDTH = 960
_MARGIN = 40
_INK, _MUTED, _RULE = "#1f2933", "#66788a", "#e4e7eb"
_HAPPENED, _TRIED = "#9aa5b1", "#2563eb"
_BETTER, _WORSE = "#0f9d58", "#c2410c"
_MOST_LOCATIONS = 8
_ROW = 34
_BARS = 30
_BAR = 60
_COMPARED = "Compared are first decisions at today's estimates of freight and handling, not what was paid in the end."
_PER_MILLE = 1_000


class _Measure(NamedTuple):
    """A figure per order: less of it is better. `form` writes it."""

    name: str
    of: Callable[[Tally], float]
    form: Callable[[float], str]


def _money(minor: float, currency: str) -> str:
    """With the decimals of the currency."""
    places = exponent(currency)
    return f"{minor / 10**places:,.{places}f}"


def _in(currency: str) -> str:
    return f", {currency}" if currency else ""


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _cost(tally: Tally) -> float:
    return tally.cost_minor / max(tally.orders, 1)


_COUNTED = (
    _Measure("Parcels per order", lambda t: t.parcels / max(t.orders, 1), lambda v: f"{v:.3f}"),
    _Measure("Distance per parcel, km", lambda t: t.parcel_km / max(t.parcels, 1), lambda v: f"{v:,.0f}"),
    _Measure("Orders split", lambda t: t.split / max(t.orders, 1), _percent),
    _Measure("Orders late", lambda t: t.late / max(t.orders, 1), _percent),
    _Measure("Days late per order", lambda t: t.late_days / max(t.orders, 1), lambda v: f"{v:.2f}"),
    _Measure("Units not there", lambda t: t.short_units / max(t.units, 1), _percent),
)


def _measures(currency: str) -> tuple[_Measure, ...]:
    return (_Measure(f"Cost per order{_in(currency)}", _cost, lambda minor: _money(minor, currency)), *_COUNTED)


def drawn(job: Job, results: Results, currency: str = "") -> Drawing:
    """All of it, as high as it needs to be. `currency` is that of the money; empty: there are several."""
    edition = "the draft" if job.request.version is None else f"version {job.strategy.version}"
    name = f"{edition} of {job.strategy.name}"
    shapes: list[Shape] = [
        Words(_MARGIN, 40, f"What if {name} had decided?", 24, _INK, bold=True),
        Words(_MARGIN, 66, _subtitle(job, results), 13, _MUTED),
        Words(_MARGIN, 86, _COMPARED, 13, _MUTED),
        *_legend(112),
    ]
    top = 142.0
    measures = _measures(currency)
    shapes += _table(results.total, measures, top)
    top += _ROW * (len(measures) + 1) + 34
    shapes += _daily(results, currency, top)
    top += 230
    shapes += _locations(results, top)
    top += 40 + _BARS * max(min(len(results.locations), _MOST_LOCATIONS), 1) + 24
    shapes += _fallbacks(results, currency, top)
    height = int(top + 40 + _BARS * max(len(results.fallbacks), 1) + 24)
    return Drawing(_WIDTH, height, f"What-if of {name}: cost, parcels, distance, lateness, stock-outs", tuple(shapes))


def _subtitle(job: Job, results: Results) -> str:
    span = f"{job.since[:10]} to {job.until[:10]}"
    orders = f"{results.total.happened.orders:,} orders"
    return f"{orders}, {span}; {results.changed:,} of them would have shipped otherwise"


def _legend(y: float) -> Iterator[Shape]:
    yield Box(_MARGIN, y - 6, 12, 12, _HAPPENED, 2)
    yield Words(_MARGIN + 19, y, "as it happened", 12, _MUTED)
    yield Box(_MARGIN + 130, y - 6, 12, 12, _TRIED, 2)
    yield Words(_MARGIN + 149, y, "as the strategy would have had it", 12, _MUTED)


def _table(total: Pair, measures: Sequence[_Measure], top: float) -> Iterator[Shape]:
    """A row per figure: both values, bars on a common scale, and the change."""
    value_x, tried_x, bar_x, bar_width, end = 330, 430, 460, 370, _WIDTH - _MARGIN
    yield Words(value_x, top + 12, "happened", 12, _MUTED, "end")
    yield Words(tried_x, top + 12, "tried", 12, _MUTED, "end")
    yield Words(end, top + 12, "change", 12, _MUTED, "end")
    for place, measure in enumerate(measures, 1):
        y = top + _ROW * place + 8
        happened, tried = measure.of(total.happened), measure.of(total.tried)
        most = max(happened, tried)
        yield Path(((_MARGIN, y - 17), (end, y - 17)), _RULE)
        yield Words(_MARGIN, y, measure.name, 14, _INK)
        yield Words(value_x, y, measure.form(happened), 14, _MUTED, "end")
        yield Words(tried_x, y, measure.form(tried), 14, _INK, "end", bold=True)
        for row, (value, color) in enumerate(((happened, _HAPPENED), (tried, _TRIED))):
            yield Box(bar_x, y - 10 + 11 * row, bar_width * value / most if most else 0, 8, color, 2)
        yield _change(happened, tried, end, y)


def _change(happened: float, tried: float, x: float, y: float) -> Words:
    by = round((tried - happened) * _PER_MILLE / happened) / 10 if happened else 0.0
    if happened and by:
        return Words(x, y, f"{by:+.1f} %", 14, _BETTER if by < 0 else _WORSE, "end", bold=True)
    if tried != happened and not happened:
        return Words(x, y, "new", 14, _WORSE, "end", bold=True)
    return Words(x, y, "same", 14, _MUTED, "end")


def _daily(results: Results, currency: str, top: float) -> Iterator[Shape]:
    """Cost per order, day by day: from zero, so that a small change looks small."""
    left, right, height = _MARGIN + 56, _WIDTH - _MARGIN, 150
    base = top + 30 + height
    yield Words(_MARGIN, top + 6, f"Cost per order{_in(currency)}, by day of the decision (UTC)", 15, _INK, bold=True)
    days = sorted(results.days)
    pairs = [results.days[day] for day in days]
    costs = [(_cost(pair.happened), _cost(pair.tried)) for pair in pairs]
    most = _round_up(max((value for pair in costs for value in pair), default=0))
    for step in range(5):
        y = base - height * step / 4
        yield Path(((left, y), (right, y)), _RULE)
        yield Words(left - 8, y, _money(most * step / 4, currency), 11, _MUTED, "end")
    if not days:
        yield Words((left + right) / 2, base - height / 2, "no orders", 13, _MUTED, "middle")
        return
    slot = (right - left) / len(days)
    for course, color in ((0, _HAPPENED), (1, _TRIED)):
        heights = [height * pair[course] / most for pair in costs]
        points = [(left + slot * (place + 0.5), base - up) for place, up in enumerate(heights)]
        if len(points) == 1:  # a day alone is two bars side by side
            yield Box(points[0][0] + (course - 1) * _BAR, points[0][1], _BAR - 4, heights[0], color, 2)
            continue
        yield Path(tuple(points), color, 2.5)
    every = -(-len(days) // 12)
    for place, day in enumerate(days):
        if place % every == 0:
            yield Words(left + slot * (place + 0.5), base + 16, day[5:], 11, _MUTED, "middle")


def _locations(results: Results, top: float) -> Iterator[Shape]:
    """Units that each location ships, those with the most first."""
    yield Words(_MARGIN, top + 6, "Units shipped, by location", 15, _INK, bold=True)
    shown = sorted(results.locations.items(), key=lambda row: (-max(row[1].happened, row[1].tried), row[0]))
    rows = [
        _Bars(name[:18], share.happened, share.tried, (f"{share.happened:,}", f"{share.tried:,}"))
        for name, share in shown[:_MOST_LOCATIONS]
    ]
    yield from _in_pairs(rows, top, 80)


def _fallbacks(results: Results, currency: str, top: float) -> Iterator[Shape]:
    """Units that nobody could ship at once, by the fallback that took them; what those cost that it ships."""
    yield Words(_MARGIN, top + 6, "Units that nobody could ship at once, by fallback", 15, _INK, bold=True)
    shown = sorted(results.fallbacks.items(), key=lambda row: (-max(row[1].happened.units, row[1].tried.units), row[0]))
    rows = [
        _Bars(
            name.replace("_", " "),
            share.happened.units,
            share.tried.units,
            (_fell(share.happened, currency), _fell(share.tried, currency)),
        )
        for name, share in shown
    ]
    yield from _in_pairs(rows, top, 240)


def _fell(one: ByFallback, currency: str) -> str:
    paid = f", freight and handling {_money(one.cost_minor, currency)} {currency}".rstrip() if one.cost_minor else ""
    return f"{one.units:,}{paid}"


class _Bars(NamedTuple):
    """A name with a bar for each course, and what is written behind them."""

    name: str
    happened: int
    tried: int
    said: tuple[str, str]


def _in_pairs(rows: Sequence[_Bars], top: float, room: int) -> Iterator[Shape]:
    """Bars on a common scale, with `room` for what is said behind the longest."""
    most = max((max(row.happened, row.tried) for row in rows), default=0) or 1
    left, width = _MARGIN + 130, _WIDTH - 2 * _MARGIN - 130 - room
    for place, row in enumerate(rows):
        y = top + 40 + _BARS * place
        yield Words(_MARGIN, y, row.name, 13, _INK)
        courses = ((row.happened, row.said[0], _HAPPENED), (row.tried, row.said[1], _TRIED))
        for course, (value, said, color) in enumerate(courses):
            y_bar = y - 10 + 11 * course
            yield Box(left, y_bar, width * value / most, 8, color, 2)
            yield Words(left + width * value / most + 6, y_bar + 4, said, 10, _MUTED)
    if not rows:
        yield Words(_MARGIN, top + 40, "nothing", 13, _MUTED)


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten: four steps that read well."""
    if value <= 0:
        return 100.0
    scale = 1.0
    while scale * 10 < value:
        scale *= 10
    steps: Sequence[float] = (1, 2, 2.5, 5, 10)
    return next(step * scale for step in steps if step * scale >= value) if value > 1 else 1.0
