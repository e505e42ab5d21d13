"""What moved since the assessment before. Pure."""

from __future__ import annotations

from ztkit.model.assessment import CheckChange, Comparison, ObjectiveChange
from ztkit.model.types import SEVERITY_WEIGHT
from ztkit.report import words
from ztkit.report.inputs import ReportData
from ztkit.report.markup import Column, Content, Html, details, empty, join, section, table, tag

SHOWN = 6
"""Rows that a table shows before the rest folds away."""


def changes(data: ReportData) -> Html:
    """Index, stages, objectives and findings, before and now."""
    title = "What changed"
    if data.comparison is None:
        return section(
            "changes",
            title,
            empty("This is the first assessment that is reported: there is nothing to compare with yet."),
        )
    moved = data.comparison
    parts: list[Content] = []
    if not moved.same_content:
        parts.append(
            tag(
                "p",
                tag("strong", "Questions or checks changed in between."),
                " Part of every movement below may come from that. Scoring the earlier snapshot again with today's "
                "content compares like with like.",
                class_="remark warn",
            )
        )
    parts += [_stages(moved), _objectives(moved), _findings(moved)]
    sign, said = words.movement(moved.overall)
    lede = (
        f"Since {words.day(moved.before_at)}: index {words.interval(moved.overall.before)} then, "
        f"{words.interval(moved.overall.after)} now ({sign} {said})."
    )
    return section("changes", title, *parts, lede=lede)


def _stages(moved: Comparison) -> Html:
    columns = [
        Column("Pillar"),
        Column("Stage then"),
        Column("Stage now"),
        Column("Index then", "number"),
        Column("Index now", "number"),
        Column("Movement"),
    ]
    rows = [
        (
            item.title,
            words.stage(item.stage_before),
            words.stage(item.stage_after),
            words.interval(item.index.before),
            words.interval(item.index.after),
            " ".join(words.movement(item.index)),
        )
        for item in moved.pillars
    ]
    total = (
        "Overall",
        words.stage(moved.stage_before),
        words.stage(moved.stage_after),
        words.interval(moved.overall.before),
        words.interval(moved.overall.after),
        " ".join(words.movement(moved.overall)),
    )
    return table("Stages and index, then and now", columns, [*rows, total])


def _objectives(moved: Comparison) -> Html:
    heading = tag("h3", "Objectives")
    order = {"met": 3, "undetermined": 1, "not-met": 0, "not-applicable": 2}
    crossed = [item for item in moved.objectives if item.state_before != item.state_after]
    others = len(moved.objectives) - len(crossed)
    if not moved.objectives:
        return join([heading, empty("No objective moved.")])
    rest = f"{words.count(others, 'further objective')} moved without changing state." if others else ""
    if not crossed:
        return join([heading, tag("p", rest)])
    crossed.sort(key=lambda item: (order[item.state_before] - order[item.state_after], item.id))
    shown = table(
        "Objectives whose state changed",
        [
            Column("Objective", "long"),
            Column("Then"),
            Column("Now"),
            Column("Score then", "number"),
            Column("Score now", "number"),
        ],
        [_objective_row(item) for item in crossed],
    )
    return join([heading, shown, tag("p", rest, class_="note") if rest else ""])


def _objective_row(item: ObjectiveChange) -> tuple[Content, ...]:
    return (
        f"{item.id.split('.')[0].title()}: {item.title}",
        " ".join(words.OBJECTIVE_STATE[item.state_before]),
        " ".join(words.OBJECTIVE_STATE[item.state_after]),
        words.percent_interval(item.score.before),
        words.percent_interval(item.score.after),
    )


def _findings(moved: Comparison) -> Html:
    heading = tag("h3", "Findings")
    checks = [item for item in moved.checks if item.fixed or item.new or item.gone or item.unseen]
    if not checks:
        return join([heading, empty("No failing resource was fixed, and none is new.")])
    sums = {
        name: sum(getattr(item, name) for item in moved.checks)
        for name in ("fixed", "new", "still_failing", "gone", "unseen")
    }
    said = [
        f"{sums['fixed']:,} failures are fixed",
        f"{sums['new']:,} are new",
        f"{sums['still_failing']:,} remain",
    ]
    if sums["gone"]:
        said.append(f"{sums['gone']:,} are gone with their resources")
    if sums["unseen"]:
        said.append(f"{sums['unseen']:,} could not be read this time")
    checks.sort(key=lambda item: (-SEVERITY_WEIGHT[item.severity], -(item.fixed + item.new), item.id))
    rows = [_check_row(item) for item in checks]
    columns = [
        Column("Check", "long"),
        Column("Severity"),
        Column("Fixed", "number"),
        Column("New", "number"),
        Column("Still failing", "number"),
        Column("Gone", "number"),
        Column("Unseen", "number"),
    ]
    parts: list[Content] = [
        heading,
        tag("p", f"{words.listed(said)}."),
        table("Findings that moved, by check", columns, rows[:SHOWN]),
    ]
    if rows[SHOWN:]:
        more = table("More findings that moved, by check", columns, rows[SHOWN:])
        parts.append(details(f"{words.count(len(rows) - SHOWN, 'more check')}", more))
    return join(parts)


def _check_row(item: CheckChange) -> tuple[Content, ...]:
    examples = []
    if item.examples_new:
        examples.append(
            tag(
                "span",
                f"New: {', '.join(item.examples_new)}{_more(item.new, item.examples_new)}",
                class_="note",
            )
        )
    if item.examples_fixed:
        examples.append(
            tag(
                "span",
                f"Fixed: {', '.join(item.examples_fixed)}{_more(item.fixed, item.examples_fixed)}",
                class_="note",
            )
        )
    numbers = (item.fixed, item.new, item.still_failing, item.gone, item.unseen)
    return (
        join([item.title, *examples]),
        item.severity.title(),
        *(f"{number:,}" if number else "–" for number in numbers),
    )


def _more(total: int, shown: tuple[str, ...]) -> str:
    return f" and {total - len(shown):,} more" if total > len(shown) else ""
