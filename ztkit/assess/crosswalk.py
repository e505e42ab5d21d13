"""An assessment seen from an outside framework: what bears on each of its controls, and what nothing covers. Pure.

That the criteria on a control are met does not make the control met: a mapping's relation says whether our statement
is the same as the control, a part of it, more than it, or overlaps with it (NIST IR 8477).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ztkit.content.library import Library
from ztkit.model.assessment import Assessment, CheckResult, CriterionResult, CriterionState
from ztkit.model.check import Check
from ztkit.model.framework import Control
from ztkit.model.question import Question
from ztkit.model.types import Model, ObjectiveId

ControlState = Literal["met", "not-met", "undetermined", "not-applicable", "not-assessed", "uncovered"]
"""``met``: every criterion that bears on it and applies is met. ``not-assessed``: criteria exist, and none is in the
assessment. ``uncovered``: nothing maps to it."""


class Bearing(Model):
    """A check or question that bears on a control.

    Attributes:
        id: the check or question that carries the mapping.
        criterion: the criterion that it is scored in: itself, or the question that names the check.
        state: of that criterion; None where the assessment does not have it.
        failed: failing resources of a check; None for a question.
    """

    id: str
    kind: Literal["check", "question"]
    title: str
    objective: ObjectiveId
    relation: Literal["equal", "subset", "superset", "intersects"]
    criterion: str
    state: CriterionState | None = None
    failed: int | None = None


class ControlResult(Model):
    """A control and what bears on it."""

    id: str
    title: str
    group: str
    state: ControlState
    bearings: tuple[Bearing, ...]


class Crosswalk(Model):
    """All controls of a framework, in its own order.

    Attributes:
        assessment: id of the assessment whose states these are; empty where none was given.
    """

    framework: str
    title: str
    version: str
    assessment: str
    controls: tuple[ControlResult, ...]

    def counts(self) -> Mapping[ControlState, int]:
        """How many controls have each state."""
        return Counter(control.state for control in self.controls)


def crosswalk(library: Library, framework_id: str, assessment: Assessment | None = None) -> Crosswalk:
    """See an assessment, or the content alone, from an outside framework.

    Args:
        library: the content.
        framework_id: such as ``cisa-ztmm``.
        assessment: whose states to show.

    Raises:
        UsageError: there is no such framework.
    """
    framework = library.control_framework(framework_id)
    criteria = {item.id: item for item in assessment.criteria} if assessment else {}
    checks = {item.id: item for item in assessment.checks} if assessment else {}
    found: dict[str, list[Bearing]] = defaultdict(list)
    for control_id, bearing in _bearings(library, framework.id, framework.version, criteria, checks):
        found[control_id].append(bearing)
    return Crosswalk(
        framework=framework.id,
        title=framework.title,
        version=framework.version,
        assessment=assessment.id if assessment else "",
        controls=tuple(_control(item, found[item.id]) for item in framework.controls),
    )


def _bearings(
    library: Library,
    name: str,
    version: str,
    criteria: Mapping[str, CriterionResult],
    checks: Mapping[str, CheckResult],
) -> Iterator[tuple[str, Bearing]]:
    items: tuple[Check | Question, ...] = (*library.questions.values(), *library.checks.values())
    for item in items:
        is_check = isinstance(item, Check)
        question = library.question_of.get(item.id)
        criterion = question.id if question else item.id
        result = checks.get(item.id)
        for mapping in item.maps:
            if (mapping.framework, mapping.version) == (name, version):
                yield (
                    mapping.id,
                    Bearing(
                        id=item.id,
                        kind="check" if is_check else "question",
                        title=item.title if isinstance(item, Check) else item.text,
                        objective=item.objective,
                        relation=mapping.relation,
                        criterion=criterion,
                        state=criteria[criterion].state if criterion in criteria else None,
                        failed=result.failed if result else None,
                    ),
                )


def _control(control: Control, bearings: Sequence[Bearing]) -> ControlResult:
    return ControlResult(
        id=control.id,
        title=control.title,
        group=control.group,
        state=_state(bearings),
        bearings=tuple(bearings),
    )


def _state(bearings: Sequence[Bearing]) -> ControlState:
    states = {bearing.state for bearing in bearings if bearing.state is not None}
    if not bearings:
        return "uncovered"
    if not states:
        return "not-assessed"
    if "not-met" in states:
        return "not-met"
    if "unknown" in states:
        return "undetermined"
    return "met" if "met" in states else "not-applicable"
