"""Objectives, pillars and the index on numbers worked out by hand."""

from __future__ import annotations

from fractions import Fraction as F

from tests.builders import check, inputs, library, not_applicable, question, response, result
from ztkit.assess.scoring import Score, score
from ztkit.model.assessment import Parameters

NETWORK = [
    question("network.1.a", weight=3, must=True),
    question("network.1.b", weight=1),
    question("network.2.c"),
]


def run(questions, responses, results=(), checks=(), pillars=("network",), **parameters) -> Score:
    shelf = library(questions, checks, pillars)
    return score(shelf, pillars, inputs(results, responses), Parameters(**parameters))


def objective(scored: Score, identifier: str):
    return next(item for item in scored.objectives if item.id == identifier)


def test_an_objective_is_the_weight_mean_of_its_criteria():
    scored = run(NETWORK, [response("network.1.a", "most"), response("network.1.b", "none")])
    first = objective(scored, "network.1")
    assert (first.score.lower, first.score.upper, first.coverage) == (F(3, 5), F(3, 5), 1)


def test_an_unknown_criterion_widens_the_interval_and_lowers_coverage():
    first = objective(run(NETWORK, [response("network.1.a", "all")]), "network.1")
    assert (first.score.lower, first.score.upper, first.coverage) == (F(3, 4), 1, F(3, 4))
    assert first.state == "undetermined"


def test_met_needs_four_fifths_and_every_must():
    both = objective(
        run(NETWORK, [response("network.1.a", "all"), response("network.1.b", "all")]), "network.1"
    )
    assert both.state == "met"
    heavy = [question("network.1.a", weight=1, must=True), question("network.1.b", weight=5)]
    failed = objective(
        run(heavy, [response("network.1.a", "some"), response("network.1.b", "all")]), "network.1"
    )
    assert failed.score.lower == F(11, 12)
    assert (failed.state, failed.failed_musts) == ("not-met", ("network.1.a",))


def test_not_met_as_soon_as_it_cannot_be_reached_any_more():
    first = objective(run(NETWORK, [response("network.1.a", "none")]), "network.1")
    assert (first.score.upper, first.state) == (F(1, 4), "not-met")


def test_an_open_conflict_on_a_must_leaves_it_undetermined():
    subject = check("network.seen")
    asked = question("network.1.a", must=True, evidence=[{"check": subject.id, "authority": "decisive"}])
    scored = run([asked], [response("network.1.a", "none")], [result(subject, 5, 0)], [subject])
    first = objective(scored, "network.1")
    assert (first.score.lower, first.state, first.conflicts) == (1, "undetermined", 1)


def test_an_objective_without_applicable_criteria_does_not_apply():
    scored = run(NETWORK[:1], [not_applicable("network.1.a")])
    assert objective(scored, "network.1").state == "not-applicable"
    assert not scored.pillars[0].applicable
    assert scored.overall.index.upper == 0


def test_the_gate_banks_additional_points_until_the_initial_objectives_are_met():
    shut = run(
        NETWORK,
        [response("network.1.a", "some"), response("network.1.b", "some"), response("network.2.c", "all")],
    )
    pillar = shut.pillars[0]
    assert (pillar.index.lower, pillar.banked, pillar.stage.lower) == (30, 40, 0)
    opened = run(
        NETWORK,
        [response("network.1.a", "all"), response("network.1.b", "all"), response("network.2.c", "some")],
    )
    pillar = opened.pillars[0]
    assert (pillar.index.lower, pillar.banked, pillar.stage.lower) == (80, 0, 1)


def test_stage_two_when_the_additional_objectives_are_met_too():
    scored = run(NETWORK, [response(f"network.{name}", "all") for name in ("1.a", "1.b", "2.c")])
    assert (scored.pillars[0].stage.lower, scored.pillars[0].index.lower) == (2, 100)


def test_undetermined_objectives_make_the_stage_a_range_and_little_coverage_makes_it_insufficient():
    stage = run(NETWORK, []).pillars[0].stage
    assert (stage.lower, stage.upper, stage.insufficient) == (0, 2, True)


def test_without_additional_objectives_the_initial_ones_are_everything():
    scored = run([NETWORK[0], NETWORK[1]], [response("network.1.a", "some"), response("network.1.b", "some")])
    assert scored.pillars[0].index.lower == 50


def test_baseline_and_initial_objectives_are_one_mean():
    asked = [question("infrastructure.1.a"), question("infrastructure.2.b"), question("infrastructure.3.c")]
    said = [
        response("infrastructure.1.a", "all"),
        response("infrastructure.2.b", "none"),
        response("infrastructure.3.c", "all"),
    ]
    pillar = run(asked, said, pillars=("infrastructure",)).pillars[0]
    assert (pillar.index.lower, pillar.banked) == (30, 40)


def test_the_index_weighs_pillars_equally_unless_told_and_the_floor_is_the_weakest():
    asked = [question("network.1.a"), question("identity.1.a"), question("identity.2.a")]
    said = [
        response("network.1.a", "all"),
        response("identity.1.a", "some"),
        response("identity.2.a", "none"),
    ]
    equal = run(asked, said, pillars=("identity", "network"))
    assert equal.overall.index.lower == F(100 + 25, 2)
    assert equal.overall.floor == ("identity",)
    assert (equal.overall.stage.lower, equal.overall.stage.upper) == (0, 0)
    weighted = run(asked, said, pillars=("identity", "network"), pillar_weights={"identity": 3})
    assert weighted.overall.index.lower == F(3 * 25 + 100, 4)


def test_the_verified_figure_leaves_out_what_was_only_said():
    subject = check("network.seen")
    asked = [
        question("network.1.a"),
        question("network.1.b", evidence=[{"check": subject.id, "authority": "decisive"}]),
    ]
    said = [response("network.1.a", "all")]
    scored = run(asked, said, [result(subject, 1, 1)], [subject])
    assert scored.overall.index.lower == 75
    assert (scored.overall.verified.lower, scored.overall.verified.upper) == (25, 75)
