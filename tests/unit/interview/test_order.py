"""The order of an interview: nothing is lost, nothing comes before what it depends on, groups stay together."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import TIERS, library, question
from ztkit.content.library import PILLARS, shipped_library
from ztkit.interview.order import ROLE_TITLES, ROLES, ordered

OBJECTIVES = [f"{pillar}.{number}" for pillar, tiers in TIERS.items() for number, _ in enumerate(tiers, 1)]
GROUPINGS = st.sampled_from(["role", "pillar", "tier"])


@st.composite
def shelves(draw):
    """Libraries whose questions depend on others at random, circles included."""
    names = [f"{draw(st.sampled_from(OBJECTIVES))}.q{number}" for number in range(draw(st.integers(1, 12)))]
    questions = []
    for name in names:
        gates = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
        conditions = {"all": [{"question": gate, "in": ["all"]} for gate in gates if gate != name]}
        questions.append(
            question(
                name,
                ask={"role": draw(st.sampled_from(ROLES)), "minutes": 1, "probes": ["Really?"]},
                depends_on=conditions if conditions["all"] and draw(st.booleans()) else None,
            )
        )
    return library(questions)


def in_circles(questions):
    """Questions that depend on themselves, and those that depend on one that does."""
    left = {item.id: set(item.prerequisites) for item in questions}
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]
    return set(left)


@given(shelves(), GROUPINGS, st.data())
def test_every_question_comes_once_and_after_those_that_it_depends_on(shelf, by, data):
    chosen = data.draw(
        st.lists(st.sampled_from(list(shelf.questions.values())), unique_by=lambda item: item.id)
    )
    found = ordered(shelf, chosen, by)
    assert sorted(item.id for item in found) == sorted(item.id for item in chosen)
    place = {item.id: number for number, item in enumerate(found)}
    circular = in_circles(chosen)
    for item in found:
        if item.id not in circular:
            assert all(place[name] < place[item.id] for name in item.prerequisites if name in place)


@given(shelves(), GROUPINGS, st.randoms(use_true_random=False))
def test_the_order_is_the_same_whatever_order_the_questions_are_given_in(shelf, by, random):
    questions = list(shelf.questions.values())
    before = ordered(shelf, questions, by)
    random.shuffle(questions)
    assert ordered(shelf, questions, by) == before


@given(shelves(), GROUPINGS)
def test_without_conditions_each_group_is_in_one_piece(shelf, by):
    free = [item for item in shelf.questions.values() if item.depends_on is None]
    group = {
        "role": lambda item: ROLES.index(item.ask.role),
        "pillar": lambda item: PILLARS.index(item.pillar),
        "tier": lambda item: shelf.objectives[item.objective].tier == "additional",
    }[by]
    groups = [name for name, _ in groupby(ordered(shelf, free, by), key=group)]
    assert groups == sorted(set(groups))


def test_within_a_role_objectives_come_by_pillar_and_tier():
    library_ = shipped_library()
    found = [
        item for item in ordered(library_, library_.questions.values(), "role") if not item.prerequisites
    ]
    own = [item.objective for item in found if item.ask.role == "cloud-platform"]
    assert own == sorted(own, key=lambda name: (PILLARS.index(name.split(".")[0]), name))
    assert len(set(own)) > 5


def test_every_role_has_a_title():
    assert tuple(ROLE_TITLES) == ROLES
