"""One emulator for all tests of a module, as new for each."""

from __future__ import annotations

import pytest

from tests.emulator import Emulator
from tests.unit.emulator.rows import estate


@pytest.fixture(scope="module")
def _running():
    with Emulator(estate(), quota=1_000, window=0.5) as azure:
        yield azure


@pytest.fixture
def azure(_running):
    _running.reset()
    return _running
