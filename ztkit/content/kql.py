"""Reads KQL as tokens: which tables and types a query reads. It knows no more of the language than that."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from ztkit.content.tables import table_named
from ztkit.errors import QueryError

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>//[^\n]*)
    | (?P<string>@"(?:[^"]|"")*" | @'(?:[^']|'')*' | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
    | (?P<number>\d+(?:\.\d+)?[A-Za-z]*)
    | (?P<word>[$A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol>=~|!~|==|!=|<=|>=|<>|\.\.|[^\s])
    """,
    re.VERBOSE,
)

OPERATORS = frozenset(
    "where project extend summarize join order sort mv-expand mvexpand distinct project-away project-rename"
    " project-keep project-reorder parse parse-where limit take union count top sample".split()
)
"""Words that begin a tabular operator; a query that begins with one reads ``resources``."""


_BEFORE_A_TABLE = frozenset({"join", "union", "innerunique", "inner", "leftouter", "fullouter", ","})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query that means something; ``line`` counts from 1, ``start`` is its offset."""

    kind: str
    text: str
    start: int
    line: int

    @property
    def lower(self) -> str:
        """The text in lower case, for words; tables and types compare without letter case."""
        return self.text.lower()


@dataclass(frozen=True)
class Source:
    """A table as one place in a query reads it.

    Attributes:
        table: the table's own name, in whatever letter case the query writes it.
        types: the only resource types that this place can see, or None where the query does not say.
        line: where it stands.
        token: index of the token that names it, or None for the default table.
        condition: indices of the first token of the condition that says the types, and of the one after it.
    """

    table: str
    types: frozenset[str] | None
    line: int
    token: int | None
    condition: tuple[int, int] | None = None

    @property
    def view(self) -> str:
        """The name under which the engine offers these rows."""
        if self.types is None:
            return self.table
        return f"{self.table}__{hashlib.sha256(repr(sorted(self.types)).encode()).hexdigest()[:12]}"


@lru_cache(maxsize=16)
def tokenize(query: str) -> tuple[Token, ...]:
    """Split a query into its meaningful tokens.

    Raises:
        QueryError: a string is not closed.
    """
    tokens: list[Token] = []
    line = 1
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup or "symbol"
        text = match.group()
        if kind == "symbol" and text in "\"'":
            raise QueryError(f"line {line}: a string is not closed")
        if kind not in ("space", "comment"):
            tokens.append(Token(kind, text, match.start(), line))
        line += text.count("\n")
    return tuple(tokens)


def string_value(token: Token) -> str:
    """The text that a string token stands for."""
    text = token.text
    if text.startswith("@"):
        quote = text[1]
        return text[2:-1].replace(quote * 2, quote)
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def sources(tokens: tuple[Token, ...]) -> tuple[Source, ...]:
    """Every place in a query that reads a table, in order."""
    implicit = begins_with_operator(tokens)
    found = []
    if implicit:
        pipe = 0 if tokens[0].text == "|" else -1
        types, condition = _types_after(tokens, pipe)
        found.append(Source("resources", types, 1, None, condition))
    for index, token in enumerate(tokens):
        if token.kind == "word" and _is_source(tokens, index, implicit):
            types, condition = _types_after(tokens, index + 1)
            found.append(Source(table_named(token.text) or "", types, token.line, index, condition))
    return tuple(found)


def unknown_tables(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Words that stand where only a table can, and are the name of none."""
    first = () if begins_with_operator(tokens) else (0,)
    places = (*first, *(index + 1 for index, token in enumerate(tokens) if token.text == "("))
    return tuple(
        tokens[index]
        for index in places
        if tokens[index : index + 1]
        and tokens[index].kind == "word"
        and tokens[index].lower not in OPERATORS
        and table_named(tokens[index].text) is None
        and (tokens[index + 1].text == "|" if index + 1 < len(tokens) else index == 0)
    )


def begins_with_operator(tokens: tuple[Token, ...]) -> bool:
    """Whether a query names no table at its beginning, and so reads ``resources``."""
    first = tokens[0]
    if first.text == "|":
        return True
    word = first.lower
    if word in ("mv", "project", "parse") and len(tokens) > 2 and tokens[1].text == "-":
        word = f"{word}-{tokens[2].lower}"
    return first.kind == "word" and word in OPERATORS and word != "union"


def _is_source(tokens: tuple[Token, ...], index: int, implicit: bool) -> bool:
    """Whether the word is a table: known by name, where a table can stand."""
    token = tokens[index]
    if table_named(token.text) is None:
        return False
    before = tokens[index - 1].text.lower() if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if index == 0:
        return not implicit
    if before == "union" or (before == "(" and after == "|"):
        return True
    if (
        before == "(" and after == ")"
    ):  # `join kind=inner (t)`, and not a function of a column such as `isempty(t)`
        return index > 1 and tokens[index - 2].lower in _BEFORE_A_TABLE
    return (
        before in (",", ")", "true", "outer", "inner")
        and after in ("|", ",", ")", "")
        and _in_union(tokens, index)
    )


def _in_union(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether the nearest operator to the left, at the same depth, is ``union``."""
    depth = 0
    for token in reversed(tokens[:index]):
        if token.text == ")":
            depth += 1
        elif token.text == "(":
            if depth == 0:
                return False
            depth -= 1
        elif depth == 0 and token.text == "|":
            return False
        elif depth == 0 and token.lower == "union":
            return True
    return False


def _types_after(
    tokens: tuple[Token, ...], index: int
) -> tuple[frozenset[str] | None, tuple[int, int] | None]:
    """Types named by a ``| where type …`` that directly follows a source, and where; index is that of the pipe.

    Reads one condition, or several joined by ``or`` only, up to the next ``and``, pipe or end.
    """
    texts = [token.lower for token in tokens[index + 1 : index + 2]]
    if (index >= 0 and (index >= len(tokens) or tokens[index].text != "|")) or texts != ["where"]:
        return None, None
    types: set[str] = set()
    position = index + 2
    while True:
        found = _type_condition(tokens, position)
        if found is None:
            return None, None
        named, position = found
        types |= named
        following = tokens[position].lower if position < len(tokens) else "|"
        if following in ("|", ")", "and"):
            # `a or b and c` binds the `and` to b alone: only a single condition may stand before one
            single = following != "and" or len(types) == len(named)
            return (frozenset(types), (index + 2, position)) if single else (None, None)
        if following != "or":
            return None, None
        position += 1


def _type_condition(tokens: tuple[Token, ...], position: int) -> tuple[set[str], int] | None:
    """Read ``type =~ 'x'`` or ``type in~ ('x', 'y')`` at a position; the types and what follows."""
    window = tokens[position : position + 3]
    if len(window) < 3 or window[0].text != "type":
        return None
    if window[1].text in ("=~", "==") and window[2].kind == "string":
        return {string_value(window[2]).lower()}, position + 3
    if window[1].lower != "in":
        return None
    position += 3 if window[2].text == "~" else 2
    if position >= len(tokens) or tokens[position].text != "(":
        return None
    named: set[str] = set()
    for offset, token in enumerate(tokens[position + 1 :], start=position + 1):
        if token.kind == "string":
            named.add(string_value(token).lower())
        elif token.text == ")":
            return (named, offset + 1) if named else None
        elif token.text != ",":
            return None
    return None
