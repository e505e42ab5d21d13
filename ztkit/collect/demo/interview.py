"""What the organisation's people say in the interviews before each date, and the risks that it has accepted."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from ztkit.collect.demo.said import (
    DONT_KNOW,
    HIGH,
    LOW,
    MIDDLE,
    NOT_APPLICABLE,
    RESPONDENTS,
    SAID,
    UNANSWERED_UNTIL,
)
from ztkit.content.library import Library
from ztkit.model.question import Answer, DependsOn, Question
from ztkit.model.response import Response

_MATURITY: Final = {
    "identity": (0.60, 0.68, 0.75, 0.82),
    "endpoint": (0.62, 0.69, 0.76, 0.84),
    "network": (0.56, 0.62, 0.68, 0.75),
    "data": (0.34, 0.40, 0.47, 0.55),
    "infrastructure": (0.54, 0.60, 0.66, 0.73),
}
"""How far each pillar has come in its people's own words, at each date."""

_WIDTH: Final = 0.56
_NARROW: Final = 0.3
_CANDID: Final = 0.86
_CLAIMED_AT_MOST: Final = 0.6
"""Where somebody can check, people differ less, and most of them claim no more than they can show."""

_ASKED_AGAIN: Final = 0.42
_NEVER_AGAIN: Final = 0.18
_DONT_KNOW: Final = 0.09
_NOT_REACHED: Final = 0.035
_NOTED: Final = 0.7


class Interviews:
    """The interviews of one organisation, quarter by quarter.

    Args:
        library: whose questions are asked.
        seed: what the answers are drawn from.
        dates: the demo's dates.
    """

    def __init__(self, library: Library, seed: int, dates: tuple[datetime, ...]) -> None:
        self._library, self._seed, self._dates = library, seed, dates
        self._said: dict[str, Response] = {}

    def held_before(self, quarter: int) -> list[Response]:
        """The responses that are new at a date."""
        new: list[Response] = []
        for number in range(quarter + 1):
            new = [
                response
                for question in self._library.questions.values()
                if self._is_asked(question, number)
                and (response := self._answer(question, number)) is not None
            ]
        return new

    def _is_asked(self, question: Question, quarter: int) -> bool:
        if question.depends_on is not None and not self._holds(question.depends_on):
            return False
        if quarter < UNANSWERED_UNTIL.get(question.id, 0):
            return False
        if any(said[0] == quarter for said in SAID.get(question.id, ())):
            return True
        if self._draw(question, "reached") < _NOT_REACHED:
            return False
        if question.id not in self._said:
            return True
        if (
            question.id in SAID
            or question.id in NOT_APPLICABLE
            or self._draw(question, "again") < _NEVER_AGAIN
        ):
            return False
        return self._draw(question, f"again/{quarter}") < _ASKED_AGAIN

    def _holds(self, condition: DependsOn) -> bool:
        def met(question: str, answers: tuple[str, ...]) -> bool:
            said = self._said.get(question)
            return said is not None and said.answer in answers

        return all(met(item.question, item.in_) for item in condition.all) and (
            not condition.any or any(met(item.question, item.in_) for item in condition.any)
        )

    def _answer(self, question: Question, quarter: int) -> Response | None:
        common = {
            "question": question.id,
            "respondent": RESPONDENTS[question.ask.role],
            "role": question.ask.role,
        }
        at = self._moment(question, quarter)
        if question.id in NOT_APPLICABLE:
            note, rationale, approver, expires = NOT_APPLICABLE[question.id]
            response = Response(
                **common,
                kind="not-applicable",
                at=at,
                note=note,
                rationale=rationale,
                approver=approver,
                expires=expires,
            )
        elif (written := self._written(question, quarter)) is not None:
            answer, note = written
            response = Response(
                **common, answer=answer.id, at=at, note=note, evidence=self._documents(question, answer)
            )
        elif self._draw(question, f"unknown/{quarter // 2}") < _DONT_KNOW:
            response = Response(
                **common, kind="dont-know", at=at, note=self._one_of(DONT_KNOW, question, quarter)
            )
        else:
            answer = self._chosen(question, quarter)
            response = Response(
                **common,
                answer=answer.id,
                at=at,
                note=self._note(question, answer, quarter),
                evidence=self._documents(question, answer),
            )
        self._said[question.id] = response
        return response

    def _written(self, question: Question, quarter: int) -> tuple[Answer, str] | None:
        """What is written down for this question and quarter, if the question offers that answer."""
        by_id = {answer.id: answer for answer in question.answers}
        for number, answer, note in SAID.get(question.id, ()):
            if number == quarter and answer in by_id:
                return by_id[answer], note
        return None

    def _chosen(self, question: Question, quarter: int) -> Answer:
        """The answer nearest to how far the pillar has come, some questions being ahead and some behind."""
        lead = (self._draw(question, "lead") - 0.5) * (_NARROW if question.checks else _WIDTH)
        level = _MATURITY[question.pillar][quarter] + lead
        if question.checks and self._draw(question, "candid") < _CANDID:
            level = min(level, _CLAIMED_AT_MOST)
        return min(question.answers, key=lambda answer: (abs(float(answer.value) - level), answer.value))

    def _note(self, question: Question, answer: Answer, quarter: int) -> str:
        if self._draw(question, f"noted/{quarter}") > _NOTED:
            return ""
        sentences = LOW if answer.value < 0.4 else MIDDLE if answer.value < 0.75 else HIGH
        return self._one_of(sentences, question, quarter)

    def _documents(self, question: Question, answer: Answer) -> tuple[str, ...]:
        named = [item.document for item in question.evidence if hasattr(item, "document")]
        shown = answer.value >= 0.75 and self._draw(question, "document") < 0.5
        return tuple(named[:1]) if shown else ()

    def _moment(self, question: Question, quarter: int) -> datetime:
        """On a working day of the week before, in working hours."""
        day = 3 + int(self._draw(question, f"day/{quarter}") * 4)
        quarter_hours = 4 + int(self._draw(question, f"hour/{quarter}") * 30)
        return self._dates[quarter] - timedelta(days=day) + timedelta(minutes=15 * quarter_hours)

    def _one_of(self, sentences: tuple[str, ...], question: Question, quarter: int) -> str:
        return sentences[int(self._draw(question, f"sentence/{quarter}") * len(sentences))]

    def _draw(self, question: Question, what: str) -> float:
        digest = hashlib.blake2b(f"{self._seed}/{question.id}/{what}".encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") / 2**48
