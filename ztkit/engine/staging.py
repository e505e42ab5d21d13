"""Stages nested calls: what stands inside a call becomes a column of its own before it is used.

The offline engine translates ``strcat``, ``tostring`` and a few others to SQL that repeats each argument
up to nine times, because it does not know types. Nested, that grows by a power: a reason made of three levels of
``strcat`` becomes half a megabyte of SQL. With every complex argument computed first, in an ``extend`` of
its own, the SQL stays linear in the query. The result is the same; lines stay where they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ztkit.content.kql import Token, tokenize

_REPEATING = frozenset(
    "strcat tostring tobool toint tolong todouble toreal tolower toupper coalesce substring strcat_array"
    " pack_array isempty isnotempty array_length todatetime".split()
)
"""Functions whose translation repeats their arguments."""
_LITERALS = frozenset({"dynamic", "datetime", "timespan", "now", "ago", "in", "and", "or", "not"})
_STAGES = frozenset({"extend", "where", "project"})
_MAX_PASSES = 40
PREFIX = "_staged"


@dataclass(frozen=True)
class _Stage:
    """An operator and what belongs to it: tokens from start up to end."""

    start: int
    end: int


def stage(kql: str) -> str:
    """Compute nested arguments first, level by level, in the operators ``extend``, ``where`` and ``project``."""
    count = 0
    for _ in range(_MAX_PASSES):
        tokens = tokenize(kql)
        edits: list[tuple[int, int, str]] = []
        for part in _stages(tokens):
            spans = list(_innermost(tokens, part))
            if not spans:
                continue
            names = [f"{PREFIX}{count + number}" for number in range(len(spans))]
            count += len(spans)
            assigned = ", ".join(
                f"{name} = {_on_one_line(tokens, first, last)}"
                for name, (first, last) in zip(names, spans, strict=True)
            )
            position = tokens[part.start].start
            edits.append((position, position, f"extend {assigned} | "))
            for name, (first, last) in zip(names, spans, strict=True):
                begin, end = tokens[first].start, _end(tokens[last])
                edits.append((begin, end, name + "\n" * kql.count("\n", begin, end)))
            if tokens[part.start].lower != "project" and not _dropped_later(tokens, part):
                last_end = _end(tokens[part.end - 1])
                edits.append((last_end, last_end, f" | project-away {', '.join(names)}"))
        if not edits:
            return kql
        for begin, end, text in sorted(edits, key=lambda edit: (edit[0], edit[1]), reverse=True):
            kql = kql[:begin] + text + kql[end:]
    return kql


def _stages(tokens: tuple[Token, ...]) -> Iterator[_Stage]:
    """Every ``extend``, ``where`` and ``project`` of a query and its sub-queries."""
    for index, token in enumerate(tokens):
        if token.text != "|" or index + 1 >= len(tokens) or tokens[index + 1].lower not in _STAGES:
            continue
        if index + 2 < len(tokens) and tokens[index + 2].text == "-":  # project-away, project-rename
            continue
        depth, end = 0, index + 1
        while end < len(tokens):
            text = tokens[end].text
            depth += (text in "([") - (text in ")]")
            if depth < 0 or (depth == 0 and text == "|"):
                break
            end += 1
        yield _Stage(index + 1, end)


def _dropped_later(tokens: tuple[Token, ...], part: _Stage) -> bool:
    """Whether a later ``project`` or ``summarize`` of the same pipeline leaves our columns out anyway."""
    depth = 0
    for index in range(part.end, len(tokens) - 1):
        text = tokens[index].text
        depth += (text in "([") - (text in ")]")
        if depth < 0 or (depth == 0 and text == "*"):
            return False
        if depth == 0 and text == "|" and tokens[index + 1].lower in ("project", "summarize"):
            return index + 2 >= len(tokens) or tokens[index + 2].text != "-"
        if depth == 0 and text == "|" and tokens[index + 1].lower in ("distinct", "union"):
            return False
    return False


def _innermost(tokens: tuple[Token, ...], part: _Stage) -> Iterator[tuple[int, int]]:
    """Arguments to compute first, as first and last token: those that contain no other such argument."""
    found = [
        (first, last)
        for index in range(part.start, part.end - 1)
        if tokens[index].kind == "word" and tokens[index].text in _REPEATING and tokens[index + 1].text == "("
        for first, last in _arguments(tokens, index + 1)
        if _is_complex(tokens, first, last)
    ]
    for first, last in found:
        if not any((first, last) != (a, b) and first <= a and b <= last for a, b in found):
            yield first, last


def _arguments(tokens: tuple[Token, ...], opening: int) -> Iterator[tuple[int, int]]:
    """The arguments of a call, as first and last token; opening is its bracket."""
    depth, first = 0, opening + 1
    for index in range(opening, len(tokens)):
        text = tokens[index].text
        depth += (text in "([") - (text in ")]")
        if (depth == 0 and text == ")") or (depth == 1 and text == ","):
            if first < index:
                yield first, index - 1
            first = index + 1
        if depth == 0:
            return


def _is_complex(tokens: tuple[Token, ...], first: int, last: int) -> bool:
    """Whether an argument holds a call; columns, paths and literals do not."""
    return any(
        tokens[index].kind == "word"
        and tokens[index].lower not in _LITERALS
        and tokens[index + 1].text == "("
        for index in range(first, last)
    )


def _on_one_line(tokens: tuple[Token, ...], first: int, last: int) -> str:
    """The text of tokens without line breaks and comments, spaced as they stood."""
    parts = []
    for index in range(first, last + 1):
        if index > first and tokens[index].start > _end(tokens[index - 1]):
            parts.append(" ")
        parts.append(tokens[index].text)
    return "".join(parts)


def _end(token: Token) -> int:
    return token.start + len(token.text)
