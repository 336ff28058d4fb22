"""Archived messages that nobody worked off, every fifteen minutes."""

from oms.entry.cron import cron
from oms.intake.messages.model import SweepReport
from oms.intake.messages.service import sweep_messages
from oms.wiring import wire


@cron
def handler() -> SweepReport:
    return sweep_messages(wire().message_care)
