"""Specialises a translated statement to the types of its columns: what is written for another type is never read again.

The translator does not know types, so it writes ``CASE WHEN typeof(x) = 'JSON' THEN … ELSE … END`` and conversions for
every type there is, and DuckDB binds and optimises all of it before it throws most of it away: more work than running the
query on a small estate. Here DuckDB is asked once, when a query is translated, for the types of each stage of the
statement; branches for other types go, and so do columns that no later stage reads. The result is the same: a stage whose
own types would change is left as it is.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Set
from functools import lru_cache

import duckdb

from ztkit.engine.simplify import TAKEN, TEXTS, macros
from ztkit.engine.stages import (
    TOKEN,
    carried,
    closing,
    depth_of,
    inner,
    items_of,
    names_columns,
    only_carried,
    select,
    stages_of,
    statement_of,
    takes_all,
)

Types = Mapping[str, str]
"""Columns and their types, as DuckDB writes them."""

_READS = re.compile(r' FROM (_s\d+|"\w+")(?= WHERE | GROUP BY | ORDER BY | LIMIT |$)')
_PARAMETER = re.compile(r"\$\w+")
_TYPEOF = re.compile(r"""typeof\(("\w+")\) = ('\w+')""")
_OTHERS = re.compile(r"""typeof\(("\w+")\) (IN \(('\w+'(?:, '\w+')*)\)|LIKE '(%?)(\w+)(%?)')""")
_TEXT = re.compile(rf"""(?:{"|".join(TEXTS)})\(("\w+")\)""")
_DECIDED = re.compile(r"(?:TRUE|FALSE)(?: (?:AND|OR) (?:TRUE|FALSE))+(?= THEN )")
_DECIDED_CASE = re.compile(r"CASE WHEN (TRUE|FALSE) THEN ")
_LOWERED = re.compile(r"lower\(('[\x20-\x26\x28-\x7e]*')\)")
_ARRAY = re.compile(r"""CASE WHEN json_type\(to_json\(("\w+")\)\) = 'ARRAY' THEN """)
_AS_JSON = re.compile(
    r"""(json_type\(|CAST\(|coalesce\()to_json\(("\w+")\)(\)| AS JSON\[\]| ->> '\$', ''\))"""
)
_PIECE = re.compile(rf"""({TAKEN}\(.*\)) AS "(\w+)\"""", re.DOTALL)
_PIECE_TEXT = f"coalesce({TAKEN}("
_VALUE = r'("\w+"|TRUE|FALSE|CAST\(\d+ AS \w+\))'
_FILLED = re.compile(
    rf"""coalesce\(CASE WHEN CAST\({_VALUE} AS VARCHAR\) <> '' THEN \1 END, """
    rf"""CASE WHEN CAST\({_VALUE} AS VARCHAR\) <> '' THEN \2 END, \1, \2\)"""
)
_SOME = re.compile(
    r"""\((coalesce\("\w+"(?: ->> '\$')?, ''\)) IS NOT NULL AND CAST\(\1 AS VARCHAR\) <> ''\)"""
)
_NONE = re.compile(r"""\((coalesce\("\w+"(?: ->> '\$')?, ''\)) IS NULL OR CAST\(\1 AS VARCHAR\) = ''\)""")
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT"})
_NEVER_EMPTY = _INTEGERS | {"BOOLEAN", "DOUBLE", "TIMESTAMP", "INTERVAL"}
"""Types of which no value has an empty text."""
_BINDING = threading.Lock()
_LIKE_CODE = re.compile("\N{SECTION SIGN}|ztkit|to_json|TRUE|FALSE|WITH|SELECT|DISTINCT|UNION")
_OURS = ("'$", "'[{")
"""How paths and structures begin, on which types depend."""
_MASK = re.compile("'\N{SECTION SIGN}(\\d+)'")


class UnexpectedStatementError(Exception):
    """A statement is not one of the translator's, or names a column that is not there."""


def specialise(sql: str, tables: Mapping[str, Types]) -> str:
    """Leave out what a statement says of types that its columns do not have, and columns that nothing reads.

    Args:
        sql: a statement of the translator, simplified.
        tables: the columns of the views that it reads, and their types.

    Returns:
        The statement; as it was where it is not written as expected, or where DuckDB refuses it.
    """
    masked, literals = _mask(sql)
    try:
        with _BINDING:
            found = _statement(masked, dict(tables))[0]
        return _MASK.sub(lambda match: literals[int(match[1])], found)
    except (duckdb.Error, UnexpectedStatementError):  # running it says what is wrong
        return sql


def _mask(sql: str) -> tuple[str, list[str]]:
    """A statement in which texts that look like parts of one have others in their place, and those texts."""
    literals: list[str] = []

    def put(match: re.Match[str]) -> str:
        text = match[0]
        if text[0] != "'" or text.startswith(_OURS) or not _LIKE_CODE.search(text):
            return text
        literals.append(text)
        return f"'\N{SECTION SIGN}{len(literals) - 1}'"

    return TOKEN.sub(put, sql), literals


def _statement(sql: str, known: Mapping[str, Types]) -> tuple[str, Types]:
    """A statement and those within it; and the types of what comes out."""
    stages, last = stages_of(sql)
    if not stages:
        return sql, _types_of(sql, known)
    _take_text(stages)
    types = dict(known)
    for name, body in stages.items():
        stages[name], types[name] = _stage(body, types)
    _leave_out_unread(stages)
    return statement_of(stages, last), _types_of(last.strip(), types)


def _stage(body: str, types: Mapping[str, Types]) -> tuple[str, Types]:
    """One stage and the types of its columns."""
    plain, stub, position = "", "", 0
    for start, end in inner(body):
        within, its_types = _statement(body[start:end], types)
        plain += body[position:start] + within
        stub += body[position:start] + _empty(its_types)
        position = end
    plain, stub = plain + body[position:], stub + body[position:]
    reads = _READS.findall(stub)
    source = types.get(reads[0].strip('"')) if len(reads) == 1 and stub.count(" FROM ") == 1 else None
    if source is None or plain != stub:
        return plain, _types_of(stub, types)
    better = _for_types(plain, source)
    if names_columns(plain) and " GROUP BY " not in plain:
        return _columns(plain, better, source, types)
    wanted = _types_of(plain, types)
    return (better if better == plain or _types_of(better, types) == wanted else plain), wanted


def _columns(plain: str, better: str, source: Types, types: Mapping[str, Types]) -> tuple[str, Types]:
    """A stage that names its columns; what it only passes on has the type that it had."""
    (items, _), (shorter, rest) = items_of(plain), items_of(better)
    computed = [number for number, item in enumerate(items) if not carried(item)]
    asked = [
        f'{forms[number].rpartition(" AS ")[0]} AS "{label}{number}"'
        for label, forms in (("was", items), ("is", shorter))
        for number in computed
        if label == "was" or forms[number] != items[number]
    ]
    told = _types_of(select(asked, rest), types) if asked else {}
    found: dict[str, str] = {}
    for number, item in enumerate(items):
        column, _, name = item.rpartition(" AS ")
        kept = told[f"was{number}"] if number in computed else source.get((column or name).strip('"'))
        if kept is None:
            raise UnexpectedStatementError(f"no column {item}")
        if told.get(f"is{number}", kept) != kept:
            better = plain
        found[name.strip('"')] = kept
    return better, found


def _for_types(body: str, types: Types) -> str:
    """The text of a stage for the types of what it reads."""

    def text(match: re.Match[str]) -> str:
        return _text(match[1], types.get(match[1].strip('"'), "")) or match[0]

    def is_type(match: re.Match[str]) -> str:
        kind = types.get(match[1].strip('"'))
        return match[0] if kind is None else str(f"'{kind}'" == match[2]).upper()

    def is_other(match: re.Match[str]) -> str:
        kind = types.get(match[1].strip('"'))
        if kind is None:
            return match[0]
        if match[3]:
            return str(f"'{kind}'" in match[3].split(", ")).upper()
        pattern = f"{'.*' if match[4] else ''}{match[5]}{'.*' if match[6] else ''}"
        return str(re.fullmatch(pattern, kind) is not None).upper()

    def filled(match: re.Match[str]) -> str:
        columns = [value.strip('"') for value in match.groups() if value.startswith('"')]
        plain = all(types.get(column) in _NEVER_EMPTY for column in columns)
        return f"coalesce({match[1]}, {match[2]})" if plain else match[0]

    def is_array(match: re.Match[str]) -> str:
        return "CASE WHEN FALSE THEN " if types.get(match[1].strip('"')) == "VARCHAR" else match[0]

    def as_json(match: re.Match[str]) -> str:
        kind = types.get(match[2].strip('"'))
        if kind == "VARCHAR" and match[3].startswith(" ->>"):
            return f"coalesce({match[2]}, '')"
        return f"{match[1]}{match[2]}{match[3]}" if kind == "JSON" else match[0]

    body = _AS_JSON.sub(as_json, _ARRAY.sub(is_array, _TEXT.sub(text, body)))
    body = _OTHERS.sub(is_other, _TYPEOF.sub(is_type, body))
    body = _FILLED.sub(filled, body)
    body = _decided(_DECIDED.sub(lambda match: str(_truth(match[0])).upper(), body))
    body = _LOWERED.sub(lambda match: match[1].lower(), body)
    return _NONE.sub(r"(\1 = '')", _SOME.sub(r"(\1 <> '')", body))


def _text(column: str, kind: str) -> str:
    """The text of a column of a type; empty where a macro is needed for it."""
    if kind == "VARCHAR":
        return f"coalesce({column}, '')"
    if kind == "JSON":
        return f"coalesce({column} ->> '$', '')"
    if kind.endswith("[]"):
        return f"coalesce(CAST(to_json({column}) AS VARCHAR), '')"
    return f"coalesce(CAST({column} AS VARCHAR), '')" if kind in _INTEGERS else ""


def _truth(text: str) -> bool:
    """What constants joined by AND and OR come to."""
    return any(all(word == "TRUE" for word in group.split(" AND ")) for group in text.split(" OR "))


def _decided(body: str) -> str:
    """Take the branches of every ``CASE`` whose first condition is a constant."""
    while found := _DECIDED_CASE.search(body):
        value, after = _branch(body, found.end())
        _, end = (value, after) if body.startswith("END", after) else _last(body, after)
        if found[1] == "TRUE":
            put = f"({body[found.end() : after].strip()})"
        elif body.startswith("WHEN", after):
            put = f"CASE {body[after:end]}END"
        elif body.startswith("ELSE", after):
            put = f"({body[after + len('ELSE ') : end].strip()})"
        else:
            put = "NULL"
        body = body[: found.start()] + put + body[end + len("END") :]
    return body


def _branch(body: str, start: int) -> tuple[str, int]:
    """A branch's value, and where the next branch or the end of its CASE begins."""
    depth = 0
    for token in TOKEN.finditer(body, start):
        word = token[0]
        if depth == 0 and word in ("WHEN", "ELSE", "END"):
            return body[start : token.start()], token.start()
        depth += depth_of(word)
    raise UnexpectedStatementError(f"a CASE does not end: {body[start:]}")


def _last(body: str, start: int) -> tuple[str, int]:
    """The rest of a CASE from one of its branches on, and where its END stands."""
    position = start
    while not body.startswith("END", position):
        _, position = _branch(body, position + len("WHEN"))
    return body[start:position], position


def _take_text(stages: dict[str, str]) -> None:
    """Take pieces of split texts as text where nothing reads them but as text."""
    for number, (name, body) in enumerate(stages.items()):
        if TAKEN not in body or not names_columns(body):
            continue
        later = list(stages.values())[number + 1 :]
        items, rest = items_of(_pieces_as_text(body))
        for index, item in enumerate(items):
            found = _PIECE.fullmatch(item)
            if (
                found
                and closing(found[1], len(TAKEN)) == len(found[1]) - 1
                and only_carried(found[2], later, rf"(?:{'|'.join(TEXTS)})\(\"{found[2]}\"\)")
            ):
                items[index] = f'list_extract{found[1].removeprefix(TAKEN)} AS "{found[2]}"'
        stages[name] = select(items, rest)


def _pieces_as_text(body: str) -> str:
    """A stage's text with pieces that become text at once taken as text."""
    start = body.find(_PIECE_TEXT)
    while start >= 0:
        opening = start + len(_PIECE_TEXT) - 1
        end = closing(body, opening)
        if body.startswith(" ->> '$', '')", end + 1):
            rest = body[end + 1 :].removeprefix(" ->> '$'")
            body = f"{body[:start]}coalesce(list_extract{body[opening : end + 1]}{rest}"
        start = body.find(_PIECE_TEXT, start + 1)
    return body


def _leave_out_unread(stages: dict[str, str]) -> None:
    """Leave out columns that a stage only passes on, and that no later one names."""
    read: set[str] = set()
    names = list(stages)
    output = next((name for name in reversed(names) if not stages[name].startswith("SELECT * ")), None)
    for name in reversed(names):
        body = stages[name]
        if takes_all(body):
            return
        if output is not None and names.index(name) < names.index(output) and " GROUP BY " not in body:
            stages[name] = body = _only(body, read)
        read |= set(re.findall(r'"(\w+)"', body))


def _only(body: str, read: Set[str]) -> str:
    """A stage's text without the columns that it only passes on and nobody reads."""
    if not names_columns(body):
        return body
    items, rest = items_of(body)
    kept = [item for item in items if not carried(item) or carried(item) in read]
    return select(kept or items[:1], rest)


def _types_of(query: str, types: Mapping[str, Types]) -> Types:
    """The columns of a query over stages and tables, and their types; DuckDB binds only what it names."""
    same = re.fullmatch(r'SELECT \* FROM (_s\d+|"\w+")(?: (?:WHERE|ORDER BY|LIMIT) .*)?', query, re.DOTALL)
    if same is not None and (passed := types.get(same[1].strip('"'))) is not None:
        return passed
    names = {name.strip('"') for name in re.findall(r'FROM (_s\d+|"\w+")', query)}
    stubs = ", ".join(
        f'"{name}" AS ({_empty(_named(types[name], query) if names_columns(query) else types[name])})'
        for name in sorted(names & set(types))
    )
    text = _PARAMETER.sub("CAST(NULL AS TIMESTAMP)", query)
    rows = _binder().execute(f"DESCRIBE {'WITH ' if stubs else ''}{stubs} {text}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def _named(types: Types, query: str) -> Types:
    named = {name: kind for name, kind in types.items() if f'"{name}"' in query}
    return named or dict(list(types.items())[:1])


def _empty(types: Types) -> str:
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {chr(34)}{name}{chr(34)}' for name, kind in types.items())}"


@lru_cache(maxsize=1)
def _binder() -> duckdb.DuckDBPyConnection:
    """A connection that only says types."""
    connection = duckdb.connect(":memory:")
    for macro in macros():
        connection.execute(macro)
    return connection
