"""Where the reference data lies that some tests read; it is not part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parent.parent.parent / "shared" / "reference"
ESTATE = REFERENCE / "recorded-estate.jsonl"

needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason=f"the reference data ({REFERENCE}) is not on this machine"
)
