"""What became of findings between two assessments, and what a comparison says."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import AT, check, inputs, library, question, response, result
from ztkit.assess.compare import compare
from ztkit.assess.evaluate import FINDINGS
from ztkit.assess.movement import movements
from ztkit.assess.scoring import score
from ztkit.model.assessment import Assessment, Parameters, SnapshotRef
from ztkit.model.snapshot import Scope

SUBJECT = check("network.seen")


def assessment(results, answer="all", identifier="2026-01-15T1200Z", content="hash", named=None):
    shelf = library([question("network.1.a")], [SUBJECT], ["network"])
    scored = score(shelf, ["network"], inputs(results, [response("network.1.a", answer)]), Parameters())
    return Assessment(
        id=identifier,
        organisation="Made up",
        at=AT,
        tool="ztkit",
        content_hash=content,
        scope=Scope(),
        pillars_in_scope=("network",),
        snapshot=named and SnapshotRef(id="s", taken=AT, source="x", hash="", rows=0, tables=(), named=named),
        parameters=Parameters(),
        overall=scored.overall,
        pillars=scored.pillars,
        objectives=scored.objectives,
        criteria=scored.criteria,
        concerns=scored.concerns,
        checks=tuple(results),
        exceptions=(),
    )


def findings(path, **states):
    rows = [
        {
            **dict.fromkeys(FINDINGS.names, ""),
            "check": SUBJECT.id,
            "id": f"/{name}",
            "name": name,
            "status": state,
        }
        for name, state in states.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=FINDINGS), path)
    return path


@pytest.fixture
def moved(tmp_path):
    before = findings(
        tmp_path / "b.parquet",
        fixed="fail",
        still="fail",
        gone="fail",
        skipped="fail",
        broke="pass",
        fine="pass",
    )
    after = findings(
        tmp_path / "a.parquet",
        fixed="pass",
        still="fail",
        skipped="skip",
        broke="fail",
        fine="pass",
        fresh="fail",
    )

    def run(outcome="ok", earlier="ok", named="all"):
        older = assessment([result(SUBJECT, 2, 4, outcome=earlier)])
        return movements(
            before, after, older, assessment([result(SUBJECT, 2, 3, outcome=outcome)], named=named)
        )[0]

    return run


def test_findings_are_fixed_new_still_failing_or_gone(moved):
    change = moved()
    assert (change.fixed, change.new, change.still_failing, change.gone, change.unseen) == (1, 2, 1, 2, 0)
    assert change.examples_fixed == ("fixed",)
    assert change.examples_new == ("broke", "fresh")


def test_what_could_not_be_read_any_more_is_unseen_and_not_gone(moved):
    change = moved("unreadable")
    assert (change.gone, change.unseen) == (0, 2)


def test_what_could_not_be_read_before_is_revealed_and_not_new(moved):
    change = moved(earlier="unreadable")
    assert (change.new, change.revealed, change.still_failing, change.examples_new) == (0, 2, 1, ())


def test_what_is_merely_not_listed_is_neither_fixed_nor_gone(tmp_path):
    before = findings(tmp_path / "b.parquet", still="fail", fixed="fail", gone="fail", passed="pass")
    after = findings(tmp_path / "a.parquet", still="fail", fresh="fail")
    older = assessment([result(SUBJECT, 1, 3)], named="all")
    newer = assessment([result(SUBJECT, 2, 2)], named="failing")
    (change,) = movements(before, after, older, newer)
    assert (change.cleared, change.new, change.still_failing) == (2, 1, 1)
    assert (change.fixed, change.gone) == (0, 0)
    assert compare(older, newer, [change]).findings == "failing"
    assert compare(newer, older, []).findings == "all"


@pytest.mark.parametrize("named", [("none", "all"), ("failing", "none"), ("none", "none")])
def test_without_names_the_least_that_moved_is_told(tmp_path, named):
    empty = findings(tmp_path / "none.parquet")
    listed = findings(tmp_path / "some.parquet", one="fail", two="fail")
    checks = [check(f"network.c{number}") for number in range(5)]

    def side(index, *failed, **changes):
        results = [
            result(subject, 1, 0, outcome="unreadable")
            if count is None
            else result(subject, 1, count, excepted=excepted)
            for subject, count, excepted in zip(checks, failed, changes["excepted"], strict=True)
        ]
        return assessment(results, named=named[index])

    older = side(0, 1, 5, 4, None, 7, excepted=(0, 0, 2, 0, 0))
    newer = side(1, 4, 2, 6, 3, None, excepted=(0, 0, 0, 1, 0))
    more, fewer, same, seen, lost = movements(listed, empty, older, newer)
    assert (more.new, more.cleared) == (3, 0)
    assert (fewer.new, fewer.cleared) == (0, 3)
    assert (same.new, same.cleared) == (0, 0)
    assert (seen.new, seen.revealed) == (0, 4)
    assert (lost.cleared, lost.unseen) == (0, 7)
    assert all((item.fixed, item.gone, item.still_failing) == (0, 0, 0) for item in (more, fewer, same))
    compared = compare(older, newer, (more, fewer, same, seen, lost))
    assert compared.findings == "none"
    assert same not in compared.checks


def test_the_letter_case_of_an_id_does_not_matter(tmp_path):
    before = findings(tmp_path / "b.parquet", ABC="fail")
    after = findings(tmp_path / "a.parquet", abc="fail")
    change = movements(before, after, *[assessment([result(SUBJECT, 0, 1)])] * 2)[0]
    assert (change.still_failing, change.new, change.gone) == (1, 0, 0)


def test_a_comparison_has_what_moved_and_nothing_else():
    before = assessment([result(SUBJECT, 1, 1)], "some", "2026-01-01T0000Z")
    after = assessment([result(SUBJECT, 2, 0)], "all")
    comparison = compare(before, after, [])
    assert comparison.same_content
    assert [item.id for item in comparison.objectives] == ["network.1"]
    assert comparison.overall.after.lower > comparison.overall.before.lower
    assert comparison.pillars[0].index.before == before.pillars[0].index
    assert compare(after, after, []).objectives == ()


def test_other_content_is_told():
    before = assessment([result(SUBJECT, 1, 1)], content="old")
    assert not compare(before, assessment([result(SUBJECT, 1, 1)]), []).same_content
