"""The order in which gaps are closed."""

from __future__ import annotations

from tests.builders import REMEDIATION, inputs, library, question, response
from tests.unit.assess.test_movement import assessment
from ztkit.assess.scoring import score
from ztkit.model.assessment import Parameters
from ztkit.roadmap.priority import prioritise


def items(*specs):
    questions = [
        question(
            identifier,
            must=must,
            weight=weight,
            remediation={**REMEDIATION, "effort": effort, "user_impact": impact},
        )
        for identifier, must, weight, effort, impact in specs
    ]
    said = [response(item.id, "none") for item in questions]
    shelf = library(questions, [], ["network"])
    scored = score(shelf, ["network"], inputs((), said), Parameters())
    made = assessment([]).model_copy(update={"criteria": scored.criteria, "pillars": scored.pillars})
    return prioritise(made)


def test_musts_then_quick_wins_then_initial_then_additional():
    ordered = items(
        ("network.2.later", True, 5, "S", "none"),
        ("network.1.next", False, 5, "L", "high"),
        ("network.1.quick", False, 1, "S", "low"),
        ("network.1.must", True, 1, "L", "high"),
    )
    assert [(item.criterion.id, item.wave) for item in ordered] == [
        ("network.1.must", "now"),
        ("network.1.quick", "now"),
        ("network.1.next", "next"),
        ("network.2.later", "later"),
    ]
    assert [item.rank for item in ordered] == [1, 2, 3, 4]
    assert [item.quick_win for item in ordered] == [False, True, False, True]


def test_more_gain_for_the_effort_comes_first():
    ordered = items(("network.1.slow", False, 3, "L", "high"), ("network.1.fast", False, 3, "M", "high"))
    assert [item.criterion.id for item in ordered] == ["network.1.fast", "network.1.slow"]


def test_what_is_met_or_unknown_is_no_item():
    questions = [question("network.1.met"), question("network.1.open")]
    shelf = library(questions, [], ["network"])
    scored = score(shelf, ["network"], inputs((), [response("network.1.met", "all")]), Parameters())
    made = assessment([]).model_copy(update={"criteria": scored.criteria, "pillars": scored.pillars})
    assert prioritise(made) == ()
