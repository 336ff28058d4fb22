"""Fixtures for all tests, and which tests share the one local cloud."""

import pytest
from hypothesis import HealthCheck, settings

from tests.aws import cloud_on_moto
from tests.cloud import cloud

__all__ = ["cloud", "cloud_on_moto"]

# No test passes or fails by the clock: machines are slow at times.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the local cloud, and keep it in one process when the run is spread over several."""
    for item in items:
        if "cloud" in getattr(item, "fixturenames", ()):
            item.add_marker("cloud")
            item.add_marker(pytest.mark.xdist_group("cloud"))
