"""How an interview's workbook is laid out: what its writer and its reader have to agree on. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ztkit.model.question import Question
from ztkit.model.response import Confidence, Response

FORMAT = "ztkit-interview"
VERSION = 1
READ_ME, LISTS, META = "Read me", "Lists", "ztkit"
"""The sheets that hold no questions; the last two are hidden."""
NAME_LABEL = "Your name"
"""Label of the cell on the first sheet in which a respondent signs for the whole file."""
DONT_KNOW, NOT_APPLICABLE = "Don't know", "Does not apply"
CONFIDENCE: dict[str, Confidence] = {"Low": "low", "Medium": "medium", "High": "high"}
CELL_LIMIT = 32_767
"""Characters of a text in a cell, by Excel, which counts those beyond the basic plane as two."""
_CUT = " […] (cut here; the whole text is on file)"


@dataclass(frozen=True)
class Column:
    """A column of a question sheet.

    Attributes:
        title: the heading, by which the column is found again wherever it is moved to.
        width: in characters.
        hint: for a column to be filled in: what to write, shown beside the cell.
    """

    key: str
    title: str
    width: int
    hint: str = ""


COLUMNS = (
    Column("id", "Id", 9),
    Column("question", "Question, and why it matters", 50),
    Column("quality", "What must be true for the upper answers", 34),
    Column("answer", "Answer", 27, "Choose from the list."),
    Column("on_file", "On file", 14),
    Column("note", "Note", 26, "What the answer rests on, and what is missing."),
    Column(
        "evidence",
        "Evidence",
        19,
        "Where it can be seen: documents, links, ticket numbers; one on each line (Alt+Enter).",
    ),
    Column("confidence", "How sure", 9, "How sure you are; leave it empty if you cannot say."),
    Column(
        "respondent",
        "Answered by",
        14,
        "Who answers, if not the person named on the first sheet. Beside an answer that is on file already: "
        "your name confirms it.",
    ),
    Column(
        "rationale", "Does not apply: why", 22, "Needed with 'Does not apply': why it does not, here and now."
    ),
    Column(
        "approver",
        "Does not apply: approved by",
        13,
        "Needed with 'Does not apply': who agrees to leave it out.",
    ),
    Column(
        "expires",
        "Does not apply: until",
        12,
        "Needed with 'Does not apply': the last day on which that holds, such as 2027-06-30.",
    ),
)
INPUTS = tuple(column for column in COLUMNS if column.hint)
_ESCAPED = re.compile(r"_x000D_\n?|\r\n?")


def plain(text: str) -> str:
    """A text as a cell gives it back: line ends as one sign, nothing around it, no control characters."""
    told = _ESCAPED.sub("\n", text)
    return "".join(
        sign for sign in told if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs")
    ).strip()


def folded(label: str) -> str:
    """A label for comparison: without regard to case, spacing and the kind of apostrophe."""
    return " ".join(unicodedata.normalize("NFKC", label).replace("\u2019", "'").casefold().split())


def labels(question: Question) -> list[str]:
    """What the answer's list offers, from the least to the most mature; the two that are always offered last."""
    return [*(answer.label for answer in question.answers), DONT_KNOW, NOT_APPLICABLE]


def chosen(question: Question, label: str) -> tuple[str, str | None] | None:
    """Kind of response and id of the answer that a label stands for; None where the question has no such label."""
    wanted = folded(label)
    for answer in question.answers:
        if folded(answer.label) == wanted:
            return "answer", answer.id
    others = {folded(DONT_KNOW): "dont-know", folded(NOT_APPLICABLE): "not-applicable"}
    return (others[wanted], None) if wanted in others else None


def shown(question: Question, response: Response | None) -> dict[str, str]:
    """What the cells to be filled in hold when a workbook is made: the response on file, as text by column.

    ``respondent`` stays empty: a name beside an answer that is on file confirms it.
    """
    cells = dict.fromkeys((column.key for column in INPUTS), "")
    if response is None:
        return cells
    known = {answer.id: answer.label for answer in question.answers}
    if response.kind == "answer":
        cells["answer"] = known.get(response.answer or "", "")
    else:
        cells["answer"] = DONT_KNOW if response.kind == "dont-know" else NOT_APPLICABLE
    cells["note"] = _fitting(response.note)
    cells["evidence"] = _fitting("\n".join(response.evidence))
    cells["confidence"] = response.confidence.capitalize()
    if response.kind == "not-applicable":
        cells["rationale"] = _fitting(response.rationale)
        cells["approver"] = _fitting(response.approver)
        cells["expires"] = response.expires.isoformat() if response.expires else ""
    return cells


def sheet_name(title: str, taken: set[str]) -> str:
    """A name that Excel accepts for a sheet, and that is not taken (compared without case)."""
    base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '")[:31].strip(" '") or "Questions"
    if base.casefold() == "history":  # Excel keeps this name for itself
        base = "History of"
    name, number = base, 2
    while name.casefold() in {item.casefold() for item in taken}:
        ending = f" {number}"
        name, number = base[: 31 - len(ending)] + ending, number + 1
    return name


def _fitting(text: str) -> str:
    told = plain(text)
    if len(told.encode("utf-16-le")) <= 2 * CELL_LIMIT:
        return told
    room = CELL_LIMIT - len(_CUT)
    return told.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore").rstrip() + _CUT
