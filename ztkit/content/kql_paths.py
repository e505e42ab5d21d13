"""Which property paths a query reads, through the names that it gives them on the way.

``mv-expand rule = properties.securityRules`` makes ``rule.properties.access`` the path
``properties.securityRules[].properties.access``. A name that is made from several paths (``coalesce``)
stands for any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ztkit.content.kql import Token, string_value
from ztkit.model.snapshot import COLUMNS

ROOTS = frozenset(name for name, kind in COLUMNS.items() if kind == "dynamic")


@dataclass(frozen=True)
class PathRead:
    """A place that reads a property.

    Attributes:
        candidates: full paths that it may mean; one of them has to exist. Empty where it starts from a
            name that the query never made from a column.
        text: as it is written.
    """

    candidates: frozenset[str]
    text: str
    line: int


def paths_read(tokens: tuple[Token, ...]) -> tuple[PathRead, ...]:
    """Every property that a query reads, in order."""
    return tuple(_Reader(tokens).read())


class _Reader:
    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._names: dict[str, frozenset[str]] = {}

    def read(self) -> Iterator[PathRead]:
        index = 0
        while index < len(self._tokens):
            token = self._tokens[index]
            if token.kind != "word" or self._text(index - 1) == "." or self._text(index + 1) == "(":
                index += 1
                continue
            self._learn(index)
            steps, end = self._chain(index)
            if steps and token.text not in ("$left", "$right"):
                found = frozenset(base + steps for base in self._bases(token.text))
                yield PathRead(found, token.text + steps, token.line)
            index = end if steps else index + 1

    def _bases(self, name: str) -> frozenset[str]:
        return frozenset({name}) if name in ROOTS else self._names.get(name, frozenset())

    def _learn(self, index: int) -> None:
        """Where a name is given to an expression, remember the paths in the expression."""
        name, expanding = self._tokens[index].text, self._is_expanding(index)
        if self._text(index + 1) == "=" and self._text(index + 2) != "=":
            paths = self._paths_in(index + 2)
            if paths:
                self._names[name] = frozenset(path + "[]" for path in paths) if expanding else paths
        elif expanding and self._chain(index)[0] == "" and name in self._names:
            self._names[name] = frozenset(path + "[]" for path in self._names[name])

    def _paths_in(self, start: int) -> frozenset[str]:
        """Paths in an expression that ends at a comma, pipe, ``limit`` or closing bracket of its own depth."""
        depth, index, found = 0, start, set()
        while index < len(self._tokens):
            token = self._tokens[index]
            if token.text in "([":
                depth += 1
            elif token.text in ")]":
                depth -= 1
            if depth < 0 or (depth == 0 and (token.text in ",|" or token.lower in ("limit", "to"))):
                break
            if token.kind == "word" and self._text(index - 1) != "." and self._text(index + 1) != "(":
                steps, end = self._chain(index)
                found |= {base + steps for base in self._bases(token.text)}
                index = end if steps else index + 1
                continue
            index += 1
        return frozenset(found)

    def _is_expanding(self, index: int) -> bool:
        """Whether the name stands directly in an ``mv-expand``."""
        position = index - 1
        while position >= 0 and self._tokens[position].text not in "|(":
            if self._tokens[position].lower in ("mvexpand", "expand"):
                return True
            position -= 1
        return False

    def _chain(self, index: int) -> tuple[str, int]:
        """The steps after a name, such as ``.a['b'][0]``, normalised, and the index behind them."""
        steps, position = "", index + 1
        while True:
            if self._text(position) == "." and self._kind(position + 1) == "word":
                steps += "." + self._tokens[position + 1].text
                position += 2
            elif self._text(position) == "[" and self._kind(position + 1) == "string":
                steps += "." + string_value(self._tokens[position + 1])
                position += 3
            elif self._text(position) == "[" and self._kind(position + 1) == "number":
                steps, position = steps + "[]", position + 3
            else:
                return steps, position

    def _text(self, index: int) -> str:
        return self._tokens[index].text if 0 <= index < len(self._tokens) else ""

    def _kind(self, index: int) -> str:
        return self._tokens[index].kind if 0 <= index < len(self._tokens) else ""
