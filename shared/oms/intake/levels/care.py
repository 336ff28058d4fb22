"""For those who look after what channels are told: what one was told of a SKU, and telling it again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from oms.aws.tables import ConditionFailedError
from oms.intake.levels.model import Pushing, PushView, Resend, ToldView
from oms.intake.levels.run import MAX_WAITING, first
from oms.intake.levels.store import TOGETHER, LevelStore
from oms.intake.messages.receiving import known_channel
from oms.kernel.errors import ConflictError, Fault, RejectedError, StateError, Why
from oms.kernel.time import Clock, to_text
from oms.reference.store import ReferenceStore

TRIES = 5


@dataclass(frozen=True)
class LevelCare:
    """The collaborators. `offered` are the units by SKU that a channel may sell now."""

    reference: ReferenceStore
    store: LevelStore
    offered: Callable[[str, Iterable[str]], Mapping[str, int]]
    clock: Clock


def read_level(name: str, sku: str, care: LevelCare) -> ToldView:
    """What a channel was told of a SKU, and what it may sell now.

    Raises:
        NotFoundError: code `unknown_channel`.
    """
    channel = known_channel(name, care.reference)
    told = care.store.told(channel.name, [sku])[sku]
    state = care.store.find(channel.name)
    return ToldView(
        channel=channel.name,
        sku=sku,
        told=told.units,
        told_at=told.at,
        available=max(care.offered(channel.name, [sku]).get(sku, 0), 0),
        waiting=told.differs_since is not None or bool(state and sku in state.waiting),
        unlisted=(told.unlisted_until or "") > to_text(care.clock()),
    )


def resend_levels(name: str, wanted: Resend, care: LevelCare) -> PushView:
    """Tell a channel these SKUs again with the next run, whatever we think that it knows.

    Raises:
        NotFoundError: code `unknown_channel`.
        RejectedError: code `unknown_sku`: some are not in the catalogue.
        StateError: the channel is not told levels (`push_minutes` 0), or too many SKUs wait already.
        ConflictError: a run is writing on and on.
    """
    channel = known_channel(name, care.reference)
    if not channel.push_minutes:
        text = f"{name} is not told what it may sell: its push_minutes are 0"
        raise StateError.because(Why("levels_not_told", text, "set push_minutes of the channel; it is then told all"))
    items = care.reference.items(wanted.skus)
    faults = [
        Fault(f"skus.{place}", f"{sku} is not in the catalogue")
        for place, sku in enumerate(wanted.skus)
        if sku not in items
    ]
    if faults:
        raise RejectedError(f"{len(faults)} SKU(s) are not known", code="unknown_sku", faults=faults)
    for _ in range(TRIES):
        state = care.store.find(channel.name) or first(channel, care.clock())
        waiting = tuple(dict.fromkeys((*state.waiting, *wanted.skus)))
        if len(waiting) > MAX_WAITING:
            text = f"{len(state.waiting)} SKUs wait already, {MAX_WAITING} may"
            raise StateError.because(Why("too_many_wait", text, "send the others when these are through"))
        told = care.store.told(channel.name, wanted.skus)
        blank = [one.model_copy(update={"units": None, "unlisted_until": None}) for one in told.values()]
        try:
            for start in range(0, len(blank), TOGETHER):
                state = _next(state, waiting=waiting, next_at=to_text(care.clock()))
                care.store.save(state, blank[start : start + TOGETHER])
        except ConditionFailedError:
            continue
        return _view(state, channel.push_minutes)
    raise ConflictError(f"the levels of {name} keep changing")


def _next(state: Pushing, **changes: object) -> Pushing:
    return state.model_copy(update={**changes, "version": state.version + 1, "facts": ()})


def _view(state: Pushing, push_minutes: int) -> PushView:
    return PushView(
        channel=state.channel,
        push_minutes=push_minutes,
        watermark=state.watermark,
        waiting=len(state.waiting),
        failures=state.failures,
        problem=state.problem,
    )
