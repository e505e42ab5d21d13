"""What moved between two assessments. Pure; findings are counted in `ztkit.assess.movement`."""

from __future__ import annotations

from collections.abc import Sequence

from ztkit.model.assessment import (
    Assessment,
    CheckChange,
    Comparison,
    IndexChange,
    Named,
    ObjectiveChange,
    PillarChange,
)

MOVES: dict[Named, tuple[str, ...]] = {
    "all": ("fixed", "new", "still_failing", "gone", "revealed", "unseen"),
    "failing": ("cleared", "new", "still_failing", "revealed", "unseen"),
    "none": ("cleared", "new", "revealed", "unseen"),
}
"""What can be said of a check's findings, by how they were followed: attributes of `CheckChange`."""


def compare(before: Assessment, after: Assessment, checks: Sequence[CheckChange]) -> Comparison:
    """Compare two assessments.

    Args:
        before: the earlier one.
        after: the later one.
        checks: what became of each check's findings; those without any movement are left out.
    """
    pillars = {item.id: item for item in before.pillars}
    objectives = {item.id: item for item in before.objectives}
    return Comparison(
        before=before.id,
        after=after.id,
        before_at=before.at,
        after_at=after.at,
        same_content=before.content_hash == after.content_hash,
        findings=followed(before, after),
        overall=IndexChange(before=before.overall.index, after=after.overall.index),
        stage_before=before.overall.stage,
        stage_after=after.overall.stage,
        pillars=tuple(
            PillarChange(
                id=item.id,
                title=item.title,
                stage_before=pillars[item.id].stage,
                stage_after=item.stage,
                index=IndexChange(before=pillars[item.id].index, after=item.index),
            )
            for item in after.pillars
            if item.id in pillars
        ),
        objectives=tuple(
            ObjectiveChange(
                id=item.id,
                title=item.title,
                state_before=objectives[item.id].state,
                state_after=item.state,
                score=IndexChange(before=objectives[item.id].score, after=item.score),
            )
            for item in after.objectives
            if item.id in objectives
            and (item.state, item.score) != (objectives[item.id].state, objectives[item.id].score)
        ),
        checks=tuple(
            item for item in checks if any(getattr(item, move) for moves in MOVES.values() for move in moves)
        ),
    )


def followed(before: Assessment, after: Assessment) -> Named:
    """How findings can be followed from one assessment to another; see `Comparison`."""
    then, now = (item.snapshot.named if item.snapshot else "all" for item in (before, after))
    return "none" if "none" in (then, now) else now
