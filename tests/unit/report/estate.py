"""A believable assessment to render, with the extreme states that a report has to survive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ztkit.assess.compare import compare
from ztkit.assess.scoring import score_criteria
from ztkit.content.library import PILLARS, ContentPaths, Library, load_with_problems
from ztkit.model.assessment import (
    Assessment,
    CheckChange,
    CheckResult,
    Comparison,
    CriterionResult,
    ExceptionResult,
    Interval,
    Parameters,
    SnapshotRef,
)
from ztkit.model.check import Remediation
from ztkit.report import page
from ztkit.report.inputs import Failing, ReportData
from ztkit.report.render import to_html
from ztkit.report.wording import Wording
from ztkit.roadmap.priority import prioritise

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOSTILE = (
    "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>[x](javascript:alert(1)) **b**"
)
LONG = "Very-long-name-without-a-break-" * 6 + "at-the-end-of-it"

CHECKS: tuple[tuple[str, str, str, str, str, int, int], ...] = (
    ("network.nsg-no-management-ports", "network.1", "Management ports are closed to the internet", "network security groups", "critical", 182, 218),
    ("network.subnets-have-nsg", "network.1", "Every subnet has a network security group", "subnets", "high", 611, 140),
    ("network.app-gateway-tls", "network.3", "Application gateways refuse outdated TLS", "application gateways", "high", 22, 3),
    ("network.flow-logs", "network.4", "Flow logs are kept for every virtual network", "virtual networks", "medium", 41, 57),
    ("network.firewall-idps", "network.6", "Firewalls inspect and block intrusions", "firewalls", "high", 2, 4),
    ("identity.mfa-enforced", "identity.2", "Multi-factor authentication is enforced by policy", "tenants", "critical", 0, 1),
    ("identity.storage-shared-key-off", "identity.1", "Storage accounts refuse shared keys", "storage accounts", "high", 318, 96),
    ("identity.sign-in-logs-kept", "identity.3", "Sign-in records are kept for a year", "tenants", "medium", 1, 0),
    ("endpoint.machines-edr", "endpoint.4", "Machines run endpoint detection", "machines", "high", 1204, 61),
    ("endpoint.disks-encrypted", "endpoint.3", "Disks are encrypted on the host", "virtual machines", "medium", 402, 388),
    ("data.storage-no-anonymous", "data.3", "Storage accounts allow no anonymous access", "storage accounts", "critical", 409, 5),
    ("data.sql-tde", "data.2", "Databases are encrypted at rest", "databases", "high", 230, 0),
    ("data.keyvault-purge", "data.6", "Key vaults are protected from purging", "key vaults", "medium", 70, 26),
    ("infrastructure.defender-servers", "infrastructure.1", "Threat detection is on for servers", "subscriptions", "high", 30, 2),
    ("infrastructure.managed-identity", "infrastructure.2", "Applications sign in with a managed identity", "applications", "high", 140, 88),
    ("infrastructure.jit", "infrastructure.3", "Administration ports open just in time", "virtual machines", "critical", 201, 589),
    ("infrastructure.classic-gone", "infrastructure.0", "No classic resource is left", "classic resources", "medium", 0, 0),
)  # fmt: skip
ANSWERS = {
    Fraction(0): "Not in place",
    Fraction(1, 4): "A pilot, or a few of the obvious ones",
    Fraction(1, 2): "About half",
    Fraction(4, 5): "Most; what is missing is listed and has an owner",
    Fraction(1): "All; every exclusion is approved and reviewed",
}
_SPREAD = (
    Fraction(4, 5),
    Fraction(1),
    Fraction(1, 2),
    Fraction(1, 4),
    None,
    Fraction(4, 5),
    Fraction(1),
    Fraction(0),
    Fraction(4, 5),
)
_CONCERNS = ("network-breach", "identity-compromise", "data-exfiltration", "internet-exposure", "vm-attack")


def library() -> Library:
    """The shipped framework, whatever state the rest of the content is in."""
    return load_with_problems(ContentPaths(checks=(), questionnaires=Path("/nowhere")))[0]


def wording() -> Wording:
    """Words of the framework, and a remedy for every check and question of the estate."""
    remedies = {
        check: _remediation(f"Mend “{title.lower()}” wherever it fails, beginning with production.")
        for check, _, title, *_ in CHECKS
    }
    for objective in library().framework.objectives:
        for number in (1, 2):
            remedies[f"{objective.id}.question-{number}"] = _remediation(
                f"Agree who owns “{objective.title}”, and roll it out in two steps."
            )
    return Wording(
        business={item.id: item.business for item in library().framework.objectives},
        remedies=remedies,
        concerns={item.id: item.description for item in library().framework.concerns},
    )


def build(
    *,
    value: Any = "mixed",
    pillars: Sequence[str] = PILLARS,
    snapshot: bool = True,
    exceptions: int = 3,
    organisation: str = "Contoso Manufacturing",
    at: datetime = AT,
    better: int = 0,
    hostile: bool = False,
) -> Assessment:
    """Build an assessment.

    Args:
        value: ``mixed``, or the value of every answer: a fraction, or None for unknown.
        pillars: in scope.
        snapshot: False for interviews only.
        exceptions: how many accepted risks.
        organisation: who is assessed.
        at: when.
        better: how many failing resources of each check pass by now.
        hostile: names, notes and reasons are hostile text.
    """
    content = library()
    checks = [_check(row, better) for row in CHECKS if row[1].split(".")[0] in pillars] if snapshot else []
    if value != "mixed":
        checks = [_even(check, value) for check in checks]
    criteria = [_of_check(check, content) for check in checks]
    number = 0
    for objective in content.framework.objectives:
        for place in (1, 2):
            number += 1
            if objective.pillar in pillars:
                chosen = _SPREAD[(number * 7 + place) % len(_SPREAD)] if value == "mixed" else value
                criteria.append(_of_question(objective, place, chosen, number, at, hostile=hostile))
    criteria.sort(key=lambda item: (PILLARS.index(item.pillar), item.objective))
    scored = score_criteria(content, pillars, criteria, Parameters())  # type: ignore[arg-type]  # a stand-in library
    return Assessment(
        id=at.strftime("%Y-%m-%dT%H%MZ"),
        organisation=organisation,
        at=at,
        assessor=HOSTILE if hostile else "Jana Novak, Northwind Advisory",
        tool="ztkit 0.1.0",
        content_hash="4f5e8f2b6a1d" * 5 + "abcd",
        scope={
            "tenants": ("8d1f5a3e-0000-4000-8000-7b1f42f0a111",),
            "subscriptions": tuple(f"sub-{n:04d}" for n in range(32)),
        },
        pillars_in_scope=tuple(pillars),
        snapshot=_snapshot(at, hostile=hostile) if snapshot else None,
        parameters=Parameters(),
        overall=scored.overall,
        pillars=scored.pillars,
        objectives=scored.objectives,
        criteria=scored.criteria,
        concerns=scored.concerns,
        checks=tuple(checks),
        exceptions=tuple(_exception(n, at, hostile=hostile) for n in range(exceptions)),
    )


def report(assessment: Assessment | None = None, **changes: Any) -> ReportData:
    """A report's data around an assessment."""
    made = assessment or build()
    given = {
        "failing": failing(made),
        "wording": wording(),
        "items": prioritise(made),
        "history": (made,),
        **changes,
    }
    return ReportData(assessment=made, **given)


def compared() -> ReportData:
    """A report of the third of three assessments."""
    quarters = [
        build(at=AT - timedelta(days=92 * back), better=better)
        for back, better in ((2, -60), (1, -20), (0, 0))
    ]
    return report(quarters[-1], comparison=comparison(quarters[1], quarters[2]), history=tuple(quarters))


def comparison(before: Assessment, after: Assessment) -> Comparison:
    """What moved, with some findings."""
    moved = [
        CheckChange(
            id=check.id,
            title=check.title,
            severity=check.severity,
            fixed=17,
            new=4,
            still_failing=max(0, check.failed - 4),
            gone=2,
            unseen=0,
            examples_new=("vm-finance-01", "vm-finance-02", "nsg-dmz", "nsg-lab"),
            examples_fixed=("nsg-hr", "nsg-legal"),
        )
        for check in after.checks
        if check.failed
    ]
    return compare(before, after, moved)


def failing(assessment: Assessment, name: str = "nsg-prod") -> Mapping[str, Sequence[Failing]]:
    """Failing resources of every check that fails."""
    return {
        check.id: [
            Failing(
                f"{name}-{n:03d}",
                "microsoft.network/networksecuritygroups",
                "rg-production",
                "sub-0001",
                "Rule allow-all lets any address reach port 3389",
            )
            for n in range(min(20, check.failed))
        ]
        for check in assessment.checks
        if check.failed
    }


def write_findings(path: Path, assessment: Assessment, name: str = "nsg-prod") -> None:
    """findings.parquet of an assessment."""
    columns = (
        "check",
        "id",
        "name",
        "type",
        "resourceGroup",
        "subscriptionId",
        "location",
        "status",
        "reason",
    )
    rows = [
        (
            check.id,
            f"/subscriptions/s/{name}-{n:03d}",
            f"{name}-{n:03d}",
            "t",
            "rg-production",
            "sub-0001",
            "westeurope",
            status,
            f"because of {name}",
        )
        for check in assessment.checks
        for status, count in (("pass", check.passed), ("fail", check.failed))
        for n in range(count)
    ]
    pq.write_table(pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows]), path)


def _remediation(summary: str) -> Remediation:
    return Remediation(
        summary=summary, steps=("First.",), effort="S", user_impact="low", docs="https://example.org/docs"
    )


def _check(row: tuple[str, str, str, str, str, int, int], better: int) -> CheckResult:
    name, objective, title, unit, severity, passed, failed = row
    moved = min(failed, better) if better > 0 else -min(passed, -better)
    return _counted(
        CheckResult.model_validate(
            {
                "id": name, "title": title, "objective": objective, "severity": severity, "unit": unit, "outcome": "ok",
                "passed": passed + moved, "failed": failed - moved, "skipped": 3, "excepted": 2 if failed > 50 else 0,
                "unseen": 0, "rate": None, "coverage": 1, "reason": "", "tables": ("resources",), "query_hash": "9f86d081884c7d65",
            }
        )
    )  # fmt: skip


def _counted(check: CheckResult) -> CheckResult:
    total = check.passed + check.failed
    return check.model_copy(update={"rate": Fraction(check.passed, total) if total else None})


def _even(check: CheckResult, value: Fraction | None) -> CheckResult:
    """A check of which everything passes, fails or is unreadable."""
    if value is None:
        lost = {
            "outcome": "unreadable",
            "passed": 0,
            "failed": 0,
            "excepted": 0,
            "rate": None,
            "coverage": Fraction(0),
            "reason": "no permission",
        }
        return check.model_copy(update=lost)
    total = check.passed + check.failed
    return _counted(
        check.model_copy(update={"passed": round(total * value), "failed": total - round(total * value)})
    )


def _of_check(check: CheckResult, content: Library) -> CriterionResult:
    threshold = Fraction(1) if check.severity == "critical" else Fraction(4, 5)
    lost = check.outcome != "ok"
    if lost:
        shown, rule = Interval(lower=0, upper=1), "evidence-lost"
    elif check.rate is None:
        shown, rule = None, "nothing-in-scope"
    else:
        shown, rule = Interval(lower=check.rate, upper=check.rate), "decisive"
    quick = check.failed < 60
    return CriterionResult.model_validate(
        {
            **_blank(), "id": check.id, "kind": "check", "pillar": check.id.split(".")[0], "objective": check.objective,
            "tier": content.objectives[check.objective].tier, "title": check.title, "threshold": threshold,
            "weight": {"critical": 5, "high": 3, "medium": 2, "low": 1}[check.severity], "must": check.severity == "critical",
            "severity": check.severity, "rule": rule, "authority": "decisive", "evidence": shown, "value": shown,
            "known": rule == "decisive", "state": _state(shown, threshold), "basis": "verified" if rule == "decisive" else "none",
            "confidence": 1.0 if rule == "decisive" else 0.0, "checks": (check.id,),
            "concerns": (_CONCERNS[len(check.id) % 5], _CONCERNS[len(check.title) % 5]),
            "effort": "S" if quick else "M", "user_impact": "low" if quick else "medium",
            "sentence": "Nothing is in scope." if shown is None else "The evidence decides; 80 % needed.",
        }
    )  # fmt: skip


def _of_question(
    objective: Any, place: int, value: Fraction | None, number: int, at: datetime, *, hostile: bool
) -> CriterionResult:
    text = HOSTILE if hostile else "Shown in the change board's minutes of October."
    claim = None
    if value is not None:
        claim = {
            "kind": "answer", "answer": "most", "label": ANSWERS[value], "value": value, "note": text if number % 3 == 0 else "",
            "evidence": ("Policy export, 2026-10-04",) if number % 2 else (), "respondent": HOSTILE if hostile else "Head of identity",
            "at": at - timedelta(days=number * 4), "age_days": number * 4, "stale": number * 4 > 180, "earlier": number % 2,
        }  # fmt: skip
    conflict = value == Fraction(4, 5) and number % 4 == 0
    shown = Interval(lower=value, upper=value) if value is not None else Interval(lower=0, upper=1)
    if conflict:
        shown = Interval(lower=Fraction(1, 4), upper=Fraction(1, 4))
    state = _state(shown, Fraction(4, 5))
    return CriterionResult.model_validate(
        {
            **_blank(), "id": f"{objective.id}.question-{place}", "kind": "question", "pillar": objective.pillar,
            "objective": objective.id, "tier": objective.tier,
            "title": f"How far is this in place: {objective.title}" + ("?" if place == 1 else ", and is it reviewed?"),
            "weight": 3 if place == 1 else 2, "threshold": "4/5", "must": place == 1 and number % 5 == 0, "severity": "high",
            "rule": "unanswered" if value is None else "corroborating" if conflict else "attested", "claim": claim,
            "evidence": shown if conflict else None, "value": shown, "known": value is not None, "state": state,
            "conflict": conflict, "blocks": conflict, "basis": "none" if value is None else "conflict" if conflict else "attested",
            "confidence": 0.4, "concerns": (_CONCERNS[number % 5],), "effort": ("S", "M", "L")[number % 3],
            "user_impact": ("none", "medium", "high", "low")[number % 4],
            "sentence": "Nobody has answered yet." if value is None else f"“{ANSWERS[value]}” was said, and no evidence was read; 80 % needed.",
        }
    )  # fmt: skip


def _blank() -> dict[str, Any]:
    return {
        "authority": None, "claim": None, "conflict": False, "blocks": False, "checks": (), "technologies": (),
        "points": 0, "at_stake": 0, "banked": 0,
    }  # fmt: skip


def _state(value: Interval | None, threshold: Fraction) -> str:
    if value is None:
        return "not-applicable"
    return "met" if value.lower >= threshold else "not-met" if value.upper < threshold else "unknown"


def _snapshot(at: datetime, *, hostile: bool) -> SnapshotRef:
    return SnapshotRef.model_validate(
        {
            "id": "2026-11-21T0600Z", "taken": at - timedelta(days=1), "source": "import", "hash": "ab" * 32, "rows": 48211,
            "tables": [
                {"name": "resources", "rows": 41022, "status": "complete"},
                {"name": "securityresources", "rows": 7189, "status": "partial", "reason": HOSTILE if hostile else "page 8 of 9 failed"},
                {"name": "policyresources", "rows": 0, "status": "unreadable", "reason": "the reader role is missing"},
            ],
        }
    )  # fmt: skip


def _exception(number: int, at: datetime, *, hostile: bool) -> ExceptionResult:
    row = CHECKS[number % len(CHECKS)]
    return ExceptionResult.model_validate(
        {
            "exception": {
                "criterion": row[0],
                "resources": (f"/subscriptions/s/nsg-prod-{number:03d}",),
                "reason": HOSTILE
                if hostile
                else "The vendor's appliance needs it until it is replaced in spring.",
                "approver": "CISO",
                "expires": date(2026, 11, 1) + timedelta(days=40 * number),
                "compensating": "A firewall in front of it admits two addresses only." if number % 2 else "",
            },
            "state": ("expired", "expiring", "in-force", "unused")[min(number, 3) if number < 4 else 2],
            "findings": 2 if number < 3 else 1,
        }
    )


def page_of(data: ReportData) -> str:
    """The whole page, without a kernel: the sections' outputs in a notebook, through the project's template."""
    outputs = [new_output("execute_result", {"text/html": show(data).text}) for show in page.SECTIONS]
    notebook = new_notebook(cells=[new_code_cell("secret_code()", outputs=[output]) for output in outputs])
    return to_html(notebook, title=data.assessment.organisation)
