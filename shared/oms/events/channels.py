"""How well the ways in work."""

from typing import ClassVar

from oms.events.fact import FactData


class _ChannelFact(FactData):
    SOURCE: ClassVar[str] = "baton.intake"
    channel: str


class ChannelFellSilent(_ChannelFact):
    """The channel has sent nothing for longer than it should: is its subscription still there?"""

    heard_at: str
    silent_after_minutes: int


class ChannelHeardAgain(_ChannelFact):
    """A channel that had fallen silent sends again."""

    heard_at: str


class ChannelGapFound(_ChannelFact):
    """The channel had orders of this window that we had not; what it listed has been taken in since."""

    since: str
    until: str
    theirs: int
    ours: int
    short: int


class ChannelLevelsFailed(_ChannelFact):
    """The channel refuses to be told what it may sell, and telling it again will not help."""

    reason: str


class ChannelPollFailed(_ChannelFact):
    """The channel refuses to be asked, and asking again will not help: credentials, address, rights."""

    reason: str
