"""The shape of a translated statement: named stages, each a ``SELECT`` over the one before it.

``WITH _s0 AS (…), _s1 AS (…) SELECT * FROM _s1`` is what the translator writes for a pipeline, and again in brackets for
every pipeline within it. These functions take such a text apart, for the modules that rewrite it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|\S""")
"""Texts and names in quotes, words, and other characters."""
_STAGE = re.compile(r"(?:WITH |,\s+)(_s\d+) AS \(")
_CARRIED = re.compile(r"""(?:_[lr]\.)?"(\w+)"(?: AS "(\w+)")?""")
_OPENS, _CLOSES = frozenset({"(", "[", "CASE"}), frozenset({")", "]", "END"})


def closing(sql: str, opening: int) -> int:
    """Where the bracket that opens there is closed; brackets in quotes do not count."""
    depth, quote = 0, ""
    for position in range(opening, len(sql)):
        character = sql[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character == "(") - (character == ")")
            if depth == 0:
                return position
    return len(sql)


def depth_of(token: str) -> int:
    """What a token adds to how deep the next one stands in brackets and cases."""
    return (token in _OPENS) - (token in _CLOSES)


def stages_of(sql: str) -> tuple[dict[str, str], str]:
    """The stages of a statement by their names, and what follows the last one."""
    stages: dict[str, str] = {}
    position = 0
    while found := _STAGE.match(sql, position):
        end = closing(sql, found.end() - 1)
        stages[found[1]] = sql[found.end() : end]
        position = end + 1
    return stages, sql[position:]


def statement_of(stages: dict[str, str], last: str) -> str:
    """The statement that `stages_of` took apart."""
    return f"WITH {',{}'.format(chr(10) + ' ' * 5).join(f'{name} AS ({body})' for name, body in stages.items())}{last}"


def inner(body: str) -> Iterator[tuple[int, int]]:
    """Where whole statements stand in brackets: from behind the opening one to the closing one."""
    start = body.find("(WITH ")
    while start >= 0:
        end = closing(body, start)
        yield start + 1, end
        start = body.find("(WITH ", end)


def names_columns(body: str) -> bool:
    """Whether a stage says which columns come out of it."""
    return body.startswith("SELECT ") and not body.startswith("SELECT *")


def items_of(body: str) -> tuple[list[str], str]:
    """What a stage that names its columns selects, and its text from FROM on."""
    items: list[str] = []
    depth, start = 0, len("SELECT ")
    for token in TOKEN.finditer(body, start):
        depth += depth_of(token[0])
        if depth == 0 and token[0] in (",", "FROM"):
            items.append(body[start : token.start()].strip())
            start = token.end()
            if token[0] == "FROM":
                return items, f" {body[token.start() :]}"
    return [*items, body[start:].strip()], ""


def select(items: Iterable[str], rest: str) -> str:
    """The stage that `items_of` took apart."""
    return f"SELECT {', '.join(items)}{rest}"


def carried(item: str) -> str:
    """The name under which an item passes on a column as it is; empty where it computes something."""
    found = _CARRIED.fullmatch(item)
    return (found[2] or found[1]) if found else ""


def takes_all(body: str) -> bool:
    """Whether a stage reads columns that it does not name, and is not one that only filters or sorts."""
    rest = body.removeprefix("SELECT * FROM _s").removeprefix('SELECT * FROM "').replace("count(*)", "")
    outside, position = "", 0
    for start, end in inner(rest):
        outside += rest[position:start]
        position = end
    outside += rest[position:]
    return "DISTINCT " in outside.split(" FROM ")[0] or bool(re.search(r"(?:SELECT|,|\.) ?\*", outside))


def only_carried(column: str, stages: Iterable[str], but: str = "(?!)") -> bool:
    """Whether stages do nothing with a column but pass it on under its name, and what the pattern `but` matches."""
    quoted = f'"{column}"'
    for body in stages:
        plain = re.sub(but, "", body)
        if names_columns(plain):
            items, rest = items_of(plain)
            plain = select((item for item in items if item not in (quoted, f"_l.{quoted} AS {quoted}")), rest)
        if quoted in plain or takes_all(body):
            return False
    return True
