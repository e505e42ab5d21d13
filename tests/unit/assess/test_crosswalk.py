"""An assessment seen from an outside framework."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import check, inputs, library, question, response, result
from ztkit.assess.criteria import criterion_results
from ztkit.assess.crosswalk import crosswalk
from ztkit.content.library import shipped_library
from ztkit.errors import UsageError
from ztkit.model.assessment import Parameters
from ztkit.model.framework import Control, ControlFramework

CONTROLS = tuple(
    Control(id=f"1.{number}", title=f"Control 1.{number}", group="Identity") for number in range(1, 5)
)
OUTSIDE = ControlFramework(
    id="cisa-ztmm",
    title="CISA ZTMM",
    version="2.0",
    pattern=".*",
    source="https://example.org",
    controls=CONTROLS,
)


def maps(*ids, relation="intersects"):
    return [{"framework": "cisa-ztmm", "version": "2.0", "id": item, "relation": relation} for item in ids]


LINKED = check("network.linked", maps=maps("1.2", relation="subset"))
ALONE = check("network.alone", maps=maps("1.2"))
ASKED = question(
    "network.1.asked", maps=maps("1.1"), evidence=[{"check": "network.linked", "authority": "decisive"}]
)
UNASKED = question("network.1.unasked", maps=maps("1.3"))


def outside(made):
    return replace(made, framework=made.framework.model_copy(update={"control_frameworks": (OUTSIDE,)}))


@pytest.fixture
def content():
    made = library([ASKED, UNASKED], [LINKED, ALONE])
    return outside(made)


class Assessed:
    """The parts of an assessment that the lens reads."""

    def __init__(self, content, given):
        self.id = "2026-01-15T1200Z"
        self.criteria = criterion_results(content, ["network"], given, Parameters())
        self.checks = tuple(given.checks.values())


def states(content, assessment=None):
    return {item.id: item.state for item in crosswalk(content, "cisa-ztmm", assessment).controls}


def test_without_an_assessment_it_tells_what_is_covered(content):
    assert states(content) == {
        "1.1": "not-assessed",
        "1.2": "not-assessed",
        "1.3": "not-assessed",
        "1.4": "uncovered",
    }


def test_a_control_is_as_its_worst_criterion(content):
    passing, failing = result(LINKED, passed=2), result(ALONE, failed=3)
    found = crosswalk(content, "cisa-ztmm", Assessed(content, inputs([passing, failing])))
    by_id = {item.id: item for item in found.controls}
    assert {name: item.state for name, item in by_id.items()} == {
        "1.1": "met",
        "1.2": "not-met",
        "1.3": "undetermined",
        "1.4": "uncovered",
    }
    linked, alone = sorted(by_id["1.2"].bearings, key=lambda item: item.id, reverse=True)
    assert (linked.criterion, linked.state, linked.failed, linked.relation) == (
        "network.1.asked",
        "met",
        0,
        "subset",
    )
    assert (alone.criterion, alone.state, alone.failed) == ("network.alone", "not-met", 3)
    assert found.counts() == {"met": 1, "not-met": 1, "undetermined": 1, "uncovered": 1}


def test_an_answer_moves_the_controls_of_its_question(content):
    said = [response("network.1.unasked", "all")]
    given = inputs([result(LINKED, passed=1), result(ALONE)], responses=said)
    assert states(content, Assessed(content, given)) == {
        "1.1": "met",
        "1.2": "met",
        "1.3": "met",
        "1.4": "uncovered",
    }


def test_what_does_not_apply_is_not_met(content):
    given = inputs([result(ALONE)])
    only = outside(library([], [ALONE]))
    assert states(only, Assessed(only, given))["1.2"] == "not-applicable"


def test_an_unknown_framework_is_named(content):
    with pytest.raises(UsageError, match=r"There is no framework 'iso'\. There are: cisa-ztmm"):
        crosswalk(content, "iso")


@pytest.mark.parametrize(
    "framework", shipped_library().framework.control_frameworks, ids=lambda item: item.id
)
def test_every_mapping_of_the_content_is_shown(framework):
    content = shipped_library()
    items = (*content.checks.values(), *content.questions.values())
    mapped = {
        (item.id, mapping.id)
        for item in items
        for mapping in item.maps
        if (mapping.framework, mapping.version) == (framework.id, framework.version)
    }
    shown = {
        (bearing.id, control.id)
        for control in crosswalk(content, framework.id).controls
        for bearing in control.bearings
    }
    assert shown == mapped
    assert mapped
