"""Set how much work a location takes a day, and see how full its days are."""

from dataclasses import dataclass

from oms.allocation.limits.model import (
    Amount,
    DayView,
    LimitsPage,
    LimitsQuery,
    LimitsView,
    PutLimits,
    WorkloadQuery,
    WorkloadView,
)
from oms.kernel.errors import NotFoundError
from oms.kernel.time import Clock, to_text
from oms.orders.workload.model import Load
from oms.orders.workload.rules import limit_of, workdays
from oms.orders.workload.store import WorkloadStore
from oms.reference.editions import EditionStore, enacted, etag_of, more_below
from oms.reference.model import LIMITS, Location, LocationLimits
from oms.reference.store import ReferenceStore


@dataclass(frozen=True)
class LimitsDesk:
    """The collaborators."""

    limits: EditionStore[LocationLimits]
    workload: WorkloadStore
    reference: ReferenceStore
    clock: Clock


def read_limits(name: str, *, desk: LimitsDesk) -> tuple[LimitsView, str]:
    """The limits in force, and their entity tag.

    Raises:
        NotFoundError: no such location.
    """
    location, found = _location(name, desk), desk.limits.find(name)
    return _view(found) if found else _as_set_up(location), etag_of(found)


def put_limits(name: str, wanted: PutLimits, *, if_match: str, by: str, desk: LimitsDesk) -> tuple[LimitsView, str]:
    """Put limits in force, within a minute everywhere, and their entity tag. The same again changes nothing.

    What a day was given before stays given, whatever its limit is now. `if_match` is the entity tag of the limits as
    they were read, or `*` for any.

    Raises:
        NotFoundError: no such location.
        StaleError: others are in force than `if_match` says. UnconditionalError: nothing was said of them.
    """
    _location(name, desk)
    before = desk.limits.find(name)
    if before is not None and _same(before, wanted):
        return _view(before), etag_of(before)
    now = to_text(desk.clock())
    made = enacted(
        desk.limits,
        lambda version: LocationLimits(name=name, version=version, by=by, at=now, **wanted.model_dump()),
        before=before,
        if_match=if_match,
        what="limits",
    )
    desk.reference.look_again()
    return _view(made), etag_of(made)


def list_limits(name: str, query: LimitsQuery, *, desk: LimitsDesk) -> LimitsPage:
    """What was ever in force at a location, the newest first.

    Raises:
        NotFoundError: no such location.
    """
    _location(name, desk)
    found = desk.limits.versions(name, limit=query.limit, before=query.before)
    return LimitsPage(limits=[_view(one) for one in found], next_before=more_below(found, query.limit))


def read_workload(name: str, query: WorkloadQuery, *, desk: LimitsDesk) -> WorkloadView:
    """How full the next working days of a location are, under the limits in force.

    Raises:
        NotFoundError: no such location.
    """
    location, limits = _location(name, desk), desk.limits.find(name)
    if limits is not None:  # the settings may be a minute old
        location = location.model_copy(update={field: getattr(limits, field) for field in LIMITS})
    most = limit_of(location)
    days = workdays(location, desk.clock(), query.days)
    used = desk.workload.used(days) if any(most) else dict.fromkeys(days, Load())
    rows = [
        DayView(on=day.on, given_out=_amount(used[day]), takes=_amount(most), full=not used[day].has_room(most))
        for day in days
    ]
    return WorkloadView(location=name, limited=any(most), days=rows)


def _location(name: str, desk: LimitsDesk) -> Location:
    location = desk.reference.locations().get(name)
    if location is None:
        raise NotFoundError("there is no such location")
    return location


def _same(before: LocationLimits, wanted: PutLimits) -> bool:
    return all(getattr(before, name) == value for name, value in wanted)


def _amount(load: Load) -> Amount:
    return Amount(**load._asdict())


def _view(limits: LocationLimits) -> LimitsView:
    return LimitsView(location=limits.name, **limits.model_dump(exclude={"name"}))


def _as_set_up(location: Location) -> LimitsView:
    return LimitsView(location=location.id, version=0, **{name: getattr(location, name) for name in LIMITS})
