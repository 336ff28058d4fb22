"""The contract of plug-ins whose messages come as files of many documents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from oms.intake.notices import ChannelPlugin
from oms.reference.model import Channel


@runtime_checkable
class FilePlugin(ChannelPlugin, Protocol):
    """A channel plug-in that can also take a file apart and answer it."""

    def split(self, raw: bytes) -> Sequence[bytes]:
        """Each document as a message of its own, which `parse` understands.

        Raises:
            RejectedError: the file is not of this kind at all.
        """
        ...

    def acknowledgements(self, channel: Channel, raw: bytes, *, first_number: int, at: datetime) -> Sequence[str]:
        """What the sender is told of the file: documents of its standard, numbered from `first_number`."""
        ...
