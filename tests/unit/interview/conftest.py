"""A small engagement: four questions, of which two depend on others."""

from __future__ import annotations

import pytest

from tests.builders import library, question
from ztkit.interview.log import ResponseLog
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

GATE, FOLLOWS, LATER, FREE = (
    "identity.1.gate",
    "identity.1.follows",
    "identity.2.later",
    "network.1.free",
)
OPEN_FROM_SOME = {"all": [{"question": GATE, "in": ["some", "most", "all"]}]}


@pytest.fixture
def shelf():
    """GATE ← FOLLOWS ← LATER, and FREE of another pillar."""
    return library(
        [
            question(GATE, ask={"role": "identity-admin", "minutes": 2, "probes": ["Really?"]}),
            question(FOLLOWS, depends_on=OPEN_FROM_SOME),
            question(LATER, depends_on={"any": [{"question": FOLLOWS, "in": ["most", "all"]}]}),
            question(FREE, ask={"role": "network-admin", "minutes": 5, "probes": ["Really?"]}, ttl_days=30),
        ]
    )


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(
        tmp_path / "w", Engagement(organisation="Made up", pillars=("identity", "network"))
    )


@pytest.fixture
def log(workspace):
    return ResponseLog(workspace)
