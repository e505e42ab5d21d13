"""The appendix: how to read the report, ledger, evidence, responses, manifest. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ztkit.assess.ledger import LedgerRow, ledger
from ztkit.model.assessment import Assessment, CheckResult, Claim, CriterionResult
from ztkit.model.types import SEVERITY_WEIGHT, SOURCE_TITLES
from ztkit.report import words
from ztkit.report.inputs import SHOWN_PER_CHECK, Failing, ReportData
from ztkit.report.markup import Column, Content, Html, details, empty, join, section, symbol, table, tag
from ztkit.report.maturity import TONE

_TERMS = (
    ("Stage", "Traditional, Advanced or Optimal. The stage of a pillar follows from its objectives, the overall stage from the weakest pillar."),
    ("Index", "A number from 0 to 100 for progress. It is an interval: its lower end counts everything unknown as missing, its upper end as in place."),
    ("Known", "The share of criteria, by weight, that has a value. What is unknown counts neither as failed nor as passed."),
    ("Proven by evidence", "The index without answers that nothing but a person's word supports."),
    ("Banked", "Points of additional objectives that count as soon as all baseline and initial objectives of their pillar are met."),
    ("Conflict", "An answer and the evidence lie half the scale apart, or on different sides of what is needed. Evidence is never raised by an answer."),
    ("Accepted risk", "A failure that someone approved until a date. It is left out of the score and shown in this report."),
)  # fmt: skip


def appendix(data: ReportData) -> Html:
    """Everything that the numbers stand on."""
    assessment = data.assessment
    return section(
        "appendix",
        "Appendix",
        _reading(),
        _ledger(assessment),
        _evidence(data),
        _responses(assessment),
        _manifest(data),
        lede="How to read this report, and what every number in it stands on.",
    )


def _reading() -> Html:
    terms = [part for name, meaning in _TERMS for part in (tag("dt", name), tag("dd", meaning))]
    return join([tag("h3", "How to read this report", id="reading"), tag("dl", *terms, class_="terms")])


def _ledger(assessment: Assessment) -> Html:
    heading = tag("h3", "Ledger", id="ledger")
    rows = ledger(assessment)
    if not rows:
        return join([heading, empty("No criterion is in scope.")])
    criteria = {item.id: item for item in assessment.criteria}
    total = sum((row.points for row in rows), start=rows[0].points * 0)
    intro = tag(
        "p",
        f"One row a criterion. The points add up to the index exactly: {words.rounded(total, 2)} of 100. "
        "The share is how much of the whole index hangs on the criterion.",
    )
    blocks = []
    for pillar in assessment.pillars:
        own = [row for row in rows if row.pillar == pillar.id]
        if own:
            points = sum((row.points for row in own), start=own[0].points * 0)
            summary = f"{pillar.title}: {words.count(len(own), 'criterion', 'criteria')}, {words.rounded(points, 2)} points"
            blocks.append(details(summary, _ledger_table(pillar.title, own, criteria)))
    return join([heading, intro, *blocks])


def _ledger_table(title: str, rows: Sequence[LedgerRow], criteria: dict[str, CriterionResult]) -> Html:
    columns = [
        Column("Criterion", "long"), Column("State"), Column("Value", "number"), Column("Share", "number"),
        Column("Points", "number"), Column("Banked", "number"), Column("Why", "long"),
    ]  # fmt: skip
    body = []
    for row in rows:
        item = criteria[row.criterion]
        value = words.percent_interval(item.value) if item.value is not None else "–"
        marks = [word for word, applies in (("required", item.must), ("conflict", item.conflict)) if applies]
        why = f"{words.RULE[item.rule]}; confidence {item.confidence:.2f}. {row.sentence}"
        body.append(
            (
                join([item.title, tag("span", " · ".join([item.id, *marks]), class_="note code")]),
                symbol(*words.CRITERION_STATE[item.state], TONE[item.state]),
                value,
                f"{words.rounded(100 * row.share, 2)}{words.NBSP}%",
                words.rounded(row.points, 2),
                words.rounded(row.banked, 2) if row.banked else "–",
                why,
            )
        )
    return table(f"Ledger of {title}", columns, body)


def _evidence(data: ReportData) -> Html:
    heading = tag("h3", "Evidence", id="evidence")
    checks = data.assessment.checks
    if not checks:
        return join([heading, empty("No inventory was read.")])
    order = sorted(checks, key=lambda check: (-SEVERITY_WEIGHT[check.severity], -check.failed, check.id))
    failing = [check for check in order if check.failed]
    overview = details(f"All {words.count(len(order), 'check')} in numbers", _check_table(order))
    if _names_none(data.assessment):
        lists: list[Content] = []
    elif data.failing is None:
        lists = [
            tag(
                "p", "Failing resources are named in findings.parquet, which was not at hand for this report."
            )
        ]
    else:
        lists = [_failing(check, data.failing.get(check.id, ())) for check in failing]
    intro = tag(
        "p",
        f"{words.count(len(checks), 'check')} ran on the inventory; {len(failing):,} of them fail for "
        f"{words.count(sum(check.failed for check in failing), 'resource finding')}. {_naming(data.assessment)}",
    )
    return join([heading, intro, overview, tag("div", *lists, class_="on-screen")])


def _names_none(assessment: Assessment) -> bool:
    return assessment.snapshot is not None and assessment.snapshot.named == "none"


def _naming(assessment: Assessment) -> str:
    """Which resources are named, and where the others are."""
    if _names_none(assessment):
        return "They were counted in the tenant; no resource is named, here or in findings.parquet."
    live = assessment.snapshot is not None and assessment.snapshot.named == "failing"
    rest = "that fail; what passes stayed in the tenant" if live else ""
    return (
        f"At most {SHOWN_PER_CHECK} resources are named for each, on the screen only; "
        f"findings.parquet has all{' ' + rest if rest else ''}."
    )


def _check_table(checks: Sequence[CheckResult]) -> Html:
    columns = [
        Column("Check", "long"), Column("Severity"), Column("Pass", "number"), Column("Fail", "number"),
        Column("Accepted", "number"), Column("Skipped", "number"), Column("Unseen", "number"), Column("Rate", "number"),
        Column("Query", "code"),
    ]  # fmt: skip
    rows: list[tuple[Content, ...]] = []
    for check in checks:
        notes = [check.id] + (
            [f"{check.outcome}: {check.reason}"] if check.outcome != "ok" or check.reason else []
        )
        numbers = (check.passed, check.failed, check.excepted, check.skipped, check.unseen)
        rows.append(
            (
                join([check.title, *(tag("span", note, class_="note") for note in notes)]),
                check.severity.title(),
                *(f"{number:,}" if number else "–" for number in numbers),
                words.percent(check.rate) if check.rate is not None else "–",
                check.query_hash,
            )
        )
    return table("Checks in numbers", columns, rows)


def _failing(check: CheckResult, rows: Sequence[Failing]) -> Html:
    summary = f"{check.title}: {check.failed:,} of {check.failed + check.passed:,} {check.unit} fail"
    if not rows:
        return details(summary, tag("p", "The findings name none of them."))
    columns = [
        Column("Resource"),
        Column("Resource group"),
        Column("Subscription", "code"),
        Column("Reason", "long"),
    ]
    named = table(
        f"Resources that fail: {check.title}",
        columns,
        [(row.name, row.resource_group, row.subscription, row.reason) for row in rows],
    )
    more = check.failed - len(rows)
    rest = tag("p", f"and {more:,} more in findings.parquet", class_="note") if more > 0 else ""
    return details(summary, named, rest)


def _responses(assessment: Assessment) -> Html:
    heading = tag("h3", "Responses", id="responses")
    answered = [(item, item.claim) for item in assessment.criteria if item.claim is not None]
    open_ = sum(item.kind == "question" and item.claim is None for item in assessment.criteria)
    if not answered:
        return join([heading, empty("Nobody was asked yet.")])
    intro = tag("p", f"{words.count(len(answered), 'question')} answered, {open_:,} not answered.")
    columns = [
        Column("Question", "long"),
        Column("Response", "long"),
        Column("Evidence named", "long"),
        Column("By"),
        Column("When"),
    ]
    blocks = []
    for pillar in assessment.pillars:
        own = [(item, claim) for item, claim in answered if item.pillar == pillar.id]
        if own:
            rows = [_response_row(item, claim) for item, claim in own]
            blocks.append(
                details(
                    f"{pillar.title}: {words.count(len(own), 'response')}",
                    table(f"Responses, {pillar.title}", columns, rows),
                )
            )
    return join([heading, intro, *blocks])


def _response_row(item: CriterionResult, claim: Claim) -> tuple[Content, ...]:
    label = {
        "answer": claim.label or "An answer that the question no longer has",
        "dont-know": "Don't know",
        "not-applicable": "Does not apply",
    }
    notes = [claim.note]
    if claim.kind == "not-applicable":
        notes.append(
            f"{claim.rationale or 'no rationale'}; approved by {claim.approver or 'nobody'}, until {claim.expires or 'no date'}"
        )
    age = f"{words.count(claim.age_days, 'day')} old" + (", out of date" if claim.stale else "")
    earlier = f"replaces {words.count(claim.earlier, 'earlier response')}" if claim.earlier else ""
    return (
        join([item.title, tag("span", item.id, class_="note code")]),
        join([label[claim.kind], *(tag("span", note, class_="note") for note in notes if note)]),
        ", ".join(claim.evidence) or "–",
        claim.respondent or "–",
        join(
            [
                words.day(claim.at),
                tag("span", "; ".join(part for part in (age, earlier) if part), class_="note"),
            ]
        ),
    )


def _manifest(data: ReportData) -> Html:
    assessment = data.assessment
    snapshot, scope, parameters = assessment.snapshot, assessment.scope, assessment.parameters
    weights = ", ".join(f"{name} {value}" for name, value in parameters.pillar_weights.items()) or "equal"
    entries: list[tuple[str, str]] = [
        ("Organisation", assessment.organisation),
        ("Assessment", assessment.id),
        ("Moment", words.minute(assessment.at)),
        ("Assessor", assessment.assessor or "not named"),
        ("Tool", assessment.tool),
        ("Content", assessment.content_hash),
        ("Pillars in scope", ", ".join(assessment.pillars_in_scope)),
        ("Evidence in scope", _services(assessment)),
        ("Tenants", _some(scope.tenants)),
        ("Subscriptions", _some(scope.subscriptions)),
        ("Management groups", _some(scope.management_groups)),
        ("Compared with", data.comparison.before if data.comparison else "nothing"),
        (
            "Scoring",
            f"share of initial objectives {parameters.share_of_initial}, met from {parameters.met_from}, evidence counts from coverage "
            f"{parameters.coverage_that_counts}, stage is named from coverage {parameters.coverage_to_decide}, pillar weights {weights}",
        ),
    ]
    if snapshot is None:
        entries.append(("Snapshot", "none: interviews only"))
    elif snapshot.source == "live":
        kept = "counts alone" if snapshot.named == "none" else "counts, and the resources that fail"
        entries.append(("Snapshot", f"none: asked in the tenant {words.minute(snapshot.taken)}, for {kept}"))
    else:
        entries += [
            ("Snapshot", f"{snapshot.id}, taken {words.minute(snapshot.taken)}, {snapshot.source}"),
            ("Snapshot hash", snapshot.hash),
        ]
    rows = [part for name, value in entries for part in (tag("dt", name), tag("dd", value))]
    parts: list[Content] = [
        tag("h3", "Run manifest", id="manifest"),
        tag("dl", *rows, class_="terms manifest"),
    ]
    if snapshot is not None and snapshot.tables:
        columns = [
            Column("Table", "code"),
            Column("Rows", "number"),
            Column("Status"),
            Column("Reason", "long"),
        ]
        body = [(item.name, f"{item.rows:,}", item.status, item.reason or "–") for item in snapshot.tables]
        parts.append(
            details(
                f"{words.count(len(body), 'table')} of the inventory",
                table("Tables of the inventory", columns, body),
            )
        )
    return join(parts)


def _services(assessment: Assessment) -> str:
    """Services in scope, and those left out by name: a reader must not take them for read."""
    within = [title for name, title in SOURCE_TITLES.items() if name in assessment.sources]
    without = [title for name, title in SOURCE_TITLES.items() if name not in assessment.sources]
    left_out = f"; left out: {', '.join(without)}" if without else ""
    return (", ".join(within) or "none") + left_out


def _some(names: Sequence[str], shown: int = 10) -> str:
    if not names:
        return "not recorded"
    return ", ".join(names[:shown]) + (f" and {len(names) - shown:,} more" if len(names) > shown else "")
