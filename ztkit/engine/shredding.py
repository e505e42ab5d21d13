"""Reads each dynamic column once: what a query takes out of ``properties`` becomes columns of the view that it reads.

A check takes five or ten values out of the JSON of every resource, and the engine would parse the whole text for each of
them. Here every path that a query follows from a dynamic column of its table is noted as a `Part` and marked in the query;
the view offers all parts of a row after parsing it once, and where many queries read the same rows, once for all of them.
What an ``mv-expand`` makes of an array is treated alike: the parts of an element are taken right behind it. The result is
the same.

A path is marked only where the column is still the table's own: in ``where``, ``extend``, ``mv-expand`` and ``order``, and in
the ``project`` or ``summarize`` that ends them. What comes later, or after another column took the name, stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from ztkit.content.kql import Token, sources, string_value, tokenize
from ztkit.model.snapshot import COLUMNS, GRAPH_COLUMNS, columns_of

_KEEPS = frozenset({"where", "extend", "order", "sort", "take", "limit", "join", "lookup"})
"""Operators after which the table's own columns are still there."""
_ENDS = frozenset({"project", "summarize"})
_ASSIGNS = frozenset({"extend", "mv-expand", "mvexpand"})
_EXPANDS = frozenset({"mv-expand", "mvexpand"})
_DYNAMIC = frozenset(
    name for columns in (COLUMNS, GRAPH_COLUMNS) for name, kind in columns.items() if kind == "dynamic"
)
_WORTHWHILE = 3
"""Paths into an element from which on taking them together is cheaper."""
_MEMBER = re.compile(r"[A-Za-z0-9_@.$ -]+")
_MARK, _ELEMENT = "ztkitPart", "ztkitElement"


_Operator = tuple[str, int, int]
"""An operator's name, the index of the first token after it, and where it ends."""


@dataclass(frozen=True, order=True)
class Part:
    """What a query takes out of a dynamic column.

    Attributes:
        column: the column.
        path: where in it, as DuckDB writes a JSON path.
        text: as text, which is empty where there is nothing; as JSON otherwise.
    """

    column: str
    path: str
    text: bool

    @property
    def name(self) -> str:
        """The name of the view's column that holds it."""
        digest = hashlib.sha256(f"{self.column}{self.path}".encode()).hexdigest()[:10]
        return f"{'t' if self.text else 'p'}_{digest}"

    @property
    def as_json(self) -> Part:
        """The same value as JSON."""
        return Part(self.column, self.path, text=False)


@dataclass(frozen=True)
class Shredded:
    """A query whose paths are marked.

    Attributes:
        kql: the query; every token stands on the line where it stood.
        parts: by the index of the source among the query's `sources`.
        elements: of what ``mv-expand`` makes, wherever it stands.
        whole: dynamic columns that are needed as they are too.
    """

    kql: str
    parts: Mapping[int, tuple[Part, ...]]
    elements: frozenset[Part]
    whole: frozenset[str]


def shred(query: str) -> Shredded:
    """Mark the paths of a query.

    The outermost pipeline has to say what comes out, so that no column of ours does; the caller sees to that.
    """
    tokens = tokenize(query)
    marked: dict[int, tuple[int, Part]] = {}
    taken: dict[int, tuple[Part, ...]] = {}
    parts: dict[int, tuple[Part, ...]] = {}
    found_sources = sources(tokens)
    tables = {source.token for source in found_sources}
    for number, source in enumerate(found_sources):
        pipeline = list(_operators(tokens, 0 if source.token is None else source.token + 1))
        own = {name for name, kind in columns_of(source.table).items() if kind == "dynamic"}
        found = dict(_paths(tokens, pipeline, own, tables))
        parts[number] = tuple(sorted({part for _, part in found.values()}))
        marked |= found
        for position, (operator, start, end) in enumerate(pipeline):
            if operator in _EXPANDS:
                names = _assigned(tokens, start, end) - _DYNAMIC
                within = dict(_paths(tokens, pipeline[position + 1 :], names, tables))
                if len({part for _, part in within.values()}) >= _WORTHWHILE:
                    taken[end - 1] = tuple(sorted({part for _, part in within.values()}))
                    marked |= within
    edits = {first: (last, f"{part.column}.{_MARK}_{part.name}") for first, (last, part) in marked.items()}
    kql = query
    for first in sorted({*edits, *taken}, reverse=True):
        if first in taken:
            end = _end(tokens[first])
            kql = f"{kql[:end]} | extend {', '.join(map(_taking, taken[first]))}{kql[end:]}"
        if first in edits:
            last, text = edits[first]
            begin, end = tokens[first].start, _end(tokens[last])
            kql = kql[:begin] + text + "\n" * query.count("\n", begin, end) + kql[end:]
    whole = frozenset(
        token.text.rstrip("0123456789")  # a join numbers the columns of its other side
        for index, token in enumerate(tokens)
        if token.kind == "word" and index not in edits and not _is_member(tokens, index)
    ) | {string_value(token) for token in tokens if token.kind == "string"}
    return Shredded(kql, parts, frozenset(part for found in taken.values() for part in found), whole)


def _taking(part: Part) -> str:
    path = f"{part.column}.{_ELEMENT}_{part.name}"
    return f"{part.name} = {f'tostring({path})' if part.text else path}"


def take_parts(sql: str, parts: Iterable[Part], elements: Iterable[Part]) -> str | None:
    """Read marked paths from the columns that hold them, and take those of elements together.

    Args:
        sql: the translation of a query that `shred` marked.
        parts: what the views offer.
        elements: what is taken behind an ``mv-expand``.

    Returns:
        The statement, or None where a mark is not written as expected.
    """
    sets: dict[tuple[str, bool], list[Part]] = {}
    for part in sorted(elements):
        sets.setdefault((part.column, part.text), []).append(part)
    known = {part.name: part for part in (*parts, *elements)}

    def column(match: re.Match[str]) -> str:
        return f'"{match["name"]}"'

    def element(match: re.Match[str]) -> str:
        part = known[match["name"]]
        together = sets[part.column, part.text]
        paths = ", ".join(f"'{other.path}'" for other in together)
        function = "json_extract_string" if part.text else "json_extract"
        value = f'{function}("{part.column}", [{paths}])[{together.index(part) + 1}]'
        return f"coalesce({value}, '')" if part.text else value

    for mark, put in ((_MARK, column), (_ELEMENT, element)):
        member = rf"""json_extract\("\w+", '\$\.{mark}_(?P<name>{{}}_[0-9a-f]{{{{10}}}})'\)"""
        sql = re.sub(rf"coalesce\({member.format('t')} ->> '\$', ''\)", put, sql)
        sql = re.sub(member.format("p"), put, sql)
    named = set(re.findall(r'"([pt]_[0-9a-f]{10})"', sql))
    return None if _MARK in sql or _ELEMENT in sql or not named <= set(known) else sql


def _paths(
    tokens: tuple[Token, ...], pipeline: Sequence[_Operator], own: set[str], tables: Set[int | None]
) -> Iterator[tuple[int, tuple[int, Part]]]:
    """Paths from some columns in the rest of a pipeline: index of the first token, of the last one, and the part."""
    for operator, start, end in pipeline:
        if operator not in _KEEPS | _ENDS | _ASSIGNS:
            return
        if not tables.isdisjoint(range(start, end)):  # a query of its own stands in it
            continue
        here = own - (_assigned(tokens, start, end) if operator in _ASSIGNS else set())
        if operator in _EXPANDS:
            here -= {token.text for token, after in _pairs(tokens, start, end) if after not in (".", "[")}
        yield from _paths_within(tokens, start, end, here)
        if operator in _ENDS:
            return
        own = here


def _operators(tokens: tuple[Token, ...], index: int) -> Iterator[_Operator]:
    """The operators of the pipeline that goes on at a token: name, first token after it, and where it ends."""
    starts = [0] if index == 0 and tokens[0].text != "|" else []
    depth, position = 0, index
    while position < len(tokens):
        text = tokens[position].text
        depth += (text in "([{") - (text in ")]}")
        if depth < 0:
            break
        if depth == 0 and text == "|":
            starts.append(position + 1)
        position += 1
    for start, end in zip(starts, [*(item - 1 for item in starts[1:]), position], strict=True):
        if start >= end:
            continue
        name, first = tokens[start].lower, start + 1
        if first + 1 < end and tokens[first].text == "-":
            name, first = f"{name}-{tokens[first + 1].lower}", first + 2
        yield name, first, end


def _assigned(tokens: tuple[Token, ...], start: int, end: int) -> set[str]:
    """Names that get another value."""
    return {token.text for token, after in _pairs(tokens, start, end) if after == "="}


def _pairs(tokens: tuple[Token, ...], start: int, end: int) -> Iterator[tuple[Token, str]]:
    """Each name and the text of the token after it."""
    for index in range(start, end):
        if tokens[index].kind == "word" and not _is_member(tokens, index):
            yield tokens[index], tokens[index + 1].text if index + 1 < end else ""


def _paths_within(
    tokens: tuple[Token, ...], start: int, end: int, own: set[str]
) -> Iterator[tuple[int, tuple[int, Part]]]:
    for index in range(start, end):
        if tokens[index].text not in own or _is_member(tokens, index):
            continue
        path, last = _steps(tokens, index, end)
        after = tokens[last + 1].text if last + 1 < end else ""
        if not path or after in (".", "[", "("):  # a call, or a step that a part cannot hold
            continue
        before = [token.text for token in tokens[max(start, index - 2) : index]]
        text = before == ["tostring", "("] and after == ")"
        yield index, (last, Part(tokens[index].text, "$" + path, text))


def _steps(tokens: tuple[Token, ...], index: int, end: int) -> tuple[str, int]:
    """The steps that follow a column's name, as a JSON path, and the last token of them."""
    path, last = "", index
    while True:
        window = tokens[last + 1 : min(last + 4, end)]
        texts = [token.text for token in window]
        if len(window) > 1 and texts[0] == "." and window[1].kind == "word":
            path, last = f'{path}."{texts[1]}"', last + 2
        elif len(window) == 3 and texts[0] == "[" and texts[2] == "]" and texts[1].isdigit():
            path, last = f"{path}[{texts[1]}]", last + 3
        elif len(window) == 3 and texts[0] == "[" and texts[2] == "]" and window[1].kind == "string":
            name = string_value(window[1])
            if not _MEMBER.fullmatch(name):
                return path, last
            path, last = f'{path}."{name}"', last + 3
        else:
            return path, last


def _is_member(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a word is what a dot leads to, and no column."""
    return index > 0 and tokens[index - 1].text == "."


def _end(token: Token) -> int:
    return token.start + len(token.text)
