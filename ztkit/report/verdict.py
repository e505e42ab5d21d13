"""The first screen: which stage, what holds it down, how sure, what moved, what to do first. Pure."""

from __future__ import annotations

from ztkit.model.assessment import Assessment, CriterionResult, PillarResult
from ztkit.model.types import SOURCE_TITLES, STAGES
from ztkit.report import figures, plots, words
from ztkit.report.gaps import actions, blind_spots, first_steps
from ztkit.report.inputs import ReportData
from ztkit.report.markup import Content, Html, empty, join, tag

LONG_NAME = 60
"""Length from which an organisation's name is set smaller."""
FIRST_STEPS = 3


def verdict(data: ReportData) -> Html:
    """Who was assessed, the verdict in a sentence, four figures, the pillars, and what to do first."""
    assessment = data.assessment
    head = tag(
        "header",
        tag("p", "Zero trust maturity assessment", class_="kicker"),
        tag("h1", sentence(assessment), class_="long" if len(assessment.organisation) > LONG_NAME else None),
        tag("p", because(assessment), class_="because"),
        tag("p", provenance(assessment), class_="provenance"),
    )
    grid = tag("div", _pillars(data), _first(data), class_="columns")
    return tag("section", head, figures_of(data), grid, id="verdict", aria_label="Verdict")


def sentence(assessment: Assessment) -> str:
    """The verdict in one sentence."""
    who, stage = assessment.organisation, assessment.overall.stage
    pillars = _applicable(assessment)
    if not pillars:
        return f"{who} has nothing that this assessment covers, so there is no stage to report."
    if not assessment.overall.coverage:
        return f"Nothing is known yet about {who}, so no stage can be named."
    if stage.insufficient:
        known = words.percent(assessment.overall.coverage)
        return f"There is not yet enough evidence to name a stage for {who}: only {known} of what counts is known."
    if stage.lower != stage.upper:
        return f"{who} is between stage {STAGES[stage.lower]} and stage {STAGES[stage.upper]}; what is still unknown decides."
    name = STAGES[stage.lower]
    if len(pillars) == 1:
        return f"{who} is at stage {name} in the one pillar assessed, {pillars[0].title.lower()}."
    if stage.lower == len(STAGES) - 1:
        return f"{who} has reached stage {name} in every pillar assessed."
    holding = [pillar.title for pillar in pillars if pillar.stage.upper == stage.lower]
    unsure = [pillar.title for pillar in pillars if pillar.stage.lower == stage.lower < pillar.stage.upper]
    if unsure:
        verb = "hold" if len(holding) > 1 else "holds"
        known = "is" if len(unsure) == 1 else "are"
        return (
            f"{who} is at stage {name}; {words.listed(holding).lower()} {verb} it there, "
            f"and {words.listed(unsure).lower()} {known} not yet known well enough."
        )
    if len(holding) < len(pillars):
        verb = "hold" if len(holding) > 1 else "holds"
        return f"{who} is at stage {name}; {words.listed(holding).lower()} {verb} it there."
    lowest = [pillar.title.lower() for pillar in pillars if pillar.id in assessment.overall.floor]
    behind = f"; {words.listed(lowest)} is furthest behind" if len(lowest) == 1 else ""
    return f"{who} is at stage {name} in all {_spelled(len(pillars))} pillars{behind}."


def because(assessment: Assessment) -> str:
    """What stands between the organisation and the next stage."""
    stage = assessment.overall.stage
    if not _applicable(assessment) or stage.lower >= len(STAGES) - 1:
        return "The task from here on is to keep it there." if _applicable(assessment) else ""
    first = stage.lower == 0
    needed = [
        item
        for item in assessment.objectives
        if item.state != "not-applicable" and (item.tier != "additional") == first
    ]
    states = [item.state for item in needed]
    kind = "baseline and initial" if any(item.tier == "baseline" for item in needed) else "initial"
    met, missed, open_ = (states.count(state) for state in ("met", "not-met", "undetermined"))
    where = "every pillar" if len(_applicable(assessment)) > 1 else "the pillar"
    parts = [f"{met} of {len(needed)} {_be(met)} met"]
    if missed:
        parts.append(f"{missed} {_be(missed)} not")
    if open_:
        parts.append(f"{open_} cannot be told yet")
    return (
        f"Stage {STAGES[stage.lower + 1]} takes every {kind if first else 'additional'} objective "
        f"of {where}: {words.listed(parts)}."
    )


def provenance(assessment: Assessment) -> str:
    """When, from what and by whom, in one line."""
    parts = [words.day(assessment.at)]
    snapshot = assessment.snapshot
    if snapshot is None:
        parts.append("from interviews only, without an inventory")
    else:
        how = "asked in the tenant on" if snapshot.source == "live" else "inventory of"
        parts.append(f"{how} {words.day(snapshot.taken)}, {snapshot.rows:,} resources and records")
        if snapshot.named == "none":
            parts.append("failing resources counted and not named")
        parts += [
            f"{title} left out" for name, title in SOURCE_TITLES.items() if name not in assessment.sources
        ]
    titles = [pillar.title.lower() for pillar in assessment.pillars]
    parts.append("all five pillars" if len(titles) == 5 else f"in scope: {words.listed(titles)}")
    if assessment.assessor:
        parts.append(f"assessed by {assessment.assessor}")
    return " · ".join(parts)


def figures_of(data: ReportData) -> Html:
    """Stage, index, coverage and what moved."""
    overall = data.assessment.overall
    pillars = _applicable(data.assessment)
    if not pillars:
        nothing = [_figure(name, "–", "nothing to assess") for name in ("Stage", "Index", "Known")]
        return tag("dl", *nothing, _moved(data), class_="figures")
    stage = words.stage(overall.stage)
    stage_note = "set by the weakest pillar"
    if overall.stage.insufficient:
        stage_note = f"somewhere from {words.stage_range(overall.stage)}"
    elif len({(pillar.stage.lower, pillar.stage.upper) for pillar in pillars}) == 1:
        stage_note = "in every pillar assessed"
    proven = f"evidence alone proves {words.rounded(overall.verified.lower)}"
    lower, upper = words.rounded(overall.index.lower), words.rounded(overall.index.upper)
    index_note = proven if lower == upper else f"{lower} from what is known, {upper} at most; {proven}"
    cells = [
        _figure("Stage", stage, stage_note, _ladder(data.assessment)),
        _figure("Index", join([words.interval(overall.index), tag("small", " of 100")]), index_note),
        _figure("Known", words.percent(overall.coverage), "of what counts was answered or read"),
        _moved(data),
    ]
    return tag("dl", *cells, class_="figures")


def _moved(data: ReportData) -> Html:
    if data.comparison is None:
        return _figure("Since last time", "First report", "nothing to compare with yet")
    change = data.comparison.overall
    sign, said = words.movement(change)
    short = {"?": "Less known", "●": "More known", "=": "Unchanged"}.get(sign, f"{sign} {said}")
    note = f"from {words.interval(change.before)} to {words.interval(change.after)}"
    return _figure(f"Since {words.day(data.comparison.before_at)}", short, note)


def _figure(name: str, value: Content, note: str, extra: Content = "") -> Html:
    return tag(
        "div",
        tag("dt", name),
        tag("dd", tag("span", value, class_="value"), extra, tag("span", note, class_="note")),
    )


def _ladder(assessment: Assessment) -> Html:
    """The three stages as steps, those reached filled, those possible hatched; the words beside it say the same."""
    stage = assessment.overall.stage
    reached = [
        "on" if number <= stage.lower else "maybe" if number <= stage.upper else "off"
        for number in range(len(STAGES))
    ]
    steps = [tag("span", class_=name) for name in reached]
    return tag("span", *steps, class_="ladder", aria_hidden="true")


def _pillars(data: ReportData) -> Html:
    rows = figures.pillar_rows(data.assessment, data.comparison)
    if not rows:
        return tag("div", tag("h2", "The pillars"), empty("No pillar in scope has anything to assess."))
    before = any(row.before is not None for row in rows)
    return tag(
        "div",
        tag("h2", "The pillars"),
        plots.plot(
            figures.pillar_bars(data.assessment, data.comparison),
            "figure-pillars",
            figures.describe_bars(rows, "index of each pillar from 0 to 100 with its stage"),
            key=plots.bar_key(verified=True, before=before, floor=len(rows) > 1),
        ),
    )


def _first(data: ReportData) -> Html:
    heading = tag("h2", "What to do first")
    steps = first_steps(actions(data.items, data.wording), blind_spots(data.assessment), FIRST_STEPS)
    if not steps:
        return tag("div", heading, empty("No gap is open: keep what is in place, and assess again."))
    items = [tag("li", tag("p", text), tag("p", _why(criterion), class_="note")) for text, criterion in steps]
    more = tag("p", tag("a", "The whole roadmap", href="#roadmap"), class_="more") if data.items else ""
    return tag("div", heading, tag("ol", *items, class_="first"), more)


def _why(criterion: CriterionResult) -> str:
    parts = [criterion.pillar.title()]
    if criterion.known:
        parts.append(f"{words.EFFORT[criterion.effort]} of work")
    if criterion.at_stake:
        parts.append(f"up to {words.points(criterion.at_stake)} points")
    return " · ".join(parts)


def _applicable(assessment: Assessment) -> list[PillarResult]:
    return [pillar for pillar in assessment.pillars if pillar.applicable]


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _spelled(number: int) -> str:
    return ("no", "one", "two", "three", "four", "five")[number]
