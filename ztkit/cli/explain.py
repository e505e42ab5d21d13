"""`ztkit explain`: from the index down to the rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from rich.markup import escape
from rich.table import Table

from ztkit.assess.ledger import ledger
from ztkit.cli.console import out
from ztkit.cli.verdict import interval, percent, stage
from ztkit.content.library import Library
from ztkit.errors import UsageError
from ztkit.model.assessment import (
    Assessment,
    CheckResult,
    CriterionResult,
    Interval,
    ObjectiveResult,
    PillarResult,
)


def print_explanation(assessment: Assessment, library: Library, findings: Path, what: str, rows: int) -> None:
    """Explain the index, a pillar, an objective, a question or a check.

    Raises:
        UsageError: there is nothing of that name in the assessment.
    """
    pillars: dict[str, PillarResult] = {item.id: item for item in assessment.pillars}
    objectives = {item.id: item for item in assessment.objectives}
    criteria = {item.id: item for item in assessment.criteria}
    checks = {item.id: item for item in assessment.checks}
    if not what:
        _index(assessment)
    elif what in pillars:
        _pillar(assessment, pillars[what])
    elif what in objectives:
        _objective(assessment, objectives[what])
    elif what in criteria:
        _criterion(assessment, criteria[what])
        for check in criteria[what].checks:
            if check in checks:
                _check(checks[check], assessment, library, findings, rows)
    elif what in checks:
        owner = next(item for item in assessment.criteria if what in item.checks)
        out.print(f"{what} is evidence of {owner.id}, which is scored.\n")
        _criterion(assessment, owner)
        _check(checks[what], assessment, library, findings, rows)
    else:
        raise UsageError(
            f"{what!r} is no pillar, objective, question or check of assessment {assessment.id}. "
            "`ztkit explain` without a name shows the pillars."
        )


def _index(assessment: Assessment) -> None:
    overall = assessment.overall
    out.print(
        f"[bold]Index {interval(overall.index)}[/] of 100 = the pillars' indexes by weight; exactly {overall.index.lower}"
    )
    table = _table("pillar", "weight", "index", "adds", "stage")
    for item in assessment.pillars:
        table.add_row(
            item.id,
            percent(item.weight),
            interval(item.index),
            f"{float(item.weight * item.index.lower):.2f}",
            stage(item.stage),
        )
    out.print(table)
    points = sum(row.points for row in ledger(assessment))
    out.print(f"The {len(assessment.criteria)} rows of the ledger add up to {points}, the index exactly.")
    out.print("Next: `ztkit explain PILLAR`, such as `ztkit explain network`.")


def _pillar(assessment: Assessment, pillar: PillarResult) -> None:
    parameters = assessment.parameters
    out.print(f"[bold]{pillar.title}: {interval(pillar.index)}[/] of 100, stage {stage(pillar.stage)}")
    out.print(
        f"= 100 × [{percent(parameters.share_of_initial)} × mean of baseline and initial objectives"
        f" + {percent(1 - parameters.share_of_initial)} × mean of additional ones, once all initial ones are met]"
    )
    if pillar.banked:
        out.print(
            f"{float(pillar.banked):.1f} points are banked: they count once every initial objective is met."
        )
    table = _table("objective", "tier", "state", "score", "known", "title")
    for item in assessment.objectives:
        if item.pillar == pillar.id:
            table.add_row(
                item.id, item.tier, item.state, _share(item.score), percent(item.coverage), escape(item.title)
            )
    out.print(table)
    out.print("Next: `ztkit explain OBJECTIVE`, such as the first that is not met.")


def _objective(assessment: Assessment, objective: ObjectiveResult) -> None:
    out.print(f"[bold]{escape(objective.title)}[/]\n{objective.id} · {objective.tier} · {objective.state}")
    out.print(
        f"Score {_share(objective.score)} = weight-mean of its criteria; met from {percent(assessment.parameters.met_from)} with every must met."
    )
    for must in objective.failed_musts:
        out.print(f"Not met: must {must} is below its threshold.")
    table = _table("criterion", "weight", "value", "state", "rule", "points", "")
    for item in assessment.criteria:
        if item.objective == objective.id:
            marks = " ".join(name for name, on in (("must", item.must), ("conflict", item.conflict)) if on)
            table.add_row(
                item.id,
                str(item.weight),
                _share(item.value),
                item.state,
                item.rule,
                f"{float(item.points):.2f}",
                marks,
            )
    out.print(table)
    out.print("Next: `ztkit explain CRITERION`.")


def _criterion(assessment: Assessment, item: CriterionResult) -> None:
    row = next(row for row in ledger(assessment) if row.criterion == item.id)
    out.print(f"[bold]{escape(item.title)}[/]\n{item.id} · {item.state} · rule {item.rule}")
    out.print(escape(item.sentence))
    if item.claim:
        said = item.claim.label or item.claim.kind
        out.print(
            f"Claim: {escape(said)}, by {escape(item.claim.respondent or 'unknown')}, {item.claim.age_days} days ago"
        )
        if item.claim.note:
            out.print(f"  {escape(item.claim.note)}")
    if item.conflict:
        out.print("[bold]Conflict:[/] what was said and what was found disagree.")
    out.print(
        f"Value {_share(item.value)}, needs {percent(item.threshold)}; {float(row.share) * 100:.3f} % of the index hangs on it: "
        f"{float(row.points):.3f} points" + (f", {float(row.banked):.3f} banked" if row.banked else "")
    )


def _check(check: CheckResult, assessment: Assessment, library: Library, findings: Path, rows: int) -> None:
    out.print(f"\n[bold]Check {check.id}[/]: {escape(check.title)}")
    out.print(
        f"{check.passed} pass, {check.failed} fail, {check.skipped} skipped, {check.excepted} excepted, {check.unseen} unseen"
        f" of {escape(check.unit)}; query {check.query_hash}"
    )
    if check.reason:
        out.print(escape(check.reason))
    shown = pq.read_table(findings, filters=[("check", "=", check.id), ("status", "=", "fail")])
    for row in shown.slice(0, rows).to_pylist():
        out.print(
            f"  fail  {escape(row['name'] or row['id'])}: {escape(row['reason'])}\n        {escape(row['id'])}"
        )
    if shown.num_rows > rows:
        out.print(
            f"  and {shown.num_rows - rows} more; --rows shows more of them, {findings.name} has them all"
        )
    if assessment.snapshot is not None and assessment.snapshot.named == "none" and check.failed:
        out.print("  Failing resources were counted in the tenant and not named.")
    if check.id in library.checks:
        out.print(f"`ztkit checks show {check.id} --kql` prints the query.")


def _share(value: Interval | None) -> str:
    if value is None:
        return "n/a"
    low, high = f"{float(value.lower) * 100:.0f}", f"{float(value.upper) * 100:.0f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column,
            overflow="fold",
            justify="right" if column in ("weight", "points", "adds", "value") else "left",
        )
    return table
