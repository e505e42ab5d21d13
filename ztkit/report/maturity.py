"""Pillars, objectives and concerns in figures and tables. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ztkit.model.assessment import Assessment, Comparison, Interval, ObjectiveResult, PillarResult
from ztkit.report import figures, heatmap, plots, words
from ztkit.report.inputs import ReportData
from ztkit.report.markup import Column, Content, Html, chip, details, empty, join, section, symbol, table, tag

TONE = {"met": "good", "not-met": "bad", "undetermined": "open", "unknown": "open", "not-applicable": "off"}
"""Colour class of a state; the state's name always stands beside it."""


def pillars(data: ReportData) -> Html:
    """Every pillar in numbers, what is banked, and the trend."""
    assessment = data.assessment
    if not assessment.pillars:
        return section("pillars", "Pillars", empty("No pillar is in scope."))
    columns = [
        Column("Pillar"), Column("Stage"), Column("Index", "number"), Column("Proven by evidence", "number"),
        Column("Known", "number"), Column("Banked", "number"), Column("Initial met", "number"),
        Column("Additional met", "number"),
    ]  # fmt: skip
    if data.comparison is not None:
        columns.append(Column("Since last time"))
    rows = [_pillar_row(pillar, assessment, data.comparison) for pillar in assessment.pillars]
    parts = [table("Pillars in numbers", columns, rows), _banked(assessment)]
    if len(data.history) > 1:
        parts.append(_trend(data.history))
    lede = (
        "A pillar is Advanced once all of its baseline and initial objectives are met, and Optimal once its additional "
        "ones are too. The index shows progress within a stage; it never stands for the stage."
    )
    return section("pillars", "Pillars", *parts, lede=lede)


def objectives(data: ReportData) -> Html:
    """The heat map of all objectives, and the same objectives by name."""
    assessment = data.assessment
    if not assessment.objectives:
        return section("objectives", "Objectives", empty("No objective is in scope."))
    cells = [cell for row in heatmap.heat_cells(assessment).values() for cell in row]
    states = [cell.objective.state for cell in cells]
    summary = words.listed(
        [
            f"{states.count(state)} {name.lower()}"
            for state, (_, name) in words.OBJECTIVE_STATE.items()
            if states.count(state)
        ]
    )
    chart = plots.plot(
        heatmap.heat_map(assessment),
        "figure-objectives",
        f"Heat map of {len(cells)} objectives by pillar: {summary}. The lists below name each of them.",
        key=plots.heat_key(),
        caption="Each cell has the objective's number, the sign of its state, and its score of 100 from what is known.",
    )
    titles = words.pillar_titles(assessment)
    lists = [
        _objective_list(titles.get(pillar, pillar), [cell.objective for cell in row])
        for pillar, row in heatmap.heat_cells(assessment).items()
    ]
    lede = f"Of {words.count(len(cells), 'objective')}, {summary}. Additional objectives count once a pillar's initial ones are all met."
    return section("objectives", "Objectives", chart, tag("div", *lists, class_="lists"), lede=lede)


def concerns(data: ReportData) -> Html:
    """The five concerns of executives."""
    assessment = data.assessment
    rows = figures.concern_rows(assessment)
    if not rows:
        return section(
            "concerns", "Five concerns", empty("Nothing in scope bears on any of the five concerns.")
        )
    columns = [
        Column("Concern", "long"),
        Column("Covered", "number"),
        Column("Known", "number"),
        Column("Not met", "number"),
        Column("Unknown", "number"),
    ]
    numbers = table(
        "The five concerns in numbers",
        columns,
        [
            (
                join(
                    [
                        tag("strong", item.title),
                        tag("span", data.wording.concerns.get(item.id, ""), class_="note"),
                    ]
                ),
                words.percent_interval(item.score) if item.criteria else "–",
                words.percent(item.coverage) if item.criteria else "–",
                f"{item.not_met} of {item.criteria}",
                str(item.unknown),
            )
            for item in assessment.concerns
        ],
    )
    chart = plots.plot(
        figures.concern_bars(assessment),
        "figure-concerns",
        figures.describe_bars(rows, "how well each concern is covered, in percent"),
        key=plots.bar_key(verified=False, before=False, floor=False),
        numbers=numbers,
    )
    lede = "The same criteria, cut by what a board worries about: how far what should prevent each of these is in place."
    return section("concerns", "Five concerns", chart, lede=lede)


def _pillar_row(pillar: PillarResult, assessment: Assessment, comparison: Comparison | None) -> list[Content]:
    own = [
        item for item in assessment.objectives if item.pillar == pillar.id and item.state != "not-applicable"
    ]
    moved = {item.id: item.index for item in comparison.pillars} if comparison else {}
    if not pillar.applicable:
        row: list[Content] = [pillar.title, "Nothing in scope", *["–"] * 6]
    else:
        row = [
            pillar.title,
            words.stage(pillar.stage),
            words.interval(pillar.index),
            words.rounded(pillar.verified.lower),
            words.percent(pillar.coverage),
            words.points(pillar.banked),
            _met([item for item in own if item.tier != "additional"]),
            _met([item for item in own if item.tier == "additional"]),
        ]
    if comparison is not None:
        row.append(" ".join(words.movement(moved[pillar.id])) if pillar.id in moved else "–")
    return row


def _met(own: Sequence[ObjectiveResult]) -> str:
    return f"{sum(item.state == 'met' for item in own)} of {len(own)}" if own else "–"


def _banked(assessment: Assessment) -> Html:
    banked = assessment.overall.banked
    if not banked:
        return Html("")
    held = [item.title.lower() for item in assessment.pillars if item.banked]
    return tag(
        "p",
        tag("strong", f"{words.points(banked)} points are banked."),
        f" That is work already done on additional objectives of {words.listed(held)}. It counts in the index from "
        "the day on which all initial objectives of its pillar are met.",
        class_="remark",
    )


def _trend(history: Sequence[Assessment]) -> Html:
    numbers = table(
        "Index over time",
        [Column("Assessment"), Column("Index", "number"), Column("Stage"), Column("Known", "number")],
        [
            (
                words.day(item.at),
                words.interval(item.overall.index),
                words.stage(item.overall.stage),
                words.percent(item.overall.coverage),
            )
            for item in history
        ],
    )
    chart = plots.plot(
        figures.trend(history),
        "figure-trend",
        figures.describe_trend(history),
        key=plots.trend_key(),
        numbers=numbers,
    )
    return tag("div", tag("h3", "Index over time"), chart, class_="keep")


def _objective_list(title: str, own: Sequence[ObjectiveResult]) -> Html:
    columns = [
        Column("Objective", "long"),
        Column("State"),
        Column("Score", "number"),
        Column("Known", "number"),
    ]
    rows = []
    for item in own:
        applies = item.state != "not-applicable"
        marks = [
            chip(words.TIER[item.tier], item.tier),
            *([chip("≠ conflict", "conflict")] if item.conflicts else []),
        ]
        rows.append(
            (
                tag(
                    "span",
                    tag("span", item.id.rsplit(".", 1)[-1], class_="ordinal"),
                    tag("span", item.title, " ", *marks),
                    class_="numbered",
                ),
                symbol(*words.OBJECTIVE_STATE[item.state], TONE[item.state]),
                words.interval(_scaled(item)) if applies else "–",
                words.percent(item.coverage) if applies else "–",
            )
        )
    applicable = [item for item in own if item.state != "not-applicable"]
    return details(f"{title}: {_met(applicable)} met", table(f"Objectives of {title}", columns, rows))


def _scaled(item: ObjectiveResult) -> Interval:
    return Interval(lower=100 * item.score.lower, upper=100 * item.score.upper)
