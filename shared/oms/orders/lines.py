"""Change some lines of an order. Pure."""

from collections.abc import Mapping, Sequence

from oms.orders.model import Line


def replace_line(lines: Sequence[Line], changes: Mapping[int, Mapping[str, object]]) -> tuple[Line, ...]:
    """The lines with fields of some of them replaced, by line number.

    Raises:
        ValueError: the buckets of a changed line no longer sum to its quantity (domain I1).
    """
    new = tuple(
        Line.model_validate({**line.model_dump(), **changes[line.number]}) if line.number in changes else line
        for line in lines
    )
    for line in new:
        if line.open + line.backordered + line.allocated + line.cancelled != line.quantity:
            raise ValueError(f"line {line.number}: the buckets do not sum to {line.quantity}")
    return new
