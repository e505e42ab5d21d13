"""From a workspace to a report in it: which assessment, compared with which, and where it goes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ztkit.assess.compare import compare
from ztkit.assess.movement import movements
from ztkit.errors import UsageError
from ztkit.model.assessment import Comparison
from ztkit.report.render import RenderRequest, render
from ztkit.workspace import FOLDER_MODE, Workspace, write_model

HISTORY = 12
"""How many assessments the trend shows at most."""


def comparison_of(workspace: Workspace, before: str, after: str) -> Comparison:
    """Compare two assessments of a workspace.

    Args:
        workspace: where they lie.
        before: id of the earlier one, or ``previous``.
        after: id of the later one, or ``latest``.

    Raises:
        UsageError: one of them does not exist, or both are the same.
    """
    earlier, later = workspace.find_assessment(before), workspace.find_assessment(after)
    if earlier == later:
        raise UsageError(f"{earlier} cannot be compared with itself.")
    older, newer = workspace.assessment(earlier), workspace.assessment(later)
    changes = movements(
        workspace.assessment_folder(earlier) / "findings.parquet",
        workspace.assessment_folder(later) / "findings.parquet",
        older,
        newer,
    )
    return compare(older, newer, changes)


def publish(workspace: Workspace, assessment: str = "latest", compared_with: str = "") -> Path:
    """Render the report of an assessment into ``reports/<id>/``.

    Args:
        workspace: the engagement.
        assessment: an id, or ``latest``.
        compared_with: an id, ``none``, or empty for the assessment before, if there is one.

    Returns:
        The HTML file.

    Raises:
        UsageError: an assessment does not exist.
        ReportError: rendering failed; nothing was published.
    """
    identifier = workspace.find_assessment(assessment)
    known = workspace.assessments()
    earlier = known[: known.index(identifier)]
    if compared_with not in ("", "none"):
        before = workspace.find_assessment(compared_with)
    else:
        before = earlier[-1] if earlier and compared_with == "" else ""
    folder = workspace.root / "reports" / workspace.new_id("reports", datetime.now(UTC))
    folder.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    folder.mkdir(mode=FOLDER_MODE)
    try:
        comparison = None
        if before:
            comparison = folder / "comparison.json"
            write_model(comparison, comparison_of(workspace, before, identifier))
        request = RenderRequest(
            result=workspace.assessment_folder(identifier) / "result.json",
            earlier=workspace.assessment_folder(before) / "result.json" if before else None,
            findings=workspace.assessment_folder(identifier) / "findings.parquet",
            comparison=comparison,
            history=tuple(
                workspace.assessment_folder(item) / "result.json"
                for item in [*earlier, identifier][-HISTORY:]
            ),
        )
        return render(request, folder / "roadmap.html")
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        raise
