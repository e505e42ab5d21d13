"""KQL to SQL by duckdb-kql, with our dialect before it; translations are kept, since parsing is slow."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import platformdirs

from ztkit.content.kql import Source, Token, sources, string_value, tokenize
from ztkit.engine.dialect import Rewritten, asks_no_more, is_option, rewrite
from ztkit.engine.elements import take_structures
from ztkit.engine.shredding import Part, Shredded, shred, take_parts
from ztkit.engine.simplify import forgiving, macros, simplify, simplify_columns
from ztkit.engine.specialise import specialise
from ztkit.engine.staging import stage
from ztkit.errors import QueryError, UnsupportedConstructError
from ztkit.model.snapshot import COLUMNS, GRAPH_COLUMNS, columns_of

if TYPE_CHECKING:
    from duckdb_kql.errors import KqlSyntaxError

_CLOCK = datetime(1, 2, 3, 4, 5, 6, tzinfo=UTC)
"""Stands for the moment of `now()` in a kept translation."""
_OURS = (
    "../content/kql.py",
    "dialect.py",
    "elements.py",
    "shredding.py",
    "simplify.py",
    "specialise.py",
    "stages.py",
    "staging.py",
    "translation.py",
)
OBJECTS = 10
"""Values that an array of objects counts as, where it matters how much a query reads."""
Kept = tuple[str, tuple[str, ...], bool]
"""A translation as it is kept: the statement, its clocks, and whether it reads parts."""


@dataclass(frozen=True)
class View:
    """What a query reads of a table.

    Attributes:
        name: under which the query reads it.
        source: the table, and the types that it is narrowed to.
        columns: of the table's own.
        parts: of its dynamic columns.
        places: how often the query reads it.
    """

    name: str
    source: Source
    columns: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    places: int = 1

    @property
    def width(self) -> int:
        """How many values of a row the query reads; one as JSON is mostly an array of objects, and counts as `OBJECTS`."""
        return self.places * (len(self.columns) + sum(1 if part.text else OBJECTS for part in self.parts))


@dataclass(frozen=True)
class Translation:
    """A query in SQL.

    Attributes:
        sql: one ``SELECT`` statement.
        clocks: names of its parameters that take the moment of ``now()``.
        views: what it reads.
    """

    sql: str
    clocks: tuple[str, ...]
    views: tuple[View, ...]

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
    plain = rewrite(query, narrowed=True)
    shredded = (
        shred(query)
        if _says_what_comes_out(tokenize(query))
        else Shredded(query, {}, frozenset(), frozenset())
    )
    path = _kept_path(query)
    kept = _kept(path)
    if kept is None:
        kept = _in_parts(query, shredded) or _as_it_is(query, plain)
        _keep(path, kept)
    sql, clocks, in_parts = kept
    return Translation(sql, clocks, _views(query, shredded) if in_parts else _whole(plain))


def macros_script() -> str:
    """The statements that make the macros which translations call; kept like them."""
    path = _kept_path("\0macros")  # no query
    kept = _kept(path)
    if kept is None:
        kept = ";\n".join(macros()), (), False
        _keep(path, kept)
    return kept[0]


def _in_parts(query: str, shredded: Shredded) -> Kept | None:
    """A query translated to read parts; None where it reads none, or where the translator writes them in another way."""
    views = _views(query, shredded)
    parts = {part for view in views for part in view.parts}
    if not parts and not shredded.elements:
        return None
    rewritten = rewrite(shredded.kql, _suffix(shredded), narrowed=True)
    schema = {view.name: [*view.columns, *(part.name for part in view.parts)] for view in views}
    sql, clocks = _translated(query, rewritten, schema)
    taken = take_parts(sql, parts, shredded.elements)
    if taken is None:
        return None
    types = {view.name: _types(view) for view in views}
    return forgiving(specialise(take_structures(simplify_columns(taken)), types)), clocks, True


def _as_it_is(query: str, rewritten: Rewritten) -> Kept:
    """A query translated to read tables as they are."""
    sql, clocks = _translated(query, rewritten)
    return forgiving(specialise(sql, {view.name: _types(view) for view in _whole(rewritten)})), clocks, False


def _types(view: View) -> dict[str, str]:
    """The types of what a query reads, as DuckDB names them."""
    own = columns_of(view.source.table)
    columns = {column: "VARCHAR" if own[column] == "string" else "JSON" for column in view.columns}
    return columns | {part.name: "VARCHAR" if part.text else "JSON" for part in view.parts}


def _views(query: str, shredded: Shredded) -> tuple[View, ...]:
    """What a query in parts reads: of each source the parts, and the columns that it needs whole."""
    found: dict[str, View] = {}
    for number, source in enumerate(sources(tokenize(query))):
        name = source.view + _suffix(shredded)
        own = columns_of(source.table)
        before = found.get(name, View(name, source, (), (), 0))
        used = {*before.columns, *columns_used(query, source)}
        columns = tuple(
            column
            for column in own
            if column in used and (own[column] != "dynamic" or column in shredded.whole)
        )
        parts = tuple(sorted({*before.parts, *shredded.parts.get(number, ())}))
        found[name] = View(name, source, columns, parts, before.places + 1)
    return tuple(found.values())


def _suffix(shredded: Shredded) -> str:
    return f"__{_digest(repr((sorted(shredded.parts.items()), sorted(shredded.whole))))[:8]}"


def _whole(rewritten: Rewritten) -> tuple[View, ...]:
    return tuple(
        View(source.view, source, tuple(columns_of(source.table)))
        for source in {source.view: source for source in rewritten.sources}.values()
    )


def _translated(
    query: str, rewritten: Rewritten, schema: Mapping[str, list[str]] | None = None
) -> tuple[str, tuple[str, ...]]:
    schema = schema or {
        view: [
            name
            for name in columns_of(table)
            if any(name in columns_used(query, source) for source in rewritten.sources if source.view == view)
        ]
        for view, table in {source.view: source.table for source in rewritten.sources}.items()
    }
    # here, since most runs find all translations kept, and the parser takes a sixth of a second and 13 MiB
    import duckdb_kql
    from duckdb_kql.errors import KqlError, KqlSyntaxError, KqlUnsupportedError

    try:
        translated = duckdb_kql.to_sql(
            stage(rewritten.kql), schema=dict(schema), allow_write=False, query_now=_CLOCK
        )
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


def columns_used(query: str, source: Source) -> list[str]:
    """Columns of a table that one place of a query can need: fewer columns make shorter SQL, and fewer bytes to hold.

    All of them, unless a ``project`` or ``summarize`` of the outermost pipeline says what comes out. Where the pipeline
    that begins at the place says so too, what is named elsewhere does not count.
    """
    tokens = tokenize(query)
    if not _says_what_comes_out(tokens) or any(token.lower == "union" for token in tokens):
        return list(columns_of(source.table))
    start, end = _pipeline(tokens, source)
    if not _says_what_comes_out(tokens[start:end]):
        start, end = 0, len(tokens)
    asked = range(*(source.condition or (0, 0))) if asks_no_more(tokens, source) else ()
    used = [
        tokens[index] for index in range(start, end) if index not in asked and not is_option(tokens, index)
    ]
    words = {token.text.rstrip("0123456789") for token in used if token.kind == "word"}
    words |= {string_value(token) for token in used if token.kind == "string"}
    return [name for name in columns_of(source.table) if name in words or name == "id"]


def _pipeline(tokens: tuple[Token, ...], source: Source) -> tuple[int, int]:
    """Where the pipeline that begins at a source starts and ends."""
    start = source.token or 0
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index].text in "([{") - (tokens[index].text in ")]}")
        if depth < 0:
            return start, index
    return start, len(tokens)


def _says_what_comes_out(tokens: tuple[Token, ...]) -> bool:
    """Whether the outermost pipeline names the columns of its result, and nothing takes all there are."""
    depth, narrowed = 0, False
    for index, token in enumerate(tokens[:-1]):
        depth += (token.text in "([") - (token.text in ")]")
        if token.text == "|" and depth == 0 and tokens[index + 1].lower in ("project", "summarize"):
            narrowed |= index + 2 >= len(tokens) or tokens[index + 2].text != "-"
    return narrowed and not any(token.text == "*" or token.lower == "pack_all" for token in tokens)


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


def is_kept(query: str) -> bool:
    """Whether a translation of a query is kept, so that `translate` only reads it if it is whole."""
    return _kept_path(query).is_file()


def can_keep() -> bool:
    """Whether translations can be kept here."""
    folder = _kept_folder()
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def _kept_folder() -> Path:
    return Path(platformdirs.user_cache_dir("ztkit")) / "translations"


def _kept_path(query: str) -> Path:
    name = _digest(f"{_key()}\0{query}")
    return _kept_folder() / f"{name}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(path: Path) -> Kept | None:
    """A kept translation; anything that is not a whole one is translated again."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sql, clocks = str(data["sql"]), tuple(map(str, data["clocks"]))
        whole = data["sha256"] == _digest(sql)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (sql, clocks, bool(data["in_parts"])) if whole and "in_parts" in data else None


def _keep(path: Path, translation: Kept) -> None:
    """Keep a translation for the next run; a folder that cannot be written only makes that run slower."""
    sql, clocks, in_parts = translation
    text = json.dumps({"sha256": _digest(sql), "clocks": clocks, "in_parts": in_parts, "sql": sql})
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
