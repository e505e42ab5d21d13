"""Makes an assessment: snapshot + responses + exceptions + content, evaluated, scored and written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ztkit import __version__
from ztkit.assess.criteria import Inputs
from ztkit.assess.evaluate import FINDINGS, CheckRun, evaluate
from ztkit.assess.evidence import coverage_of
from ztkit.assess.ledger import ledger
from ztkit.assess.scoring import score
from ztkit.collect.snapshot import open_snapshot
from ztkit.content.library import Library
from ztkit.errors import ContentError
from ztkit.model.assessment import (
    Assessment,
    CheckResult,
    ExceptionResult,
    SnapshotRef,
    TableRead,
)
from ztkit.model.check import Check
from ztkit.model.response import Response, RiskException
from ztkit.model.snapshot import Scope, SnapshotManifest
from ztkit.model.types import SourceId
from ztkit.workspace import Workspace, write_model

EXPIRING_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Plan:
    """What an assessment is to be made of.

    Attributes:
        snapshot: id of the snapshot; None for interviews only.
        at: the moment that ages and expiries count from.
        without: services left out of this assessment on purpose, besides those that the engagement leaves out.
    """

    snapshot: str | None
    at: datetime
    assessor: str = ""
    without: frozenset[SourceId] = frozenset()


def assess(
    workspace: Workspace,
    library: Library,
    plan: Plan,
    progress: Callable[[CheckRun], None] = lambda _: None,
) -> Assessment:
    """Make an assessment and write it: ``result.json``, ``findings.parquet``, ``ledger.parquet``.

    Raises:
        ContentError: responses or exceptions name what does not exist.
        SnapshotError: the snapshot is damaged.
    """
    engagement = workspace.engagement()
    responses = workspace.responses()
    exceptions = workspace.exceptions()
    _refuse_unknown(library, responses, exceptions)
    in_force = [item for item in exceptions if item.expires >= plan.at.date()]
    manifest = workspace.manifest(plan.snapshot) if plan.snapshot else None
    evidence_from = tuple(name for name in engagement.sources if name not in plan.without)
    identifier = workspace.new_id("assessments", plan.at)
    with workspace.building("assessments", identifier) as folder:
        checks: list[CheckResult] = []
        if manifest is not None:
            wanted = [
                check
                for check in library.checks.values()
                if check.pillar in engagement.pillars and check.source in evidence_from
            ]
            checks = _evaluate(workspace, manifest, wanted, in_force, folder / "findings.parquet", progress)
        else:
            pq.write_table(FINDINGS.empty_table(), folder / "findings.parquet")
        inputs = Inputs(
            at=plan.at,
            checks={item.id: item for item in checks},
            responses=responses,
            accepted=frozenset(item.criterion for item in in_force if not item.resources),
            snapshot_age_days=max(0, (plan.at - manifest.taken).days) if manifest else 0,
        )
        scored = score(library, engagement.pillars, inputs, engagement.scoring)
        assessment = Assessment(
            id=identifier,
            organisation=engagement.organisation,
            at=plan.at.astimezone(UTC),
            assessor=plan.assessor or engagement.assessor,
            tool=f"ztkit {__version__}",
            content_hash=library.hash,
            scope=manifest.scope if manifest else Scope(),
            pillars_in_scope=engagement.pillars,
            sources=evidence_from,
            snapshot=_reference(manifest) if manifest else None,
            parameters=engagement.scoring,
            overall=scored.overall,
            pillars=scored.pillars,
            objectives=scored.objectives,
            criteria=scored.criteria,
            concerns=scored.concerns,
            checks=tuple(checks),
            exceptions=tuple(
                _exception_results(exceptions, checks, library, plan.at, folder / "findings.parquet")
            ),
        )
        write_model(folder / "result.json", assessment)
        _write_ledger(assessment, folder / "ledger.parquet")
    return assessment


def _evaluate(
    workspace: Workspace,
    manifest: SnapshotManifest,
    checks: Sequence[Check],
    in_force: Sequence[RiskException],
    path: Path,
    progress: Callable[[CheckRun], None],
) -> list[CheckResult]:
    """Run the checks on a snapshot, write their findings, and count them with exceptions taken out."""
    excepted: dict[str, int] = {}

    with pq.ParquetWriter(path, FINDINGS, compression="zstd") as writer:

        def observe(run: CheckRun, findings: pa.Table) -> None:
            if findings.num_rows:
                writer.write_table(findings)
            excepted[run.check] = excepted_failures(
                findings, [item for item in in_force if item.criterion == run.check]
            )
            progress(run)

        with open_snapshot(workspace, manifest.id) as inventory:
            runs = evaluate(checks, inventory, manifest.taken, observe)
    by_id = {check.id: check for check in checks}
    return [check_result(by_id[run.check], run, excepted[run.check]) for run in runs]


def excepted_failures(findings: pa.Table, exceptions: Sequence[RiskException]) -> int:
    """How many failing findings of one check its exceptions take out."""
    if not exceptions:
        return 0
    failing = pc.utf8_lower(findings.filter(pc.equal(findings["status"], "fail"))["id"])
    if any(not item.resources for item in exceptions):
        return len(failing)
    ids = {resource.lower() for item in exceptions for resource in item.resources}
    return int(pc.sum(pc.is_in(failing, value_set=pa.array(sorted(ids)))).as_py() or 0)


def check_result(check: Check, run: CheckRun, excepted: int) -> CheckResult:
    """A check's run as the assessment keeps it, after exceptions."""
    failed = run.failed - excepted
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
        excepted=excepted,
        unseen=run.unseen,
        rate=f"{run.passed}/{counted}" if counted else None,
        coverage=0,
        reason=run.reason,
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


def _reference(manifest: SnapshotManifest) -> SnapshotRef:
    digest = hashlib.sha256(json.dumps([table.sha256 for table in manifest.tables]).encode()).hexdigest()
    return SnapshotRef(
        id=manifest.id,
        taken=manifest.taken,
        source=manifest.source,
        hash=digest,
        rows=sum(table.rows for table in manifest.tables),
        tables=tuple(
            TableRead(name=table.name, rows=table.rows, status=table.status, reason=table.reason)
            for table in manifest.tables
        ),
    )


def _exception_results(
    exceptions: Sequence[RiskException],
    checks: Sequence[CheckResult],
    library: Library,
    at: datetime,
    findings: Path,
) -> list[ExceptionResult]:
    by_id = {item.id: item for item in checks}
    results = []
    for item in exceptions:
        count = 0
        if item.criterion in by_id:
            failing = pq.read_table(
                findings,
                columns=["id", "status"],
                filters=[("check", "=", item.criterion), ("status", "=", "fail")],
            )
            count = excepted_failures(failing, [item])
        expired = item.expires < at.date()
        unused = item.criterion in library.checks and not count
        soon = item.expires < (at + EXPIRING_WITHIN).date()
        state = "expired" if expired else "unused" if unused else "expiring" if soon else "in-force"
        results.append(ExceptionResult(exception=item, state=state, findings=count))
    return results


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
