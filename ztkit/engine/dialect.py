"""From the KQL that Azure Resource Graph takes to the KQL that the offline engine takes.

Works on tokens, keeps every token on its line, and changes nothing else, so that an error's line is
the line in the check. What Resource Graph accepts and is covered here:

* no table at the beginning (``where type =~ …``) means ``resources``;
* table names in any letter case;
* a column or property whose name is a word of the language (``kind``, ``title``, ``count``, …);
* ``dynamic_to_json``, which is ``tostring``; ``any()``, ``makeset()`` and ``makelist()`` by their old names;
* ``make_set(x, 5)`` and ``make_list(x, 5)``, whose number the engine does not read. Kusto takes any five; here they are
  the first in order, so that a reason is the same whenever it is made.

A table followed by a condition on ``type`` is read through a view of only these types, because the
engine can skip the rest of a Parquet file then (`Source.view`); the condition itself stays.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache

from ztkit.content.kql import Source, Token, sources, tokenize, unknown_tables
from ztkit.content.tables import all_tables, table_named
from ztkit.errors import QueryError, UnsupportedConstructError
from ztkit.model.snapshot import TABLES

_TAKES_KIND = frozenset({"join", "union", "mvexpand", "expand", "parse", "lookup", "apply"})
_RESERVED = frozenset(
    "kind title count set to print of table int string long datetime time date real and or in by asc desc has"
    " where project take union contains startswith endswith matches extend summarize join order sort distinct"
    " parse limit top sample bool dynamic guid decimal double timespan let between nulls first last".split()
)
_COLUMN_WORDS = frozenset({"kind"})
_RENAMED = {"dynamic_to_json": "tostring", "makeset": "make_set", "makelist": "make_list"}
_COLLECTS = {
    "make_set": ("set", "array_sort_asc(make_set", ")"),
    "makeset": ("set", "array_sort_asc(make_set", ")"),
    "make_list": ("list", "make_list", ""),
    "makelist": ("list", "make_list", ""),
}
_REFUSED = {
    "replace": "replace() (write replace_regex() or replace_string(); its argument order differs from both)",
    "row_number": "row_number() (not available on unsorted rows)",
}


@dataclass(frozen=True)
class Rewritten:
    """A query for the offline engine, with the views that it reads."""

    kql: str
    sources: tuple[Source, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables read, each once, in order of appearance."""
        return tuple(dict.fromkeys(source.table for source in self.sources))


@lru_cache(maxsize=4096)
def rewrite(query: str, suffix: str = "", *, narrowed: bool = False) -> Rewritten:
    """Rewrite a query for the offline engine.

    Args:
        query: what Resource Graph takes.
        suffix: put behind the name of each view, for a query that reads views of its own.
        narrowed: whether a view has rows of its types only, so that the condition on them need not be asked again.

    Raises:
        QueryError: the query is empty, has a string that is not closed, or reads a table that there is not.
        UnsupportedConstructError: it uses what the engine would answer differently, or not at all.
    """
    tokens = tokenize(query)
    if not tokens:
        raise QueryError("the query is empty")
    if tokens[0].text == ".":
        raise UnsupportedConstructError("a command (only queries are run)", tokens[0].line)
    for unknown in unknown_tables(tokens):
        raise QueryError(f"line {unknown.line}: {_no_table(unknown.text)}")
    found = sources(tokens)
    edits: list[tuple[int, int, str]] = []
    tables: dict[int, Source] = {}
    for source in found:
        if source.token is None:
            bar = "" if tokens[0].text == "|" else " | "
            edits.append((tokens[0].start, tokens[0].start, source.view + suffix + bar))
        else:
            tables[source.token] = source
        if narrowed and source.condition and asks_no_more(tokens, source):
            first, last = tokens[source.condition[0]], tokens[source.condition[1] - 1]
            end = last.start + len(last.text)
            edits.append((first.start, end, "true" + "\n" * query.count("\n", first.start, end)))
    for index, token in enumerate(tokens):
        if token.kind != "word":
            continue
        text = tables[index].view + suffix if index in tables else _word(tokens, index)
        bounded = _bounded(query, tokens, index)
        if bounded:
            edits += bounded
        elif text is not None:
            edits.append((token.start, token.start + len(token.text), text))
    kql = query
    for start, end, text in sorted(edits, reverse=True):
        dotted = text.startswith("[") and start > 0 and kql[start - 1] == "."
        kql = kql[: start - 1 if dotted else start] + text + kql[end:]
    return Rewritten(kql, found)


def _no_table(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), map(str.lower, all_tables()), n=1, cutoff=0.8)
    hint = (
        f"did you mean {table_named(near[0])}?"
        if near
        else f"there are {', '.join(TABLES)}, and the entities of Microsoft Graph"
    )
    return f"there is no table {name}; {hint}"


def _bounded(query: str, tokens: tuple[Token, ...], index: int) -> list[tuple[int, int, str]]:
    """What cuts a set or a list at the number that is its last argument; nothing where it has none."""
    call = tokens[index]
    if call.text not in _COLLECTS or index == 0 or tokens[index + 1 : index + 2] == ():
        return []
    depth, comma, closes = 0, 0, 0
    for position in range(index + 1, len(tokens)):
        depth += (tokens[position].text in "([{") - (tokens[position].text in ")]}")
        if depth == 1 and tokens[position].text == ",":
            comma = position
        if depth == 0:
            closes = position
            break
    if not comma or closes != comma + 2 or not tokens[comma + 1].text.isdigit():
        return []
    prefix, name, end = _COLLECTS[call.text]
    before = tokens[index - 1].text
    name = f"array_slice({name}"
    if before in (",", "summarize"):  # nobody names it, so that it has the name that Kusto gives it
        column = tokens[index + 2].text if comma == index + 3 else ""
        name = f"{prefix}_{column} = {name}"
    first, last = tokens[comma].start, tokens[closes].start + 1
    lines = "\n" * query.count("\n", first, last)
    cut = f"{end}), 0, {int(tokens[comma + 1].text) - 1}){lines}"
    return [(call.start, call.start + len(call.text), name), (first, last, cut)]


def asks_no_more(tokens: tuple[Token, ...], source: Source) -> bool:
    """Whether a source's condition is true of every row that has one of its types: types are kept in lower case."""
    if source.condition is None:
        return False
    start, end = source.condition
    return all(token.text == token.lower for token in tokens[start:end] if token.kind == "string") or not any(
        token.text == "==" or (token.lower == "in" and tokens[index + 1].text != "~")
        for index, token in enumerate(tokens[start:end], start)
    )


def is_option(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a word is an option of an operator, as in ``join kind=inner``, and no column."""
    return (
        0 < index < len(tokens) - 1
        and tokens[index].text in _COLUMN_WORDS
        and tokens[index - 1].lower in _TAKES_KIND
        and tokens[index + 1].text == "="
    )


def _word(tokens: tuple[Token, ...], index: int) -> str | None:
    """What a word has to be written as, or None where it can stay."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if before is not None and before.text == ".":
        return f"['{token.text}']" if token.lower in _RESERVED and after != "(" else None
    if after == "(" and token.text in _REFUSED:
        raise UnsupportedConstructError(_REFUSED[token.text], token.line)
    if after == "(" and token.text in _RENAMED:
        return _RENAMED[token.text]
    if token.text in _COLUMN_WORDS and after != "(":
        quoted = (before is not None and before.text == "[") or after == "]"
        return None if is_option(tokens, index) or quoted else f"['{token.text}']"
    return None
