"""What can be told from a query's tokens that decides how it is paged and partitioned."""

from __future__ import annotations

from dataclasses import dataclass

from ztkit.content.kql import Token, begins_with_operator, sources, tokenize

_LIMITS = frozenset({"limit", "take", "sample"})
_SORTS = frozenset({"order", "sort", "top"})
_UNSORTS = frozenset({"summarize", "join", "union", "distinct", "mv", "mvexpand", "sample", "count"})


@dataclass(frozen=True)
class Traits:
    """A query as the service's paging sees it.

    Attributes:
        query: the query, without its condition on a partition.
        tables: names of the tables that it reads, in lower case.
        limited: it has a ``limit``, ``take`` or ``sample``, and so no pages.
        sorted: its last sorting has the column id, so that pages hold together.
        partition: (n, k) of a condition ``hash(tolower(id)) % n == k`` or ``hash(tolower(id), n) == k``.
    """

    query: str
    tables: frozenset[str]
    limited: bool
    sorted: bool
    partition: tuple[int, int] | None


def traits_of(query: str) -> Traits:
    """Read a query.

    Raises:
        QueryError: a string is not closed.
    """
    tokens = tokenize(query)
    found = sources(tokens) if tokens else ()
    begins = [i + 1 for i, token in enumerate(tokens[:-1]) if token.text == "|"]
    if tokens and begins_with_operator(tokens) and tokens[0].text != "|":
        begins.insert(0, 0)
    partition = None
    if len(found) == 1:
        query, partition = _without_partition(query, tokens)
    return Traits(
        query=query,
        tables=frozenset(source.table.lower() for source in found),
        limited=any(tokens[i].lower in _LIMITS for i in begins),
        sorted=_is_sorted(tokens, begins),
        partition=partition,
    )


def _is_sorted(tokens: tuple[Token, ...], begins: list[int]) -> bool:
    """Whether the outermost pipeline's last sorting has the column id, and nothing undoes it."""
    depths, depth = [], 0
    for token in tokens:
        depth -= token.text in ")]"
        depths.append(depth)
        depth += token.text in "(["
    outer = [i for i in begins if depths[i] == 0]
    result = False
    for number, begin in enumerate(outer):
        end = outer[number + 1] - 1 if number + 1 < len(outer) else len(tokens)
        if tokens[begin].lower in _SORTS:
            result = any(token.lower == "id" for token in tokens[begin + 1 : end])
        elif tokens[begin].lower in _UNSORTS:
            result = False
    return result


def _without_partition(query: str, tokens: tuple[Token, ...]) -> tuple[str, tuple[int, int] | None]:
    """Take the condition on a partition out of a query: the engine has no ``hash``."""
    for index, token in enumerate(tokens):
        if token.lower != "hash":
            continue
        for shape in (
            ["hash", "(", "tolower", "(", "id", ")", ")", "%", None, "==", None],
            ["hash", "(", "tolower", "(", "id", ")", ",", None, ")", "==", None],
        ):
            part = tokens[index : index + len(shape)]
            fits = len(part) == len(shape) and all(
                found.text == wanted if wanted else found.text.isdigit()
                for found, wanted in zip(part, shape, strict=True)
            )
            if fits:
                count, chosen = (int(found.text) for found in part if found.text.isdigit())
                end = part[-1].start + len(part[-1].text)
                lines = "\n" * query.count("\n", token.start, end)
                return query[: token.start] + "(1 == 1)" + lines + query[end:], (count, chosen)
    return query, None
