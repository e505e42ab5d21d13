"""Small mistakes in a check's query, of the kind that people make: each must make one of its cases fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ztkit.assess.cases import problems
from ztkit.content.kql import Token, tokenize
from ztkit.model.check import Case, Check

_OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<>": "==",
    "=~": "!~",
    "!~": "=~",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}
_OPPOSITE_FUNCTION = {
    "isempty": "isnotempty",
    "isnotempty": "isempty",
    "isnull": "isnotnull",
    "isnotnull": "isnull",
}
_NEGATED_BY_MARK = frozenset({"in", "has", "contains", "startswith", "endswith", "between"})
_TELLING_FIRST = ("trap", "fail", "out-of-scope", "letter-case", "absent", "pass")
_CONTEXT = 6


@dataclass(frozen=True)
class Mutant:
    """A query with one mistake in it; ``change`` says which, in words that are unique among those of a check."""

    change: str
    query: str


@dataclass(frozen=True)
class _Edit:
    """Tokens ``first`` to ``last`` (exclusive) are replaced by a text."""

    change: str
    first: int
    last: int
    text: str


def mutants(query: str) -> tuple[Mutant, ...]:
    """Every mutant of a query: each comparison turned round, and each ``where`` left out."""
    tokens = tokenize(query)
    seen: Counter[str] = Counter()
    found = []
    for edit in (*_turned(tokens), *_left_out(tokens)):
        seen[edit.change] += 1
        change = edit.change if seen[edit.change] == 1 else f"{edit.change} ({seen[edit.change]})"
        start, end = tokens[edit.first].start, _end(tokens[edit.last - 1])
        found.append(Mutant(change, query[:start] + edit.text + query[end:]))
    return tuple(found)


def survivors(check: Check, excused: Iterable[str] = ()) -> list[str]:
    """The changes that no case of a check notices, but those that are excused."""
    cases = sorted(check.cases, key=lambda case: _TELLING_FIRST.index(case.proves))
    skipped = set(excused)
    return [
        mutant.change
        for mutant in mutants(check.query)
        if mutant.change not in skipped and not _noticed(check, mutant, cases)
    ]


def _noticed(check: Check, mutant: Mutant, cases: Iterable[Case]) -> bool:
    changed = check.model_copy(update={"query": mutant.query})
    return any(problems(changed, case) for case in cases)


def _turned(tokens: tuple[Token, ...]) -> Iterator[_Edit]:
    """Each comparison operator as its opposite."""
    for index, token in enumerate(tokens):
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        marked = index > 0 and tokens[index - 1].text == "!" and _end(tokens[index - 1]) == token.start
        if token.kind == "symbol" and token.text in _OPPOSITE:
            text = _OPPOSITE[token.text]
            yield _Edit(f"{_around(tokens, index, index + 1)} as {text}", index, index + 1, text)
        elif (
            token.kind == "word"
            and token.lower in _NEGATED_BY_MARK
            and after != "="
            and not _is_name(tokens, index)
        ):
            text = token.text if marked else f"!{token.text}"
            first = index - marked
            written = text + "~" if after == "~" else text
            yield _Edit(f"{_around(tokens, first, index + 1)} as {written}", first, index + 1, text)
        elif token.kind == "word" and token.lower in _OPPOSITE_FUNCTION and after == "(":
            text = _OPPOSITE_FUNCTION[token.lower]
            yield _Edit(f"{_around(tokens, index, index + 1)} as {text}", index, index + 1, text)


def _is_name(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a word of the language stands for a property here, such as ``properties.contains``."""
    return index > 0 and tokens[index - 1].text in (".", "[")


def _left_out(tokens: tuple[Token, ...]) -> Iterator[_Edit]:
    """Each ``| where …`` left out, up to the next pipe of its own depth."""
    for index in range(len(tokens) - 1):
        if tokens[index].text == "|" and tokens[index + 1].lower == "where":
            end = _end_of_operator(tokens, index + 1)
            yield _Edit(f"without {_text(tokens, index + 1, end)}", index, end, "")


def _end_of_operator(tokens: tuple[Token, ...], index: int) -> int:
    """The token behind an operator: a pipe at its depth, the bracket that closes its sub-query, or the end."""
    depth = 0
    for position in range(index, len(tokens)):
        text = tokens[position].text
        depth += (text in "([{") - (text in ")]}")
        if depth < 0 or (depth == 0 and text == "|"):
            return position
    return len(tokens)


def _around(tokens: tuple[Token, ...], first: int, last: int) -> str:
    """An operator with what stands left and right of it, up to the brackets that it stands in."""
    start, depth = first, 0
    while start > 0 and first - start < _CONTEXT and not _bounds(tokens[start - 1]):
        depth += (tokens[start - 1].text in ")]") - (tokens[start - 1].text in "([")
        if depth < 0:
            break
        start -= 1
    end, depth = last, 0
    while end < len(tokens) and end - last < _CONTEXT and not _bounds(tokens[end]):
        depth += (tokens[end].text in "([") - (tokens[end].text in ")]")
        if depth < 0:
            break
        end += 1
    return f"`{_text(tokens, start, end)}`"


def _bounds(token: Token) -> bool:
    return token.text in ("|", ",", "=") or token.lower in ("and", "or", "where", "iff", "case", "extend")


def _text(tokens: tuple[Token, ...], first: int, last: int) -> str:
    """The text of tokens on one line, spaced as they stood."""
    parts = [tokens[first].text]
    for before, token in zip(tokens[first : last - 1], tokens[first + 1 : last], strict=True):
        parts.append(" " + token.text if token.start > _end(before) else token.text)
    return "".join(parts)


def _end(token: Token) -> int:
    return token.start + len(token.text)
