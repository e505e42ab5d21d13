"""A small engagement with an assessment made by hand: a question whose decisive check fails, in milliseconds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.builders import AT, library, question, result
from tests.builders import check as check_of
from ztkit.assess.criteria import Inputs
from ztkit.assess.evaluate import FINDINGS
from ztkit.assess.scoring import score
from ztkit.content.library import Library
from ztkit.model.assessment import Assessment, SnapshotRef
from ztkit.model.engagement import Engagement
from ztkit.model.question import Question
from ztkit.model.snapshot import Scope
from ztkit.workspace import Workspace, write_model

HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>{{7*7}}"
CHECK, PLAIN, CLAIM, GATED = (
    "network.a-check",
    "network.1.plain",
    "network.1.claim",
    "network.2.gated",
)


def shelf() -> Library:
    """PLAIN has no check; CLAIM has one that decides; GATED is asked once PLAIN is at least "some"."""
    gate = {"all": [{"question": PLAIN, "in": ["some", "most", "all"]}]}
    return library(
        [
            question(PLAIN),
            question(CLAIM, evidence=[{"check": CHECK, "authority": "decisive"}], must=True),
            question(GATED, depends_on=gate, ask={"role": "network-admin", "minutes": 4, "probes": ["Why?"]}),
        ],
        [check_of(CHECK)],
    )


def decided(shelf: Library) -> Question:
    """The first question that nothing gates and one check decides."""
    return next(
        item
        for item in shelf.questions.values()
        if item.depends_on is None and [link.authority for link in item.checks] == ["decisive"]
    )


def assessed(
    folder: Path,
    shelf: Library,
    check: str = CHECK,
    *,
    passed: int = 14,
    failed: int = 6,
    organisation: str = "Made up",
) -> Workspace:
    """A workspace whose newest assessment found that a check fails, on resources with hostile names."""
    pillar = shelf.checks[check].pillar
    engagement = Engagement(organisation=organisation, pillars=(pillar,))
    space = Workspace.create(folder, engagement)
    results = (result(shelf.checks[check], passed, failed),)
    inputs = Inputs(at=AT, checks={check: results[0]}, responses={})
    scored = score(shelf, [pillar], inputs, engagement.scoring)
    made = Assessment(
        id="2026-01-10T0900Z",
        organisation=organisation,
        at=AT,
        tool="ztkit",
        content_hash=shelf.hash,
        scope=Scope(),
        pillars_in_scope=(pillar,),
        snapshot=SnapshotRef(
            id="2026-01-09T0900Z", taken=AT - timedelta(days=6), source="import", hash="h", rows=20, tables=()
        ),
        parameters=engagement.scoring,
        overall=scored.overall,
        pillars=scored.pillars,
        objectives=scored.objectives,
        criteria=scored.criteria,
        concerns=scored.concerns,
        checks=results,
        exceptions=(),
    )
    rows = [
        {"check": check, "status": "fail", "id": f"/r/{n}", "name": f"{n} {HOSTILE}", "reason": HOSTILE}
        for n in range(failed)
    ]
    blank = dict.fromkeys(FINDINGS.names, "")
    with space.building("assessments", made.id) as place:
        pq.write_table(
            pa.Table.from_pylist([blank | row for row in rows], FINDINGS), place / "findings.parquet"
        )
        write_model(place / "result.json", made)
    return space
