from __future__ import annotations

from fractions import Fraction

from tests.unit.report import estate
from ztkit.report.gaps import actions, blind_spots, first_steps, found_in_words, gaps
from ztkit.report.wording import Wording
from ztkit.roadmap.priority import prioritise


def test_gaps_are_ordered_by_what_they_hold_back() -> None:
    found = gaps(estate.build(), estate.wording())
    assert [gap.at_stake for gap in found] == sorted((gap.at_stake for gap in found), reverse=True)
    for gap in found:
        stakes = [item.criterion.at_stake for item in gap.shortfalls]
        assert stakes == sorted(stakes, reverse=True)
        assert gap.at_stake == sum(stakes)


def test_gaps_speak_of_business_and_say_what_to_do() -> None:
    for gap in gaps(estate.build(), estate.wording()):
        assert gap.business
        assert all(item.found and item.remedy for item in gap.shortfalls)


def test_every_unmet_criterion_is_in_exactly_one_gap() -> None:
    assessment = estate.build()
    listed = [item.criterion.id for gap in gaps(assessment, estate.wording()) for item in gap.shortfalls]
    assert sorted(listed) == sorted(item.id for item in assessment.criteria if item.state == "not-met")


def test_unknown_is_no_gap_and_no_action_but_a_blind_spot() -> None:
    unknown = estate.build(value=None)
    assert gaps(unknown, estate.wording()) == []
    spots = blind_spots(unknown)
    assert len(spots) == len([item for item in unknown.criteria if item.value is not None])
    assert [item.at_stake for item in spots] == sorted((item.at_stake for item in spots), reverse=True)


def test_nothing_is_missing_where_all_is_well() -> None:
    perfect = estate.build(value=Fraction(1), exceptions=0)
    assert gaps(perfect, estate.wording()) == []
    assert first_steps(actions(prioritise(perfect), estate.wording()), blind_spots(perfect), 3) == []


def test_finding_out_comes_first_where_no_step_is_known() -> None:
    unknown = estate.build(value=None)
    steps = first_steps([], blind_spots(unknown), 3)
    assert len(steps) == 3
    assert all(text.startswith("Find out: ") for text, _ in steps)


def test_actions_keep_the_order_of_priority() -> None:
    assessment = estate.build()
    items = prioritise(assessment)
    steps = actions(tuple(reversed(items)), estate.wording())
    assert [step.rank for step in steps] == list(range(1, len(items) + 1))
    assert [step.criterion.id for step in steps] == [item.criterion.id for item in items]


def test_without_words_a_step_is_named_by_its_criterion() -> None:
    assessment = estate.build()
    assert all(step.text == step.closes for step in actions(prioritise(assessment), Wording()))
    assert all(not gap.business for gap in gaps(assessment, Wording()))


def test_counts_are_said_with_their_unit() -> None:
    assessment = estate.build()
    checks = {item.id: item for item in assessment.checks}
    by_id = {item.id: item for item in assessment.criteria}
    said = {name: found_in_words(by_id[name], [checks[name]]) for name in checks}
    assert said["network.nsg-no-management-ports"] == "218 of 400 network security groups fail."
    assert said["identity.mfa-enforced"] == "This is not the case."
