"""What moved since the assessment before. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ztkit.assess.compare import MOVES
from ztkit.model.assessment import CheckChange, Comparison, Named, ObjectiveChange
from ztkit.model.types import SEVERITY_WEIGHT
from ztkit.report import words
from ztkit.report.inputs import ReportData
from ztkit.report.markup import Column, Content, Html, details, empty, join, section, table, tag

SHOWN = 6
"""Rows that a table shows before the rest folds away."""
_SELDOM = ("revealed",)
"""Columns that are shown only where they are not empty."""
_ALWAYS_SAID = ("fixed", "cleared", "new", "still_failing")
_SAID = {
    "fixed": "{:,} failures are fixed",
    "cleared": "{:,} failures are there no more",
    "new": "{:,} are new",
    "still_failing": "{:,} remain",
    "gone": "{:,} are gone with their resources",
    "revealed": "{:,} were not read before",
    "unseen": "{:,} could not be read this time",
}
_HOW: dict[Named, str] = {
    "all": "",
    "failing": " Of what passes no resource is named this time: a failure that is there no more was fixed, or is gone "
    "with its resource.",
    "none": " One of the two assessments counts failing resources and names none: of what is new and what is there no "
    "more these are the least numbers, check by check.",
}
"""How the numbers are to be read."""
_STILL: dict[Named, str] = {
    "all": "No failing resource was fixed, and none is new.",
    "failing": "No failure is new, and none has gone.",
    "none": "No check has more or fewer failing resources than before. Which they are was not read.",
}


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
    sums = {name: sum(getattr(item, name) for item in moved.checks) for name in MOVES[moved.findings]}
    names = [name for name, count in sums.items() if count or name not in _SELDOM]
    checks = [
        item for item in moved.checks if any(getattr(item, name) for name in names if name != "still_failing")
    ]
    if not checks:
        return join([heading, empty(_STILL[moved.findings])])
    said = [_SAID[name].format(count) for name, count in sums.items() if count or name in _ALWAYS_SAID]
    checks.sort(key=lambda item: (-SEVERITY_WEIGHT[item.severity], -(item.fixed + item.new), item.id))
    rows = [_check_row(item, names) for item in checks]
    columns = [
        Column("Check", "long"),
        Column("Severity"),
        *(Column(name.replace("_", " ").capitalize(), "number") for name in names),
    ]
    parts: list[Content] = [
        heading,
        tag("p", f"{words.listed(said)}.{_HOW[moved.findings]}"),
        table("Findings that moved, by check", columns, rows[:SHOWN]),
    ]
    if rows[SHOWN:]:
        more = table("More findings that moved, by check", columns, rows[SHOWN:])
        parts.append(details(f"{words.count(len(rows) - SHOWN, 'more check')}", more))
    return join(parts)


def _check_row(item: CheckChange, names: Sequence[str]) -> tuple[Content, ...]:
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
    numbers = (getattr(item, name) for name in names)
    return (
        join([item.title, *examples]),
        item.severity.title(),
        *(f"{number:,}" if number else "–" for number in numbers),
    )


def _more(total: int, shown: tuple[str, ...]) -> str:
    return f" and {total - len(shown):,} more" if total > len(shown) else ""
