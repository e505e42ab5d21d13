"""The invariants of scoring, on assessments that Hypothesis makes up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction as F

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import AT, TIERS, check, inputs, library, not_applicable, question, response, result
from ztkit.assess.ledger import ledger
from ztkit.assess.scoring import Score, score
from ztkit.model.assessment import Assessment, CheckResult, Parameters
from ztkit.model.check import Check
from ztkit.model.question import Question, QuestionCondition
from ztkit.model.response import Response
from ztkit.model.snapshot import Scope

PILLARS = list(TIERS)
ANSWERS = ("none", "some", "most", "all")
OPENING = (("some", "most", "all"), ("most", "all"), ("none", "some", "most"))
"""Answers that open a question: the last is closed by "all", which says that there is nothing to ask about."""
SETTLEMENTS = ({}, {}, {"settles": "accept-evidence"}, {"settles": "dispute-evidence", "dispute": "Wrong."})
settings.register_profile("ztkit", deadline=None, max_examples=150)
settings.load_profile("ztkit")


@dataclass(frozen=True)
class Case:
    """An assessment's inputs, in pieces that a test can change one at a time."""

    questions: tuple[Question, ...]
    checks: tuple[Check, ...]
    results: tuple[CheckResult, ...]
    responses: tuple[Response, ...]
    parameters: Parameters

    def score(self) -> Score:
        shelf = library(self.questions, self.checks)
        return score(shelf, PILLARS, inputs(self.results, self.responses), self.parameters)

    def closes_by_more(self, name: str) -> bool:
        """Whether the best answer to a question says that others are about nothing."""
        return any(item.question == name and "all" not in item.in_ for item in self.gates())

    def gates(self) -> list[QuestionCondition]:
        """The conditions that questions depend on."""
        return [item for asked in self.questions if asked.depends_on for item in asked.depends_on.all]

    def with_result(self, index: int, changed: CheckResult) -> Case:
        results = list(self.results)
        results[index] = changed
        return replace(self, results=tuple(results))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    questions, checks, results, responses = [], [], [], []
    objectives = [
        f"{pillar}.{number}" for pillar, tiers in TIERS.items() for number, _ in enumerate(tiers, 1)
    ]
    for objective in objectives:
        pillar = objective.split(".")[0]
        for number in range(draw(st.integers(0, 2))):
            linked = draw(st.integers(0, 2))
            links = []
            for which in range(linked):
                made = _check(draw, f"{pillar}.q{objective[-1]}-{number}-{which}", objective)
                checks.append(made)
                results.append(_result(draw, made))
                links.append(
                    {"check": made.id, "authority": draw(st.sampled_from(["decisive", "corroborating"]))}
                )
            asked = question(
                f"{objective}.q{number}",
                evidence=links,
                weight=draw(st.integers(1, 5)),
                must=draw(st.booleans()),
                threshold=draw(st.sampled_from([None, "1/4", "1/2", "4/5", "1"])),
                depends_on=_condition(draw, questions),
            )
            questions.append(asked)
            said = draw(st.sampled_from([None, "dont-know", "not-applicable", "bare", *ANSWERS]))
            settled = draw(st.sampled_from(SETTLEMENTS)) if linked else {}
            if said in ANSWERS:
                responses.append(response(asked.id, said, **settled))
            elif said == "dont-know":
                responses.append(response(asked.id, kind="dont-know"))
            elif said:
                approver = "CISO" if said == "not-applicable" else ""
                responses.append(not_applicable(asked.id, approver=approver, **settled))
        if draw(st.booleans()):
            alone = _check(draw, f"{pillar}.alone-{objective[-1]}", objective)
            checks.append(alone)
            results.append(_result(draw, alone))
    weights = {pillar: draw(st.integers(1, 3)) for pillar in PILLARS if draw(st.booleans())}
    parameters = Parameters(
        share_of_initial=draw(st.sampled_from(["3/5", "1/2", "4/5"])), pillar_weights=weights
    )
    return Case(tuple(questions), tuple(checks), tuple(results), tuple(responses), parameters)


def _condition(draw: st.DrawFn, earlier: list[Question]) -> dict | None:
    if not earlier or draw(st.integers(0, 2)):
        return None
    gate = draw(st.sampled_from(earlier))
    return {"all": [{"question": gate.id, "in": draw(st.sampled_from(OPENING))}]}


def _check(draw: st.DrawFn, identifier: str, objective: str) -> Check:
    severity = draw(st.sampled_from(["critical", "high", "medium", "low"]))
    return check(
        identifier,
        objective=objective,
        severity=severity,
        threshold=draw(st.sampled_from(["1/2", "4/5", "1"])),
    )


def _result(draw: st.DrawFn, subject: Check) -> CheckResult:
    if draw(st.integers(0, 5)) == 0:
        return result(subject, outcome=draw(st.sampled_from(["error", "unreadable"])))
    passed, failed = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    return result(subject, passed, failed, unseen=draw(st.sampled_from([0, 0, 0, 1, 5])))


def _lower(scored: Score) -> dict[str, F]:
    return {item.id: item.index.lower for item in scored.pillars}


@given(cases())
def test_everything_is_bounded_and_lower_is_not_above_upper(case):
    scored = case.score()
    for interval, top in (
        *((item.score, 1) for item in scored.objectives),
        *((item.index, 100) for item in scored.pillars),
        *((item.verified, 100) for item in scored.pillars),
        *((item.score, 1) for item in scored.concerns),
        (scored.overall.index, 100),
        (scored.overall.verified, 100),
    ):
        assert 0 <= interval.lower <= interval.upper <= top
    assert all(0 <= item.stage.lower <= item.stage.upper <= 2 for item in scored.pillars)
    assert all(0 <= item.coverage <= 1 for item in (*scored.objectives, *scored.pillars))
    assert scored.overall.stage.lower == min(
        (p.stage.lower for p in scored.pillars if p.applicable), default=0
    )


@given(cases())
def test_the_verified_figure_is_never_better_founded_than_the_index(case):
    overall = case.score().overall
    assert overall.verified.lower <= overall.index.lower
    assert overall.verified.upper >= overall.index.upper


@given(cases(), st.data())
def test_a_better_answer_never_lowers_anything(case, data):
    if not case.responses:
        return
    index = data.draw(st.integers(0, len(case.responses) - 1))
    said = case.responses[index]
    if said.kind != "answer" or case.closes_by_more(said.question):
        return
    better = data.draw(st.sampled_from(ANSWERS[ANSWERS.index(said.answer) :]))
    responses = list(case.responses)
    responses[index] = said.model_copy(update={"answer": better})
    _never_lower(case.score(), replace(case, responses=tuple(responses)).score())


@given(cases(), st.data())
def test_a_finding_that_turns_from_fail_to_pass_never_lowers_anything(case, data):
    index = _index_of(case, data, lambda item: item.outcome == "ok" and item.failed)
    if index is None:
        return
    old = case.results[index]
    mended = result(
        case.checks[_check_index(case, old.id)], old.passed + 1, old.failed - 1, unseen=old.unseen
    )
    _never_lower(case.score(), case.with_result(index, mended).score())


def _never_lower(before: Score, after: Score) -> None:
    for old, new in zip(before.objectives, after.objectives, strict=True):
        assert new.score.lower >= old.score.lower
        assert new.score.upper >= old.score.upper
        assert not (old.state == "met" and new.state in ("not-met", "undetermined"))
    for old, new in zip(before.pillars, after.pillars, strict=True):
        assert new.index.lower >= old.index.lower
        assert new.stage.lower >= old.stage.lower


@given(cases(), st.data())
def test_losing_access_to_a_check_never_raises_a_score(case, data):
    index = _index_of(case, data, lambda item: item.outcome == "ok" and item.passed + item.failed)
    if index is None:
        return
    old = case.results[index]
    lost = result(
        case.checks[_check_index(case, old.id)], outcome=data.draw(st.sampled_from(["unreadable", "error"]))
    )
    _never_higher(case.score(), case.with_result(index, lost).score())


@given(cases(), st.data())
def test_losing_access_to_some_units_never_raises_a_score(case, data):
    index = _index_of(case, data, lambda item: item.outcome == "ok" and item.passed + item.failed)
    if index is None:
        return
    old = case.results[index]
    passed = data.draw(st.integers(0, old.passed))
    failed = data.draw(st.integers(0, old.failed))
    unseen = old.unseen + old.passed - passed + old.failed - failed
    lost = result(case.checks[_check_index(case, old.id)], passed, failed, unseen=unseen)
    _never_higher(case.score(), case.with_result(index, lost).score())


@given(cases(), st.data())
def test_a_bare_not_applicable_never_raises_a_score(case, data):
    if not case.questions:
        return
    asked = data.draw(st.sampled_from(case.questions))
    others = tuple(item for item in case.responses if item.question != asked.id)
    bare = not_applicable(
        asked.id, **data.draw(st.sampled_from([{"approver": ""}, {"rationale": ""}, {"expires": None}]))
    )
    _never_higher(case.score(), replace(case, responses=(*others, bare)).score(), upper=False)


def _never_higher(before: Score, after: Score, *, upper: bool = True) -> None:
    """The lower bound and the stage never rise; what was lost can only widen the interval.

    A pillar to which nothing applied had neither.
    """
    for old, new in zip(before.pillars, after.pillars, strict=True):
        if not old.applicable:
            continue
        assert new.index.lower <= old.index.lower
        assert new.stage.lower <= old.stage.lower
        if upper:
            assert new.stage.upper >= old.stage.upper
    assert after.overall.verified.lower <= before.overall.verified.lower


@given(cases(), st.data())
def test_revealing_an_unknown_only_narrows_and_never_turns_met_into_not_met_or_back(case, data):
    index = _index_of(case, data, lambda item: item.outcome != "ok" or item.unseen)
    if index is None:
        return
    old = case.results[index]
    passed, failed = old.passed, old.failed
    if old.outcome != "ok":
        passed, failed = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    revealed = data.draw(st.integers(0, old.unseen))
    seen = result(
        case.checks[_check_index(case, old.id)],
        passed + revealed,
        failed + old.unseen - revealed,
        excepted=0,
    )
    _only_narrows(case.score(), case.with_result(index, seen).score())


@given(cases(), st.data())
def test_answering_a_question_that_nobody_answered_only_narrows(case, data):
    answered = {item.question for item in case.responses}
    open_questions = [item for item in case.questions if item.id not in answered]
    if not open_questions:
        return
    asked = data.draw(st.sampled_from(open_questions))
    said = response(asked.id, data.draw(st.sampled_from(ANSWERS)))
    _only_narrows(case.score(), replace(case, responses=(*case.responses, said)).score())


def _only_narrows(before: Score, after: Score) -> None:
    for old, new in zip(before.objectives, after.objectives, strict=True):
        if "not-applicable" in (old.state, new.state):
            continue
        assert old.score.lower <= new.score.lower <= new.score.upper <= old.score.upper
        assert (old.state, new.state) not in {("met", "not-met"), ("not-met", "met")}


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_inputs_does_not_matter(case, random):
    def shuffled(items):
        items = list(items)
        random.shuffle(items)
        return tuple(items)

    other = Case(
        shuffled(case.questions),
        shuffled(case.checks),
        shuffled(case.results),
        shuffled(case.responses),
        case.parameters,
    )
    before, after = case.score(), other.score()
    assert before.overall == after.overall
    assert before.pillars == after.pillars
    assert {item.id: item.points for item in before.criteria} == {
        item.id: item.points for item in after.criteria
    }


@given(cases())
def test_the_ledger_adds_up_to_the_index_exactly(case):
    scored = case.score()
    rows = ledger(_assessment(case, scored))
    assert sum(row.points for row in rows) == scored.overall.index.lower
    assert sum(row.banked for row in rows) == scored.overall.banked
    for pillar in scored.pillars:
        assert (
            sum(row.points for row in rows if row.pillar == pillar.id) == pillar.weight * pillar.index.lower
        )
    if any(pillar.applicable for pillar in scored.pillars):
        assert sum(row.share for row in rows) == 1
    for row in rows:
        if row.points:
            assert row.points == 100 * row.share * row.lower


@given(cases())
def test_closing_a_gap_gains_what_was_at_stake_at_least(case):
    scored = case.score()
    from ztkit.assess.scoring import score_criteria
    from ztkit.model.assessment import Interval

    shelf = library(case.questions, case.checks)
    for item in scored.criteria:
        if item.at_stake:
            one = item.model_copy(update={"value": Interval(lower=1, upper=1), "known": True, "state": "met"})
            criteria = [one if other.id == item.id else other for other in scored.criteria]
            after = score_criteria(shelf, PILLARS, criteria, case.parameters)
            assert after.overall.index.lower >= scored.overall.index.lower + item.at_stake
            break


def _assessment(case: Case, scored: Score) -> Assessment:
    return Assessment(
        id="2026-01-15T1200Z",
        organisation="Made up",
        at=AT,
        tool="ztkit",
        content_hash="hash",
        scope=Scope(),
        pillars_in_scope=tuple(PILLARS),
        snapshot=None,
        parameters=case.parameters,
        overall=scored.overall,
        pillars=scored.pillars,
        objectives=scored.objectives,
        criteria=scored.criteria,
        concerns=scored.concerns,
        checks=case.results,
        exceptions=(),
    )


def _index_of(case: Case, data: st.DataObject, wanted) -> int | None:
    fitting = [index for index, item in enumerate(case.results) if wanted(item)]
    return data.draw(st.sampled_from(fitting)) if fitting else None


def _check_index(case: Case, identifier: str) -> int:
    return next(index for index, item in enumerate(case.checks) if item.id == identifier)


@given(cases(), st.data())
def test_accepting_evidence_lifts_nothing_above_the_evidence_and_disputing_it_changes_nothing(case, data):
    contested = [
        item.id for item in case.score().criteria if item.conflict and item.claim and item.rule != "not-asked"
    ]
    if not contested:
        return
    name = data.draw(st.sampled_from(contested))
    index = next(number for number, item in enumerate(case.responses) if item.question == name)

    def settled(**how):
        said = case.responses[index].model_copy(update={"settles": "", "dispute": "", **how})
        responses = (*case.responses[:index], said, *case.responses[index + 1 :])
        scored = replace(case, responses=responses).score()
        return scored, next(item for item in scored.criteria if item.id == name)

    before, open_conflict = settled()
    disputed, held = settled(settles="dispute-evidence", dispute="Wrong.")
    accepted, given_up = settled(settles="accept-evidence")
    assert (disputed.overall, disputed.pillars, disputed.objectives) == (
        before.overall,
        before.pillars,
        before.objectives,
    )
    assert (held.conflict, given_up.conflict) == (open_conflict.conflict, False)
    assert given_up.value == open_conflict.value
    assert given_up.value is None or not given_up.known or given_up.value.upper <= given_up.evidence.upper
    for old, new in zip(before.objectives, accepted.objectives, strict=True):
        assert new.score == old.score or name in {item.question for item in case.gates()}
