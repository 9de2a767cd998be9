"""Fixtures of the sound tests."""

from __future__ import annotations

import pytest

from pipelines.devices import Devices


@pytest.fixture(scope="session")
def devices() -> Devices:
    return Devices(4 << 30)
