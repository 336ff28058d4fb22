"""Channels asked for their orders, every minute those that are due."""

from oms.entry.cron import cron
from oms.intake.polling.model import PollReport
from oms.intake.polling.service import poll_channels
from oms.wiring import wire


@cron
def handler() -> PollReport:
    return poll_channels(wire().poll_desk, reference=wire().reference, heard=wire().message_log)
