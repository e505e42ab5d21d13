"""What to do: top gaps in business words, quick wins, the roadmap. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ztkit.report import words
from ztkit.report.gaps import Action, Gap, Shortfall, actions, gaps
from ztkit.report.inputs import ReportData
from ztkit.report.markup import Column, Content, Html, chip, details, empty, join, section, table, tag

TOP = 5
SHORTFALLS = 3
QUICK = 8
PER_WAVE = 8
WAVES = (("now", "Now"), ("next", "Next"), ("later", "Later"))


def top_gaps(data: ReportData) -> Html:
    """The objectives that hold back most, in business words."""
    found = gaps(data.assessment, data.wording)
    if not found:
        unknown = any(item.state == "unknown" for item in data.assessment.criteria)
        said = "No criterion is known to be unmet." + (
            " What is unknown is listed under risks." if unknown else ""
        )
        return section("gaps", "Top gaps", empty(said))
    total = sum(len(gap.shortfalls) for gap in found)
    lede = (
        f"{words.count(total, 'criterion', 'criteria')} in {words.count(len(found), 'objective')} fall short. "
        + (
            f"These {TOP} objectives hold back most."
            if len(found) > TOP
            else "All of them are shown here, the weightiest first."
        )
    )
    titles = words.pillar_titles(data.assessment)
    cards = [_card(gap, titles.get(gap.objective.pillar, "")) for gap in found[:TOP]]
    return section("gaps", "Top gaps", tag("ol", *cards, class_="cards"), lede=lede)


def quick_wins(data: ReportData) -> Html:
    """Steps that take little and that hardly anyone notices."""
    wins = [step for step in actions(data.items, data.wording) if step.quick_win]
    if not wins:
        return section(
            "quick-wins",
            "Quick wins",
            empty("No open step is both small and unnoticed by the people at work."),
        )
    columns = [
        Column("Step", "long"),
        Column("Pillar"),
        Column("Noticed by people"),
        Column("Worth, in points", "number"),
    ]
    rows = [
        (
            join([step.text, tag("span", step.closes, class_="note") if step.closes != step.text else ""]),
            step.criterion.pillar.title(),
            {"none": "No", "low": "Hardly"}.get(
                step.criterion.user_impact, words.IMPACT[step.criterion.user_impact]
            ),
            words.points(step.criterion.at_stake),
        )
        for step in wins
    ]
    parts: list[Content] = [table("Quick wins", columns, rows[:QUICK])]
    if rows[QUICK:]:
        parts.append(
            details(
                f"{words.count(len(rows) - QUICK, 'more quick win')}",
                table("More quick wins", columns, rows[QUICK:]),
            )
        )
    lede = "Hours of work for one team each, without anyone else having to change how they work."
    return section("quick-wins", "Quick wins", *parts, lede=lede)


def roadmap(data: ReportData) -> Html:
    """All steps in order, in three waves."""
    steps = actions(data.items, data.wording)
    if not steps:
        return section("roadmap", "Roadmap", empty(_no_step(data)))
    groups = [
        tag("div", *_wave(title, [step for step in steps if step.wave == wave]), class_="wave")
        for wave, title in WAVES
    ]
    lede = f"{words.count(len(steps), 'step')} in order of priority: first what a stage waits for, then what brings most."
    return section("roadmap", "Roadmap", tag("div", *groups, class_="waves"), lede=lede)


def _no_step(data: ReportData) -> str:
    if any(item.state == "unknown" for item in data.assessment.criteria):
        return "No step is known yet: first find out what is listed as unknown under risks."
    return "There is nothing left to do that this assessment knows of."


def _wave(title: str, steps: Sequence[Action]) -> list[Content]:
    heading = tag("h3", title, tag("span", f" {words.count(len(steps), 'step')}", class_="note"))
    if not steps:
        return [heading, empty("Nothing is planned here.")]
    parts: list[Content] = [heading, _steps(steps[:PER_WAVE])]
    if steps[PER_WAVE:]:
        rest = steps[PER_WAVE:]
        parts.append(details(f"{len(rest)} more", _steps(rest)))
    return parts


def _steps(steps: Sequence[Action]) -> Html:
    return tag(
        "ol",
        *(
            tag(
                "li",
                tag("p", step.text),
                tag("p", step.reason, class_="note"),
                tag("p", chip(step.criterion.pillar.title()), *_chips(step), class_="chips"),
                value=step.rank,
            )
            for step in steps
        ),
        class_="steps",
    )


def _chips(step: Action) -> list[Html]:
    chips = [chip(words.EFFORT[step.criterion.effort].capitalize())]
    if step.criterion.must:
        chips.append(chip("Required", "must"))
    if step.quick_win:
        chips.append(chip("Quick win", "quick"))
    return chips


def _card(gap: Gap, pillar: str) -> Html:
    musts = sum(item.criterion.must for item in gap.shortfalls)
    marks = [chip(pillar), chip(words.TIER[gap.objective.tier], gap.objective.tier)]
    if musts:
        marks.append(chip(f"{words.count(musts, 'required criterion', 'required criteria')} unmet", "must"))
    if gap.at_stake:
        marks.append(chip(f"up to {words.points(gap.at_stake)} points"))
    more = len(gap.shortfalls) - SHORTFALLS
    return tag(
        "li",
        tag("p", *marks, class_="chips"),
        tag("h3", gap.objective.title),
        tag("p", gap.business, class_="business") if gap.business else "",
        tag("ul", *(_shortfall(item) for item in gap.shortfalls[:SHORTFALLS]), class_="found"),
        tag(
            "p",
            f"and {words.count(more, 'further criterion', 'further criteria')}; the ledger has them all.",
            class_="note",
        )
        if more > 0
        else "",
    )


def _shortfall(item: Shortfall) -> Html:
    criterion = item.criterion
    rows: list[Content] = [tag("dt", "Found"), tag("dd", item.found)]
    if item.remedy:
        rows += [tag("dt", "Do"), tag("dd", item.remedy)]
    takes = f"{words.EFFORT[criterion.effort].capitalize()} of work; {words.IMPACT[criterion.user_impact]}."
    rows += [tag("dt", "Takes"), tag("dd", takes, class_="quiet-text")]
    sign = tag(
        "span",
        tag("span", "✕", aria_hidden="true"),
        tag("span", "Not met: ", class_="quiet"),
        class_="bad sign",
    )
    return tag("li", tag("p", sign, tag("strong", criterion.title)), tag("dl", *rows))
