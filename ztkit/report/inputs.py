"""Reads what a report is made of; the sections themselves read nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from ztkit.content.library import ContentPaths, load_with_problems
from ztkit.errors import ReportError
from ztkit.model.assessment import Assessment, Comparison
from ztkit.report.gaps import Prioritised
from ztkit.report.wording import Wording
from ztkit.roadmap.priority import prioritise
from ztkit.workspace import read_model

SHOWN_PER_CHECK = 20
"""Failing resources that the appendix names for each check."""


@dataclass(frozen=True)
class Failing:
    """A resource that fails a check."""

    name: str
    type: str
    resource_group: str
    subscription: str
    reason: str


@dataclass(frozen=True)
class ReportData:
    """Everything that the sections of a report show.

    Attributes:
        comparison: with the assessment before, if there is one.
        history: assessments for the trend, oldest first, this one last.
        failing: the first failing resources of each check; None where findings were not given.
        items: the order of work.
    """

    assessment: Assessment
    comparison: Comparison | None = None
    history: Sequence[Assessment] = ()
    failing: Mapping[str, Sequence[Failing]] | None = None
    wording: Wording = field(default_factory=Wording)
    items: Sequence[Prioritised] = ()


def load(
    result: str,
    earlier: str | None = None,
    findings: str | None = None,
    comparison: str | None = None,
    history: Sequence[str] = (),
) -> ReportData:
    """Read the files that a report notebook was given.

    Args:
        result: result.json of the assessment.
        earlier: result.json of the assessment before.
        findings: findings.parquet of the assessment.
        comparison: the comparison of both, as JSON.
        history: result.json of assessments for the trend, oldest first.

    Raises:
        ReportError: the comparison is not of this assessment, or not with that earlier one.
        ZtkitError: a file is missing or damaged.
    """
    assessment = read_model(Path(result), Assessment)
    before = read_model(Path(earlier), Assessment) if earlier else None
    compared = read_model(Path(comparison), Comparison) if comparison else None
    if compared is not None and compared.after != assessment.id:
        raise ReportError(f"The comparison is of assessment {compared.after}, the report of {assessment.id}.")
    if compared is not None and before is not None and compared.before != before.id:
        raise ReportError(
            f"The comparison is with assessment {compared.before}, the earlier result is {before.id}."
        )
    past = [read_model(Path(path), Assessment) for path in history] or ([before] if before else [])
    return ReportData(
        assessment=assessment,
        comparison=compared,
        history=(*(item for item in past if item.id != assessment.id), assessment),
        failing=failing_resources(Path(findings), assessment) if findings else None,
        wording=Wording.of(load_with_problems(ContentPaths())[0]),
        items=prioritise(assessment),
    )


def failing_resources(path: Path, assessment: Assessment) -> dict[str, list[Failing]]:
    """The first failing resources of each check that fails; those under an exception in force are left out.

    Reads batch by batch, so that memory does not grow with the estate.
    """
    wanted = {item.id for item in assessment.checks if item.failed}
    accepted = _accepted(assessment)
    result: dict[str, list[Failing]] = {name: [] for name in sorted(wanted)}
    if not wanted:
        return result
    columns = ["check", "id", "name", "type", "resourceGroup", "subscriptionId", "reason"]
    condition = (ds.field("status") == "fail") & ds.field("check").isin(sorted(wanted))
    try:
        for batch in ds.dataset(path, format="parquet").to_batches(columns=columns, filter=condition):
            _take(batch, result, accepted)
    except (OSError, pa.ArrowException) as problem:
        raise ReportError(f"The findings cannot be read: {problem}") from problem
    return result


def _take(batch: pa.RecordBatch, result: dict[str, list[Failing]], accepted: Mapping[str, set[str]]) -> None:
    for name in pc.unique(batch.column("check")).to_pylist():
        room = SHOWN_PER_CHECK - len(result[name])
        if room <= 0:
            continue
        own = batch.filter(pc.equal(batch.column("check"), name))
        skip = accepted.get(name)
        if skip:
            keys = pc.utf8_lower(own.column("id"))
            own = own.filter(pc.invert(pc.is_in(keys, value_set=pa.array(sorted(skip)))))
        result[name] += [
            Failing(
                name=row["name"] or row["id"] or "",
                type=row["type"] or "",
                resource_group=row["resourceGroup"] or "",
                subscription=row["subscriptionId"] or "",
                reason=row["reason"] or "",
            )
            for row in own.slice(0, room).to_pylist()
        ]


def _accepted(assessment: Assessment) -> dict[str, set[str]]:
    """Ids of resources that an exception takes out, in lower case, by check."""
    result: dict[str, set[str]] = {}
    for item in assessment.exceptions:
        if item.state in ("in-force", "expiring"):
            result.setdefault(item.exception.criterion, set()).update(
                name.lower() for name in item.exception.resources
            )
    return result
