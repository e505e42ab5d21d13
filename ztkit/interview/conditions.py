"""Which questions are asked: `depends_on`, evaluated on the newest responses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ztkit.model.question import Question, QuestionCondition
from ztkit.model.response import Response

GateState = Literal["asked", "waiting", "not-asked"]
Closure = Literal["absent", "prerequisite-missing"]


@dataclass(frozen=True)
class Reason:
    """One condition that keeps a question from being asked.

    Attributes:
        question: the question that it looks at.
        said: label of the answer that closes it, or what was said in its place; empty where nothing was.
        closure: for a condition that does not hold, what that means for the question that depends on it.
    """

    question: str
    said: str
    closure: Closure | None


@dataclass(frozen=True)
class Gate:
    """Whether a question is asked, and if not, why.

    Attributes:
        state: ``waiting`` for a question that has to be answered first; ``not-asked`` since an answer to another
            question makes it pointless.
        closure: for ``not-asked``: ``prerequisite-missing`` where the answer that closes it is worth less than
            each that would open it (nothing can be built on what is not there); else ``absent`` (there is
            nothing that the question could be about).
        because: the conditions that decide.
    """

    state: GateState
    closure: Closure | None = None
    because: tuple[Reason, ...] = ()


ASKED = Gate("asked")


def gate(
    question: Question,
    questions: Mapping[str, Question],
    newest: Mapping[str, Response],
    on: date,
    _above: frozenset[str] = frozenset(),
) -> Gate:
    """Whether a question is asked.

    A question that depends on one that is itself not asked shares its fate. A claim that was withdrawn in
    favour of the evidence closes nothing, and a question that is not in scope keeps nobody waiting.

    Args:
        question: the question.
        questions: those in scope, by id.
        newest: the response that counts, by question.
        on: the day on which a "not applicable" has to be in force.
        _above: the questions that lead here; in a circle, which content lint refuses, the last one is asked.
    """
    condition = question.depends_on
    if condition is None:
        return ASKED
    above = _above | {question.id}

    def looked_at(items: Sequence[QuestionCondition]) -> list[Reason | None]:
        return [_reason(item, questions, newest, on, above) for item in items]

    needed = [item for item in looked_at(condition.all) if item is not None]
    wanted = [item for item in looked_at(condition.any) if item is not None]
    if len(wanted) < len(condition.any):  # one of them holds, which is enough
        wanted = []
    if closing := [item for item in needed if item.closure]:
        return _closed(closing)
    if wanted and all(item.closure for item in wanted):
        return _closed(wanted)
    return Gate("waiting", because=(*needed, *wanted)) if needed or wanted else ASKED


def gates(questions: Mapping[str, Question], newest: Mapping[str, Response], on: date) -> dict[str, Gate]:
    """The gate of each question, by id."""
    return {item.id: gate(item, questions, newest, on) for item in questions.values()}


def with_prerequisites(chosen: Iterable[Question], questions: Mapping[str, Question]) -> set[str]:
    """Ids of questions, and of all that decide whether they are asked."""
    found: set[str] = set()
    waiting = [item.id for item in chosen]
    while waiting:
        identifier = waiting.pop()
        if identifier in questions and identifier not in found:
            found.add(identifier)
            waiting += questions[identifier].prerequisites
    return found


def _closed(reasons: Sequence[Reason]) -> Gate:
    missing = any(item.closure == "prerequisite-missing" for item in reasons)
    return Gate("not-asked", "prerequisite-missing" if missing else "absent", tuple(reasons))


def _reason(
    condition: QuestionCondition,
    questions: Mapping[str, Question],
    newest: Mapping[str, Response],
    on: date,
    above: frozenset[str],
) -> Reason | None:
    """Why a condition does not hold, or not yet; None where it holds."""
    other = questions.get(condition.question)
    if other is None or other.id in above:
        return None
    upstream = gate(other, questions, newest, on, above)
    if upstream.state == "not-asked":
        return Reason(other.id, "not asked", upstream.closure)
    response = newest.get(other.id)
    if upstream.state == "waiting" or response is None:
        return Reason(other.id, "", None)
    if response.withdrawn or response.answer in condition.in_:
        return None
    if response.kind == "dont-know":
        return Reason(other.id, "don't know", None)
    if response.kind == "not-applicable":
        return Reason(other.id, "not applicable", None if response.lacks(on) else "absent")
    values = {answer.id: answer.value for answer in other.answers}
    if response.answer not in values:  # an answer that the question no longer has
        return Reason(other.id, "", None)
    opening = [values[name] for name in condition.in_ if name in values]
    label = next(answer.label for answer in other.answers if answer.id == response.answer)
    lower = all(values[response.answer] < value for value in opening)
    return Reason(other.id, label, "prerequisite-missing" if lower else "absent")
