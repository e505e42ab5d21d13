"""What tests of several kinds share: where the reference data lies, which is not part of the project, and a name."""

from __future__ import annotations

from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parent.parent.parent / "shared" / "reference"
ESTATE = REFERENCE / "recorded-estate.jsonl"

REQUESTS = "ZTKIT_TESTS_REQUESTS"
"""The variable of the environment that names the folder of a run's requests; see `tests.emulator.whole_run`."""

needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason=f"the reference data ({REFERENCE}) is not on this machine"
)
