"""KQL to SQL by duckdb-kql, with our dialect before it; translations are kept, since parsing is slow."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql
import platformdirs
from duckdb_kql.errors import KqlError, KqlSyntaxError, KqlUnsupportedError

from ztkit.content.kql import string_value, tokenize
from ztkit.engine.dialect import Rewritten, rewrite
from ztkit.engine.simplify import simplify
from ztkit.engine.staging import stage
from ztkit.errors import QueryError, UnsupportedConstructError
from ztkit.model.snapshot import COLUMNS, GRAPH_COLUMNS, columns_of

_CLOCK = datetime(1, 2, 3, 4, 5, 6, tzinfo=UTC)
"""Stands for the moment of `now()` in a kept translation."""
_OURS = ("dialect.py", "simplify.py", "staging.py", "translation.py")


@dataclass(frozen=True)
class Translation:
    """A query in SQL.

    Attributes:
        sql: one ``SELECT`` statement.
        clocks: names of its parameters that take the moment of ``now()``.
    """

    rewritten: Rewritten
    sql: str
    clocks: tuple[str, ...]

    def parameters(self, now: datetime) -> dict[str, Any]:
        """Values of the statement's parameters at a moment."""
        return dict.fromkeys(self.clocks, now.astimezone(UTC).replace(tzinfo=None))


@lru_cache(maxsize=4096)
def translate(query: str) -> Translation:
    """Translate a query, or take a kept translation of the same text by the same versions.

    Raises:
        UnsupportedConstructError: the engine does not know a construct; with its line.
        QueryError: the query is wrong.
    """
    rewritten = rewrite(query)
    path = _kept_path(query)
    kept = _kept(path)
    if kept is None:
        kept = _translated(query, rewritten, stage(rewritten.kql))
        _keep(path, kept)
    return Translation(rewritten, kept[0], kept[1])


def _translated(query: str, rewritten: Rewritten, staged: str) -> tuple[str, tuple[str, ...]]:
    schema = {source.view: columns_used(query, source.table) for source in rewritten.sources}
    try:
        translated = duckdb_kql.to_sql(staged, schema=schema, allow_write=False, query_now=_CLOCK)
    except KqlUnsupportedError as problem:
        line = problem.span.line if problem.span else _line_of(query, problem.construct)
        hint = f" ({problem.hint})" if problem.hint and "wave" not in problem.hint else ""
        raise UnsupportedConstructError(f"'{problem.construct}'{hint}", line) from problem
    except KqlSyntaxError as problem:
        raise QueryError(_syntax(problem)) from problem
    except KqlError as problem:
        raise QueryError(first_line(problem)) from problem
    sql = simplify(str(translated))
    refuse_other_than_select(sql)
    return sql, tuple(
        name for name, value in translated.parameters.items() if value == _CLOCK.replace(tzinfo=None)
    )


def columns_used(query: str, table: str = "resources") -> list[str]:
    """Columns of a table that a query can need: fewer columns make shorter SQL.

    All of them, unless a ``project`` or ``summarize`` of the outermost pipeline says what comes out.
    """
    tokens = tokenize(query)
    depth, narrowed = 0, False
    for index, token in enumerate(tokens[:-1]):
        depth += (token.text in "([") - (token.text in ")]")
        if token.text == "|" and depth == 0 and tokens[index + 1].lower in ("project", "summarize"):
            narrowed |= index + 2 >= len(tokens) or tokens[index + 2].text != "-"
    if not narrowed or any(token.text == "*" or token.lower in ("pack_all", "union") for token in tokens):
        return list(columns_of(table))
    words = {token.text.rstrip("0123456789") for token in tokens if token.kind == "word"}
    words |= {string_value(token) for token in tokens if token.kind == "string"}
    return [name for name in columns_of(table) if name in words or name == "id"]


def refuse_other_than_select(sql: str) -> None:
    """Hold a text to being exactly one ``SELECT``.

    Raises:
        QueryError: it is a command, or several statements.
    """
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("only a query can be run here, not a command")


def first_line(problem: Exception) -> str:
    """The first line of an error's text."""
    return str(problem).strip().splitlines()[0]


@lru_cache(maxsize=1)
def _key() -> str:
    """What a kept translation depends on besides the query: who translates, and how we prepare for it."""
    ours = hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in _OURS)).hexdigest()
    return f"{version('duckdb-kql')} {duckdb.__version__} {ours} {','.join((*COLUMNS, *GRAPH_COLUMNS))}"


def _kept_path(query: str) -> Path:
    name = _digest(f"{_key()}\0{query}")
    return Path(platformdirs.user_cache_dir("ztkit")) / "translations" / f"{name}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(path: Path) -> tuple[str, tuple[str, ...]] | None:
    """A kept translation; anything that is not a whole one is translated again."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sql, clocks = str(data["sql"]), tuple(map(str, data["clocks"]))
        whole = data["sha256"] == _digest(sql)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (sql, clocks) if whole else None


def _keep(path: Path, translation: tuple[str, tuple[str, ...]]) -> None:
    """Keep a translation for the next run; a folder that cannot be written only makes that run slower."""
    sql, clocks = translation
    text = json.dumps({"sha256": _digest(sql), "clocks": clocks, "sql": sql})
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        temporary.touch(mode=0o600)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _line_of(query: str, construct: str) -> int | None:
    """The first line that names a construct such as ``function:bag_keys``."""
    name = construct.rpartition(":")[2].lower()
    return next((token.line for token in tokenize(query) if token.lower == name), None)


def _syntax(problem: KqlSyntaxError) -> str:
    if problem.diagnostics:
        first = problem.diagnostics[0]
        return f"line {first.span.line}: {first.message.split(' expecting ')[0]}"
    return first_line(problem).split(" expecting ")[0]
