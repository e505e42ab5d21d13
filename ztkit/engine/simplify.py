"""Rewrites translated SQL: shorter, because DuckDB takes about a millisecond a kilobyte to parse it, and cheaper to run.

The translator does not know types, so it writes every conversion for all of them, each time anew. A text literal needs no
conversion, ``json_extract`` always gives JSON, and what is left can be a macro. What the translator writes for a conversion
is learnt from itself, by translating a marker; where it no longer writes that, nothing is replaced. The result is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ztkit.engine.stages import TOKEN, closing

_LITERAL = r"('(?:[^']|'')*')"
_COLUMN = r'("\w+")'
_EXTRACTED = r"""(json_extract\("\w+", '(?:[^']|'')*'\))"""
_COLUMN_MARK = '"ztkitMark"'
_LITERAL_MARK = "'ztkit-mark'"
_EXTRACTED_MARK = """json_extract("properties", '$.ztkitMark')"""
_SPLIT = "json_extract(str_split("
_PIECE = re.compile(r", '\$\[(\d+|#-1)\]'\)")
_JOIN = "CAST(list_concat("
_LOOKS_LIKE_JSON = "json_type(TRY_CAST("
_OTHER_DATES = "try_strptime(CAST("
TAKEN = "ztkit_piece"
_OVER_ONE = re.compile(r"""list_transform\(\[("\w+")\], lambda (_\w+): """)
_TEXT, _TIMELESS_TEXT = TEXTS = ("ztkit_text", "ztkit_timeless_text")
_OF_TIME = re.compile("TIME|DATE|INTERVAL|kqlnow|epoch|strptime", re.IGNORECASE)
"""Without any of these a statement has no value of a time type: the tables' columns are text and JSON."""
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"[^"]*\"""")
_TIME_BRANCHES = re.compile(
    r" WHEN 'TIMESTAMP' THEN .* WHEN 'INTERVAL' THEN .*?\[1\](?= WHEN 'DOUBLE' THEN )"
)


_PLAIN_END = "ELSE CAST(x AS VARCHAR) END, '')"
_LIST_END = "ELSE CASE WHEN typeof(x) LIKE '%[]' THEN CAST(to_json(x) AS VARCHAR) ELSE CAST(x AS VARCHAR) END END, '')"
"""DuckDB would write a list in a way of its own, which is no JSON."""


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    replacement: Callable[[re.Match[str]], str]


def simplify(sql: str) -> str:
    """Replace conversions by what they come to for their argument, or by a macro of `macros`."""
    sql = _dates(_applied(_sets(_joined(_pieces(sql)))))
    for rule in _rules()[0]:
        sql = rule.pattern.sub(rule.replacement, sql)
    sql = _texts(sql)
    if not _OF_TIME.search(_QUOTED.sub("", sql)):
        sql = _replace(sql, f"{_TEXT}(", f"{_TIMELESS_TEXT}(")
    return sql


def _replace(sql: str, old: str, new: str) -> str:
    """Replace what stands outside of texts."""
    return re.sub(
        rf"'(?:[^']|'')*'|{re.escape(old)}", lambda match: new if match[0] == old else match[0], sql
    )


def _pieces(sql: str) -> str:
    """Take one piece of a split text without writing all of them as JSON first."""
    start = sql.find(_SPLIT)
    while start >= 0:
        end = closing(sql, start + len(_SPLIT) - 1)
        index = _PIECE.match(sql, end + 1)
        if index is None:
            start = sql.find(_SPLIT, start + 1)
            continue
        number = "-1" if index[1] == "#-1" else str(int(index[1]) + 1)
        pieces = sql[start + len("json_extract(") : end + 1]
        sql = f"{sql[:start]}{TAKEN}({pieces}, {number}){sql[index.end() :]}"
        start = sql.find(_SPLIT)
    return sql


def _joined(sql: str) -> str:
    """Write joined arrays as JSON: a cast would write an absent element in a way that is no JSON."""
    start = sql.find(_JOIN)
    while start >= 0:
        end = closing(sql, start + len("CAST"))
        lists = sql[start + len("CAST(") : end]
        if lists.endswith(" AS JSON"):
            lists = f"nullif(to_json({lists.removesuffix(' AS JSON')}), 'null'::JSON)"
            sql = sql[:start] + lists + sql[end + 1 :]
        start = sql.find(_JOIN, start + 1)
    return sql


def _dates(sql: str) -> str:
    """Try the nine other ways to write a date on no value that is absent: each that fails takes half a microsecond."""
    start = sql.find(_OTHER_DATES)
    while start >= 0:
        opening = start + len(_OTHER_DATES) - len("(")
        end = closing(sql, opening)
        text = sql[opening - len("CAST") : end + 1]
        if text.endswith(" AS VARCHAR)"):
            sql = f"{sql[: opening - len('CAST')]}nullif(nullif({text}, ''), 'null'){sql[end + 1 :]}"
        start = sql.find(_OTHER_DATES, start + 1)
    return sql


def _sets(sql: str) -> str:
    """Ask whether a value of a set is an array, and not whether its text reads like one: a name may be ``[1]``."""
    start = sql.find(_LOOKS_LIKE_JSON)
    while start >= 0:
        opening = start + len(_LOOKS_LIKE_JSON) - 1
        end = closing(sql, opening)
        value = sql[opening + 1 : end].removesuffix(" AS JSON")
        if sql.startswith(f") = 'ARRAY' THEN CAST(to_json({value}) AS JSON[])", end + 1):
            sql = f"{sql[:start]}json_type(to_json({value}){sql[end + 1 :]}"
        start = sql.find(_LOOKS_LIKE_JSON, start + 1)
    return sql


def _texts(sql: str) -> str:
    """Call the macro for the text of anything, not only of a column: a list of its own, or what a summary gives."""
    written = _text_of_a_column()
    head = written.split(_COLUMN_MARK)[0]
    start = sql.find(head) if head.endswith("(") else -1
    while start >= 0:
        opening = start + len(head) - 1
        value = sql[opening + 1 : closing(sql, opening)]
        whole = written.replace(_COLUMN_MARK, value)
        if sql.startswith(whole, start):
            sql = f"{sql[:start]}{_TEXT}({value}){sql[start + len(whole) :]}"
        start = sql.find(head, start + 1)
    return sql


def forgiving(sql: str) -> str:
    """Take a value that is no array for none at all, where DuckDB would end the query for all rows because of one."""
    opened: list[re.Match[str] | None] = []
    casts: list[int] = []
    last: list[re.Match[str]] = []
    for token in TOKEN.finditer(sql):
        if token[0] == "(":
            opened.append(last[-1] if last else None)
        elif token[0] == ")" and opened:
            word = opened.pop()
            if word and word[0] == "CAST" and [item[0] for item in last[-4:]] == ["AS", "JSON", "[", "]"]:
                casts.append(word.start())
        last = [*last[-3:], token]
    for position in sorted(casts, reverse=True):
        sql = f"{sql[:position]}TRY_{sql[position:]}"
    return sql


def _applied(sql: str) -> str:
    """Apply functions of one column that are written as a function over a list of one: `list_transform([x], …)[1]`."""
    start = 0
    while call := _OVER_ONE.search(sql, start):
        end = closing(sql, call.start() + len("list_transform"))
        start = call.start() + 1
        if sql.startswith("[1]", end + 1):
            body = re.sub(rf"\b{call[2]}\b", call[1], sql[call.end() : end])
            sql = f"{sql[: call.start()]}({body}){sql[end + 4 :]}"
    return sql


def simplify_columns(sql: str) -> str:
    """Simplify a statement further whose extracted values have become columns; see `shredding.take_parts`."""
    return _applied(_replace(sql, 'ztkit_int_of("', 'ztkit_int("'))


def macros() -> tuple[str, ...]:
    """Statements that make the macros which simplified SQL calls."""
    return _rules()[1]


@lru_cache(maxsize=1)
def _text_of_a_column() -> str:
    """What the translator writes for the text of a column whose type it does not know."""
    return _argument(_written("strcat(ztkitMark, ztkitMark)"))


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[_Rule, ...], tuple[str, ...]]:
    rules: list[_Rule] = []
    made = [f"CREATE MACRO {TAKEN}(x, n) AS nullif(to_json(list_extract(x, n)), 'null'::JSON)"]
    literal = _argument(_written("strcat('ztkit-mark', 'ztkit-mark')"))
    if _LITERAL_MARK in literal:
        rules.append(_Rule(_pattern(literal, _LITERAL_MARK, _LITERAL), lambda match: match[1]))
    boolean = _written("tobool(properties.ztkitMark)")
    if boolean.endswith(f"ELSE TRY_CAST({_EXTRACTED_MARK} AS BOOLEAN) END"):
        pattern = _pattern(boolean, _EXTRACTED_MARK, _EXTRACTED)
        rules.append(_Rule(pattern, lambda match: f"TRY_CAST({match[1]} AS BOOLEAN)"))
    for name, written, mark, group in (
        (_TEXT, _text_of_a_column(), _COLUMN_MARK, _COLUMN),
        ("ztkit_bool", _written("tobool(ztkitMark)"), _COLUMN_MARK, _COLUMN),
        ("ztkit_int", _written("toint(ztkitMark)"), _COLUMN_MARK, _COLUMN),
        ("ztkit_int_of", _written("toint(properties.ztkitMark)"), _EXTRACTED_MARK, _EXTRACTED),
    ):
        if mark in written:
            body = written.replace(mark, "x")
            rules.append(_Rule(_pattern(written, mark, group), _call(name)))
            if name == _TEXT:
                body = body.removesuffix(_PLAIN_END) + _LIST_END if body.endswith(_PLAIN_END) else body
                made.append(f"CREATE MACRO {_TIMELESS_TEXT}(x) AS {_TIME_BRANCHES.sub('', body)}")
            made.append(f"CREATE MACRO {name}(x) AS {body}")
    return tuple(rules), tuple(made)


def _call(name: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{name}({match[1]})"


def _argument(text: str) -> str:
    """One of the two equal arguments of ``concat``; empty where the text is no such call."""
    if not (text.startswith("concat(") and text.endswith(")")):
        return ""
    one = text[len("concat(") : len("concat(") + (len(text) - len("concat()") - len(", ")) // 2]
    return one if text == f"concat({one}, {one})" else ""


def _written(expression: str) -> str:
    """What the translator writes for an expression."""
    import duckdb_kql  # here, since it is rarely needed; see `translation.macros_script`

    schema = {"T": ["properties", "ztkitMark"]}
    sql = str(duckdb_kql.to_sql(f"T | project x = {expression}", schema=schema))
    found = re.search(r"_s1 AS \(SELECT (.*) AS \"x\" FROM _s0\)", sql, re.DOTALL)
    return _applied(found[1]) if found else ""


def _pattern(written: str, mark: str, group: str) -> re.Pattern[str]:
    """The written text with the marker as a group, and every repetition of it the same."""
    first, *rest = written.split(mark)
    repeated = [re.escape(rest[0]), *(r"\1" + re.escape(part) for part in rest[1:])]
    return re.compile(re.escape(first) + group + "".join(repeated))
