"""Ask every channel that is due, one after the other, the longest overdue first.

A run has a minute; each channel has a share of it, and what is not done goes on with the next run. A channel that
does not answer is left alone for longer and longer, and says so; the others do not wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from oms.aws.tables import ConditionFailedError
from oms.events.channels import ChannelFellSilent, ChannelHeardAgain, ChannelPollFailed
from oms.intake.polling import rules
from oms.intake.polling.model import Polling, PollReport
from oms.intake.polling.ports import Heard
from oms.intake.polling.run import PollDesk, Run, next_at
from oms.kernel.errors import RejectedError, TransientError
from oms.kernel.time import from_text, to_text
from oms.reference.model import Channel
from oms.reference.store import ReferenceStore

_BUSY = timedelta(minutes=2)  # longer than a run may take: after this whoever was at it is gone
_ALL = timedelta(seconds=45)
_EACH = timedelta(seconds=20)
_LOOK_AGAIN = timedelta(minutes=5)
# A sender's answer that a gateway cannot read: its trouble, not that of the other channels.
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)


@dataclass
class _Tally:
    polled: int = 0
    listed: int = 0
    taken_in: int = 0
    gaps: int = 0
    failing: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


def poll_channels(desk: PollDesk, *, reference: ReferenceStore, heard: Heard) -> PollReport:
    """Poll what is due, and see who has fallen silent.

    Safe to run twice at once: a channel belongs to the run that writes its state first.
    """
    started = desk.clock()
    channels = {name: channel for name, channel in reference.channels().items() if _watched(channel)}
    states = desk.store.find_many(channels)
    tally = _Tally()
    for channel in sorted(channels.values(), key=lambda each: _due_at(states, each)):
        state = states.get(channel.name) or _first(channel, to_text(started))
        if desk.clock() - started >= _ALL:
            break
        if rules.is_due(state, desk.clock()):
            run = Run(channel, state, desk, min(desk.clock() + _EACH, started + _ALL))
            try:
                _poll(run, heard, tally)
            except ConditionFailedError:  # another run is at it
                continue
        elif state.silent:
            tally.silent.append(channel.name)
    return PollReport(
        polled=tally.polled,
        listed=tally.listed,
        taken_in=tally.taken_in,
        gaps=tally.gaps,
        failing=tuple(tally.failing),
        silent=tuple(tally.silent),
    )


def _watched(channel: Channel) -> bool:
    return channel.active and bool(channel.poll_minutes or channel.silent_after_minutes)


def _due_at(states: Mapping[str, Polling], channel: Channel) -> str:
    state = states.get(channel.name)
    return state.next_at if state else ""


def _first(channel: Channel, now: str) -> Polling:
    """A channel that was never polled."""
    return Polling(channel=channel.name, audited_until=now, next_at=now, heard_at=now)


def _poll(run: Run, heard: Heard, tally: _Tally) -> None:
    """One channel, from taking it to giving it back.

    Raises:
        ConditionFailedError: another run has it.
    """
    started = run.desk.clock()
    run.write(run.move(busy_until=to_text(started + _BUSY)))
    asks = run.channel.poll_minutes > 0 and run.desk.partners.lists(run.channel)
    asked, failed = _asked(run) if asks else ({"next_at": run.state.look_at or to_text(started + _LOOK_AGAIN)}, [])
    listened, said = _listened(run, heard)
    if not asks and "look_at" in listened:
        asked["next_at"] = listened["look_at"]
    run.write(run.move(*failed, *said, **asked, **listened, busy_until=None))
    tally.polled += asks
    tally.listed += run.listed
    tally.taken_in += run.taken_in
    tally.gaps += run.gaps
    if run.state.failures:
        tally.failing.append(run.channel.name)
    if run.state.silent:
        tally.silent.append(run.channel.name)


def _asked(run: Run) -> tuple[dict[str, object], list[ChannelPollFailed]]:
    """List news and audit; how the state changes by how it went."""
    started = run.desk.clock()
    try:
        ending = run.news()
        if ending == "done":
            ending = run.audit()
    except ConditionFailedError:
        raise
    except TransientError as error:
        return _failed(run, type(error).__name__), []
    except _UNREADABLE:
        return _failed(run, "unreadable"), []
    except RejectedError as error:
        said = (
            [] if run.state.problem == error.code else [ChannelPollFailed(channel=run.channel.name, reason=error.code)]
        )
        return _failed(run, error.code), said
    return {"next_at": next_at(run, ending, started), "failures": 0, "problem": None}, []


def _failed(run: Run, problem: str) -> dict[str, object]:
    failures = run.state.failures + 1
    again = to_text(run.desk.clock() + rules.backoff(failures))
    return {"next_at": again, "failures": failures, "problem": problem}


def _listened(run: Run, heard: Heard) -> tuple[dict[str, object], list[ChannelFellSilent | ChannelHeardAgain]]:
    """Whether the channel has fallen silent, or is heard again; looked at when it could be."""
    minutes, now, state = run.channel.silent_after_minutes, run.desk.clock(), run.state
    if not minutes or (state.look_at is not None and to_text(now) < state.look_at):
        return {}, []
    last = heard.last_heard(run.channel.name, now) or from_text(state.heard_at or to_text(now))
    silent = rules.is_silent(last, now, minutes)
    look_at = now + _LOOK_AGAIN if silent else last + timedelta(minutes=minutes)
    changes: dict[str, object] = {"silent": silent, "heard_at": to_text(last), "look_at": to_text(look_at)}
    name, at = run.channel.name, to_text(last)
    if silent and not state.silent:
        return changes, [ChannelFellSilent(channel=name, heard_at=at, silent_after_minutes=minutes)]
    if state.silent and not silent:
        return changes, [ChannelHeardAgain(channel=name, heard_at=at)]
    return changes, []
