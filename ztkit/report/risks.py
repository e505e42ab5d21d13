"""Conflicts, accepted risks and blind spots. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ztkit.model.assessment import Assessment, CriterionResult, ExceptionResult
from ztkit.report import words
from ztkit.report.gaps import blind_spots
from ztkit.report.inputs import ReportData
from ztkit.report.markup import Column, Content, Html, details, empty, join, section, symbol, table, tag

SHOWN = 8
_STATE_TONE = {
    "in-force": "good",
    "expiring": "open",
    "expired": "bad",
    "unused": "off",
    "not-applied": "open",
}
_STATE_ORDER = ("expired", "not-applied", "expiring", "in-force", "unused")


def risks(data: ReportData) -> Html:
    """Where answer and evidence disagree, which risks were accepted, and what could not be seen."""
    return section(
        "risks",
        "Conflicts, accepted risks, blind spots",
        _conflicts(data.assessment),
        _exceptions(data.assessment),
        _blind(data.assessment),
        lede="What a reader should know before trusting the numbers.",
    )


def _conflicts(assessment: Assessment) -> Html:
    heading = tag("h3", "Answers that the evidence contradicts")
    found = [item for item in assessment.criteria if item.conflict]
    if not found:
        return join([heading, empty("None: where there is both an answer and evidence, they agree.")])
    found.sort(key=lambda item: (not item.blocks, not item.must, -item.weight, item.id))
    columns = [
        Column("Question", "long"),
        Column("The answer", "long"),
        Column("The evidence", "number"),
        Column("Counted", "number"),
    ]
    return _folding(
        "Conflicts between answer and evidence", columns, [_conflict_row(item) for item in found], heading
    )


def _conflict_row(item: CriterionResult) -> tuple[Content, ...]:
    claim = item.claim
    said: Content = item.sentence if item.rule == "not-asked" else "–"
    if claim is not None and item.rule != "not-asked":
        worth = f" ({words.percent(claim.value)})" if claim.value is not None else ""
        who = ", ".join(part for part in (claim.respondent, words.day(claim.at)) if part)
        said = join(
            [
                f"“{claim.label or words.RULE['not-applicable']}”{worth}",
                tag("span", who, class_="note"),
                tag("span", f"Disputed: {claim.dispute}" if claim.dispute else "", class_="note"),
            ]
        )
    return (
        join(
            [
                item.title,
                tag(
                    "span",
                    "Leaves a required criterion open" if item.blocks and item.must else "",
                    class_="note",
                ),
            ]
        ),
        said,
        words.percent_interval(item.evidence) if item.evidence is not None else "–",
        words.percent_interval(item.value) if item.value is not None else "–",
    )


def _exceptions(assessment: Assessment) -> Html:
    heading = tag("h3", "Accepted risks")
    if not assessment.exceptions:
        return join([heading, empty("No risk was accepted: every failure counts.")])
    titles = {item.id: item.title for item in assessment.checks} | {
        item.id: item.title for item in assessment.criteria
    }
    ordered = sorted(
        assessment.exceptions, key=lambda item: (_STATE_ORDER.index(item.state), item.exception.expires)
    )
    states = [item.state for item in ordered]
    said = words.listed(
        [
            f"{states.count(state)} {words.EXCEPTION_STATE[state][1].lower()}"
            for state in _STATE_ORDER
            if state in states
        ]
    )
    columns = [
        Column("Risk", "long"),
        Column("State"),
        Column("Expires"),
        Column("Approved by"),
        Column("Takes out", "number"),
    ]
    rows = [_exception_row(item, titles) for item in ordered]
    intro = tag(
        "p",
        f"{words.count(len(ordered), 'exception')}: {said}. What they take out is neither counted as passed nor as failed.",
    )
    return _folding("Accepted risks", columns, rows, join([heading, intro]))


def _exception_row(item: ExceptionResult, titles: dict[str, str]) -> tuple[Content, ...]:
    exception = item.exception
    about: list[Content] = [
        titles.get(exception.criterion, exception.criterion),
        tag("span", f"Reason: {exception.reason}", class_="note"),
    ]
    if exception.compensating:
        about.append(tag("span", f"Instead: {exception.compensating}", class_="note"))
    if item.state == "not-applied":
        about.append(
            tag("span", "It names resources, and failing ones were counted and not named.", class_="note")
        )
    sign, name = words.EXCEPTION_STATE[item.state]
    return (
        join(about),
        symbol(sign, name, _STATE_TONE[item.state]),
        words.day(exception.expires),
        exception.approver,
        _takes_out(item),
    )


def _takes_out(item: ExceptionResult) -> str:
    if item.state == "expired":
        return "nothing any more"
    if item.state == "not-applied":
        return "nothing"
    return words.count(item.findings, "finding") if item.findings else "–"


def _blind(assessment: Assessment) -> Html:
    heading = tag("h3", "What could not be seen")
    unread = (
        [table_ for table_ in assessment.snapshot.tables if table_.status != "complete"]
        if assessment.snapshot
        else []
    )
    unknown = blind_spots(assessment)
    parts: list[Content] = [heading]
    if assessment.snapshot is None:
        parts.append(
            tag("p", "No inventory was read: every value rests on interviews alone.", class_="remark")
        )
    if unread:
        lines = [
            tag("li", tag("code", item.name), f": {item.status}", f", {item.reason}" if item.reason else "")
            for item in unread
        ]
        parts += [tag("p", "These parts of the inventory were not read in full:"), tag("ul", *lines)]
    if not unknown:
        parts.append(empty("Every criterion has a value."))
        return join(parts)
    columns = [
        Column("Criterion", "long"),
        Column("Pillar"),
        Column("Why it is unknown"),
        Column("Could bring, in points", "number"),
    ]
    rows = [
        (
            item.title,
            item.pillar.title(),
            words.RULE[item.rule],
            words.points(item.at_stake),
        )
        for item in unknown
    ]
    intro = tag(
        "p",
        f"{words.count(len(unknown), 'criterion', 'criteria')} without a known value make the interval as wide as it is.",
    )
    parts.append(_folding("Criteria without a known value", columns, rows, intro))
    return join(parts)


def _folding(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Content]], head: Content
) -> Html:
    """A table whose first rows are in view and whose rest opens on demand."""
    parts: list[Content] = [head, table(caption, columns, rows[:SHOWN])]
    if rows[SHOWN:]:
        parts.append(
            details(f"{len(rows) - SHOWN:,} more", table(f"{caption}, continued", columns, rows[SHOWN:]))
        )
    return join(parts)
