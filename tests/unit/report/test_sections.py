from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.unit.report import estate
from ztkit.model.assessment import Assessment, Stage
from ztkit.report import page, verdict, words
from ztkit.report.inputs import SHOWN_PER_CHECK, ReportData

STATES: dict[str, dict[str, Any]] = {
    "mixed": {},
    "interviews only": {"snapshot": False, "exceptions": 0},
    "everything unknown": {"value": None},
    "nothing missing": {"value": Fraction(1), "exceptions": 0},
    "nothing in place": {"value": Fraction(0)},
    "one pillar": {"pillars": ("network",)},
    "no pillar": {"pillars": ()},
    "100 exceptions": {"exceptions": 100},
    "long names": {"organisation": estate.LONG},
}


def text(data: ReportData) -> str:
    return "\n".join(show(data).text for show in page.SECTIONS)


def with_stage(lower: int, upper: int, **changes: Any) -> Assessment:
    made = estate.build()
    stage = Stage(lower=lower, upper=upper, **changes)
    return made.model_copy(update={"overall": made.overall.model_copy(update={"stage": stage})})


@pytest.mark.parametrize("state", STATES)
def test_every_section_renders_in_every_state(state: str) -> None:
    html = text(estate.report(estate.build(**STATES[state])))
    ids = re.findall(r'<section[^>]* id="([^"]+)"', html)
    assert ids == "verdict pillars objectives concerns changes gaps quick-wins roadmap risks appendix".split()
    assert html.count("<h1") == 1
    every = re.findall(r'\bid="([^"]+)"', html)
    assert len(every) == len(set(every))
    for tag in ("section", "table", "details", "div", "li", "dl", "p", "span"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>")


def test_hostile_text_stays_text_in_every_section() -> None:
    made = estate.build(hostile=True, organisation=estate.HOSTILE, exceptions=100)
    html = text(estate.report(made, failing=estate.failing(made, estate.HOSTILE)))
    assert "window.hacked" in html
    assert "<img" not in html
    assert re.findall(r"<script(?! type=\"application/json\" data-plot=\"[a-z-]+\">)", html) == []
    assert "<a href" not in html.replace('<a href="#roadmap"', "")


def test_verdict_says_stage_and_what_holds_it_down() -> None:
    made = estate.build()
    assert (
        verdict.sentence(made)
        == "Contoso Manufacturing is at stage Traditional in all five pillars; identity is furthest behind."
    )
    raised = [
        item.model_copy(update={"stage": Stage(lower=1, upper=1)})
        if item.id in ("identity", "data")
        else item
        for item in made.pillars
    ]
    some = made.model_copy(update={"pillars": tuple(raised)})
    assert verdict.sentence(some).endswith(
        "is at stage Traditional; endpoint, network and infrastructure hold it there."
    )
    unsure = [
        item if item.id == "network" else item.model_copy(update={"stage": Stage(lower=0, upper=2)})
        for item in made.pillars
    ]
    assert verdict.sentence(made.model_copy(update={"pillars": tuple(unsure)})).endswith(
        "network holds it there, and identity, endpoint, data and infrastructure are not yet known well enough."
    )


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (with_stage(0, 1), "is between stage Traditional and stage Advanced; what is still unknown decides."),
        (
            with_stage(0, 2, insufficient=True),
            "There is not yet enough evidence to name a stage for Contoso Manufacturing",
        ),
        (
            estate.build(value=Fraction(1), exceptions=0),
            "has reached stage Optimal in every pillar assessed.",
        ),
        (
            estate.build(value=None),
            "Nothing is known yet about Contoso Manufacturing, so no stage can be named.",
        ),
        (estate.build(pillars=("network",)), "is at stage Traditional in the one pillar assessed, network."),
        (
            estate.build(pillars=()),
            "has nothing that this assessment covers, so there is no stage to report.",
        ),
    ],
)
def test_verdict_of_other_states(made: Assessment, said: str) -> None:
    assert said in verdict.sentence(made)


def test_because_counts_the_objectives_that_the_next_stage_takes() -> None:
    made = estate.build()
    first = [item.state for item in made.objectives if item.tier != "additional"]
    said = verdict.because(made)
    assert said.startswith("Stage Advanced takes every baseline and initial objective of every pillar: ")
    assert f"{first.count('met')} of {len(first)} " in said


def test_provenance_says_when_from_what_and_by_whom() -> None:
    assert "from interviews only" in verdict.provenance(estate.build(snapshot=False))
    said = verdict.provenance(estate.build()).replace(words.NBSP, " ")
    assert said == (
        "22 November 2026 · inventory of 21 November 2026, 48,211 resources and records · all five pillars · "
        "assessed by Jana Novak, Northwind Advisory"
    )


def test_nothing_unknown_is_said_to_be_well() -> None:
    html = text(estate.report(estate.build(value=None)))
    assert "No gap is open" not in html
    assert "Find out: " in html
    assert "Insufficient evidence" in html


def test_changes_name_what_moved() -> None:
    data = estate.compared()
    html = page.changes(data).text
    assert data.comparison is not None
    assert words.day(data.comparison.before_at) in html
    assert "New: vm-finance-01, vm-finance-02, nsg-dmz, nsg-lab" in html
    assert "Fixed: nsg-hr, nsg-legal and 15 more" in html
    assert "Questions or checks changed" not in html


def test_changed_content_is_said_before_any_movement() -> None:
    before = estate.build(at=estate.AT - timedelta(days=92)).model_copy(update={"content_hash": "other"})
    after = estate.build()
    html = page.changes(estate.report(after, comparison=estate.comparison(before, after))).text
    assert html.index("Questions or checks changed in between") < html.index("<table")


def test_first_report_has_nothing_to_compare_with() -> None:
    assert "nothing to compare with yet" in page.changes(estate.report()).text


def test_ledger_has_every_criterion_and_its_points_add_up_to_the_index() -> None:
    data = estate.report()
    html = page.appendix(data).text
    assert f"exactly: {words.rounded(data.assessment.overall.index.lower, 2)} of 100" in html
    for item in data.assessment.criteria:
        assert item.id in html


def test_appendix_names_no_more_than_its_share_of_failing_resources() -> None:
    data = estate.report()
    html = page.appendix(data).text
    total = sum(min(SHOWN_PER_CHECK, check.failed) for check in data.assessment.checks)
    assert html.count("nsg-prod-") == total
    assert "and 198 more in findings.parquet" in html


def test_appendix_without_findings_says_so() -> None:
    assert "was not at hand" in page.appendix(estate.report(failing=None)).text


def test_exceptions_that_need_action_come_first_and_the_rest_fold_away() -> None:
    html = page.risks(estate.report(estate.build(exceptions=100))).text
    assert html.index("Expired") < html.index("Expires soon") < html.index("In force")
    assert "92 more" in html
    assert "nothing any more" in html


def test_a_disputed_conflict_stays_listed_with_its_reason() -> None:
    made = estate.build()
    place = next(number for number, item in enumerate(made.criteria) if item.conflict)
    claim = made.criteria[place].claim
    assert claim is not None
    upheld = {"settles": "dispute-evidence", "dispute": "It counts <retired> machines."}
    disputed = made.criteria[place].model_copy(update={"claim": claim.model_copy(update=upheld)})
    criteria = (*made.criteria[:place], disputed, *made.criteria[place + 1 :])
    html = page.risks(estate.report(made.model_copy(update={"criteria": criteria}))).text
    assert html.count("Disputed: ") == 1
    assert "Disputed: It counts &lt;retired&gt; machines." in html


def test_what_is_not_asked_and_fails_is_a_conflict_without_an_answer() -> None:
    made = estate.build()
    place = next(number for number, item in enumerate(made.criteria) if item.conflict)
    said = "Not asked, and left out: “None” was said."
    changes = {"rule": "not-asked", "sentence": said, "claim": None, "value": None, "known": False}
    unasked = made.criteria[place].model_copy(update=changes)
    criteria = (*made.criteria[:place], unasked, *made.criteria[place + 1 :])
    assert said in page.risks(estate.report(made.model_copy(update={"criteria": criteria}))).text


def test_manifest_says_tool_content_snapshot_and_scope() -> None:
    data = estate.report()
    html = page.appendix(data).text
    snapshot = data.assessment.snapshot
    assert snapshot is not None
    for part in (
        data.assessment.tool,
        data.assessment.content_hash,
        snapshot.id,
        snapshot.hash,
        data.assessment.scope.tenants[0],
    ):
        assert part in html


def test_same_inputs_give_the_same_page() -> None:
    assert text(estate.compared()) == text(estate.compared())
