"""Channels told what they may sell, every minute those that are due."""

from oms.entry.cron import cron
from oms.intake.levels.model import PushReport
from oms.intake.levels.run import push_levels
from oms.wiring import wire


@cron
def handler() -> PushReport:
    return push_levels(wire().level_desk, channels=wire().reference.channels())
