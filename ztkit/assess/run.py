"""Makes an assessment: evidence + responses + exceptions + content, evaluated, scored and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ztkit import __version__
from ztkit.assess.criteria import Inputs
from ztkit.assess.evaluate import CheckRun
from ztkit.assess.evidence import coverage_of
from ztkit.assess.exceptions import TakenOut, exception_results, in_force, take_out
from ztkit.assess.findings import FindingsFile
from ztkit.assess.ledger import ledger
from ztkit.assess.scoring import score
from ztkit.assess.sources import EvidenceSource, Reading
from ztkit.content.library import Library
from ztkit.errors import ContentError
from ztkit.model.assessment import Assessment, CheckResult
from ztkit.model.check import Check
from ztkit.model.response import Response, RiskException
from ztkit.model.types import SourceId
from ztkit.workspace import Workspace, write_model


@dataclass(frozen=True)
class Plan:
    """How an assessment is to be made.

    Attributes:
        at: the moment that ages and expiries count from.
        without: services left out of this assessment on purpose, besides those that the engagement leaves out.
    """

    at: datetime
    assessor: str = ""
    without: frozenset[SourceId] = frozenset()


def assess(
    workspace: Workspace,
    library: Library,
    source: EvidenceSource,
    plan: Plan,
    progress: Callable[[CheckRun], None] = lambda _: None,
) -> Assessment:
    """Make an assessment and write it: ``result.json``, ``findings.parquet``, ``ledger.parquet``.

    Args:
        workspace: the engagement, with its responses and exceptions.
        library: the content.
        source: where evidence comes from.
        plan: moment, assessor, services left out.
        progress: told of each check that was run.

    Raises:
        ContentError: responses or exceptions name what does not exist.
        ZtkitError: the inventory cannot be read; see the source. Nothing is written then.
    """
    engagement = workspace.engagement()
    responses = workspace.responses()
    exceptions = workspace.exceptions()
    _refuse_unknown(library, responses, exceptions)
    evidence_from = tuple(name for name in engagement.sources if name not in plan.without)
    wanted = [
        check
        for check in library.checks.values()
        if check.pillar in engagement.pillars and check.source in evidence_from
    ]
    identifier = workspace.new_id("assessments", plan.at)
    with workspace.building("assessments", identifier) as folder:
        reading, taken_out = _read(source, wanted, exceptions, plan.at, folder / "findings.parquet", progress)
        checks = [check_result(library.checks[run.check], run, taken_out[run.check]) for run in reading.runs]
        snapshot = reading.snapshot
        inputs = Inputs(
            at=plan.at,
            checks={item.id: item for item in checks},
            responses=responses,
            accepted=frozenset(
                item.criterion for item in in_force(exceptions, plan.at) if not item.resources
            ),
            snapshot_age_days=max(0, (plan.at - snapshot.taken).days) if snapshot else 0,
        )
        scored = score(library, engagement.pillars, inputs, engagement.scoring)
        assessment = Assessment(
            id=identifier,
            organisation=engagement.organisation,
            at=plan.at.astimezone(UTC),
            assessor=plan.assessor or engagement.assessor,
            tool=f"ztkit {__version__}",
            content_hash=library.hash,
            scope=reading.scope,
            pillars_in_scope=engagement.pillars,
            sources=evidence_from,
            snapshot=snapshot,
            parameters=engagement.scoring,
            overall=scored.overall,
            pillars=scored.pillars,
            objectives=scored.objectives,
            criteria=scored.criteria,
            concerns=scored.concerns,
            checks=tuple(checks),
            exceptions=tuple(
                exception_results(
                    exceptions,
                    taken_out,
                    library.checks,
                    plan.at,
                    named=snapshot is None or snapshot.named != "none",
                )
            ),
        )
        write_model(folder / "result.json", assessment)
        _write_ledger(assessment, folder / "ledger.parquet")
    return assessment


def _read(
    source: EvidenceSource,
    checks: Sequence[Check],
    exceptions: Sequence[RiskException],
    at: datetime,
    path: Path,
    progress: Callable[[CheckRun], None],
) -> tuple[Reading, dict[str, TakenOut]]:
    """Run the checks, write their findings, and hold the exceptions against them."""
    taken_out: dict[str, TakenOut] = {}

    with FindingsFile(path, [check.id for check in checks]) as file:

        def observe(run: CheckRun, findings: pa.Table) -> None:
            file.add(run.check, findings)
            own = [item for item in exceptions if item.criterion == run.check]
            taken_out[run.check] = take_out(run, findings, own, at)
            progress(run)

        return source.read(checks, observe), taken_out


def check_result(check: Check, run: CheckRun, taken_out: TakenOut) -> CheckResult:
    """A check's run as the assessment keeps it, after exceptions."""
    failed = run.failed - taken_out.count
    counted = run.passed + failed
    result = CheckResult(
        id=check.id,
        title=check.title,
        objective=check.objective,
        severity=check.severity,
        unit=check.unit,
        outcome=run.outcome,
        passed=run.passed,
        failed=failed,
        skipped=run.skipped,
        excepted=taken_out.count,
        unseen=run.unseen,
        rate=f"{run.passed}/{counted}" if counted else None,
        coverage=0,
        reason="; ".join(filter(None, [run.reason, taken_out.note])),
        tables=run.tables,
        query_hash=run.query_hash,
    )
    return result.model_copy(update={"coverage": coverage_of(result)})


def _refuse_unknown(
    library: Library, responses: Mapping[str, Sequence[Response]], exceptions: Sequence[RiskException]
) -> None:
    """Responses and exceptions must name what exists; all that do not are named at once."""
    problems = [
        f"responses.jsonl: there is no question {name!r}"
        for name in responses
        if name not in library.questions
    ]
    for name, given in responses.items():
        if name in library.questions:
            known = {answer.id for answer in library.questions[name].answers}
            unknown = {item.answer for item in given if item.answer is not None and item.answer not in known}
            problems += [
                f"responses.jsonl: {answer!r} is no answer of {name}; there are {', '.join(sorted(known))}"
                for answer in sorted(unknown)
            ]
    problems += [
        f"exceptions.yaml: there is no criterion {item.criterion!r}"
        for item in exceptions
        if item.criterion not in library.questions and item.criterion not in library.checks
    ]
    if problems:
        raise ContentError(problems)


def _write_ledger(assessment: Assessment, path: Path) -> None:
    """The ledger as Parquet; exact numbers as text."""
    rows = [
        {
            name: str(value)
            if type(value).__name__ == "Fraction"
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in vars(row).items()
        }
        for row in ledger(assessment)
    ]
    schema = pa.schema(
        [
            (
                name,
                pa.list_(pa.string())
                if name in ("checks", "query_hashes")
                else pa.int64()
                if name == "weight"
                else pa.string(),
            )
            for name in (
                "criterion pillar objective tier rule claim checks query_hashes weight lower upper share points banked sentence"
            ).split()
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
