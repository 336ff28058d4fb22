"""Serials on their way: which left, which came, which did not. Pure.

Of a line some units may have numbers that we know and others not. A receipt whose numbers do not fit is refused, and
each one that is unknown, missing or named twice is told: the dock looks again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oms.inventory.transfers.model import MOST_NAMES, ReceivedUnits, TransferLine
from oms.kernel.errors import Fault, StateError


class SerialsDifferError(StateError):
    """The serials of a receipt are not those on their way. Nothing was booked; `faults` names each."""

    code = "serials_differ"


class Arrived(NamedTuple):
    """Serials of a line that came, that came over, and that will not come."""

    came: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def arrived(line: TransferLine, one: ReceivedUnits, field: str) -> Arrived:
    """What a receipt says of the serials of a line.

    Raises:
        SerialsDifferError: they do not fit what is on its way.
    """
    named, lost = tuple(one.serials or ()), tuple(one.lost_serials or ())
    came = tuple(serial for serial in named if serial in line.serials)
    strange = tuple(serial for serial in named if serial not in line.serials)
    rest = [serial for serial in line.serials if serial not in (*named, *lost)]
    units = one.received + one.damaged
    after = line.in_transit - units - one.lost
    if one.lost > len(lost) and not after:
        lost += tuple(rest[: one.lost - len(lost)])
        rest = rest[len(lost) - len(one.lost_serials or ()) :]
    faults = [
        *_faults(f"{field}.serials", _twice((*named, *lost)), "is named twice"),
        *(_faults(f"{field}.serials", strange, "is not on its way") if len(strange) > one.over else []),
        *_faults(f"{field}.lost_serials", [each for each in lost if each not in line.serials], "is not on its way"),
    ]
    if len(came) > units or len(lost) > one.lost:
        faults.append(Fault(f"{field}.serials", f"{len(came)} came and {len(lost)} are lost by number: say how many"))
    if len(rest) > max(after, 0):
        faults += _faults(f"{field}.serials", rest, "is missing: name it, or say that it is lost")
    if faults:
        raise SerialsDifferError(f"the serials of {line.sku} are not those on their way", faults=faults)
    return Arrived(came, strange, lost)


def all_came(line: TransferLine) -> ReceivedUnits:
    """All that is on its way of a line, and sound; unchecked: that may be more serials than a caller may name."""
    some = list(line.serials) or None
    return ReceivedUnits.model_construct(sku=line.sku, received=line.in_transit, serials=some)


def on_the_way(line: TransferLine, serials: Sequence[str], field: str) -> TransferLine:
    """The line with serials that have left.

    Raises:
        SerialsDifferError: there are more lots and serials on the way than one receipt can bring.
    """
    both = (*line.serials, *serials)
    if len(both) + len(line.lots) > MOST_NAMES:
        message = f"{MOST_NAMES} lots and serials of {line.sku} may be on their way at a time"
        raise SerialsDifferError(message, faults=[Fault(f"{field}.serials", message)])
    return line.model_copy(update={"serials": both})


def left(line: TransferLine, gone: Arrived) -> tuple[str, ...]:
    """The serials of a line that are still on their way."""
    return tuple(serial for serial in line.serials if serial not in {*gone.came, *gone.lost})


def fields_of(skus: Sequence[str]) -> Mapping[str, str]:
    """The field of each SKU of a request."""
    return {sku: f"lines.{place}" for place, sku in enumerate(skus)}


def _twice(serials: Sequence[str]) -> list[str]:
    return sorted(serial for serial, times in Counter(serials).items() if times > 1)


def _faults(field: str, serials: Sequence[str], message: str) -> list[Fault]:
    return [Fault(field, f"{serial} {message}") for serial in serials]
