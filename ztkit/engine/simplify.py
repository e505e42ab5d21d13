"""Shortens translated SQL, because DuckDB takes about a millisecond a kilobyte to parse it.

The translator does not know types, so it writes every conversion for all of them, each time anew. A text literal needs no
conversion, ``json_extract`` always gives JSON, and what is left can be a macro. What the translator writes for a conversion
is learnt from itself, by translating a marker; where it no longer writes that, nothing is replaced. The result is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import duckdb_kql

_LITERAL = r"('(?:[^']|'')*')"
_COLUMN = r'("\w+")'
_EXTRACTED = r"""(json_extract\("\w+", '(?:[^']|'')*'\))"""
_COLUMN_MARK = '"ztkitMark"'
_LITERAL_MARK = "'ztkit-mark'"
_EXTRACTED_MARK = """json_extract("properties", '$.ztkitMark')"""


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    replacement: Callable[[re.Match[str]], str]


def simplify(sql: str) -> str:
    """Replace conversions by what they come to for their argument, or by a macro of `macros`."""
    for rule in _rules()[0]:
        sql = rule.pattern.sub(rule.replacement, sql)
    return sql


def macros() -> tuple[str, ...]:
    """Statements that make the macros which simplified SQL calls."""
    return _rules()[1]


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[_Rule, ...], tuple[str, ...]]:
    rules: list[_Rule] = []
    made: list[str] = []
    literal = _argument(_written("strcat('ztkit-mark', 'ztkit-mark')"))
    if _LITERAL_MARK in literal:
        rules.append(_Rule(_pattern(literal, _LITERAL_MARK, _LITERAL), lambda match: match[1]))
    boolean = _written("tobool(properties.ztkitMark)")
    if boolean.endswith(f"ELSE TRY_CAST({_EXTRACTED_MARK} AS BOOLEAN) END"):
        pattern = _pattern(boolean, _EXTRACTED_MARK, _EXTRACTED)
        rules.append(_Rule(pattern, lambda match: f"TRY_CAST({match[1]} AS BOOLEAN)"))
    for name, written, mark, group in (
        ("ztkit_text", _argument(_written("strcat(ztkitMark, ztkitMark)")), _COLUMN_MARK, _COLUMN),
        ("ztkit_bool", _written("tobool(ztkitMark)"), _COLUMN_MARK, _COLUMN),
        ("ztkit_int", _written("toint(ztkitMark)"), _COLUMN_MARK, _COLUMN),
        ("ztkit_int_of", _written("toint(properties.ztkitMark)"), _EXTRACTED_MARK, _EXTRACTED),
    ):
        if mark in written:
            made.append(f"CREATE MACRO {name}(x) AS {written.replace(mark, 'x')}")
            rules.append(_Rule(_pattern(written, mark, group), _call(name)))
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
    schema = {"T": ["properties", "ztkitMark"]}
    sql = str(duckdb_kql.to_sql(f"T | project x = {expression}", schema=schema))
    found = re.search(r"_s1 AS \(SELECT (.*) AS \"x\" FROM _s0\)", sql, re.DOTALL)
    return found[1] if found else ""


def _pattern(written: str, mark: str, group: str) -> re.Pattern[str]:
    """The written text with the marker as a group, and every repetition of it the same."""
    first, *rest = written.split(mark)
    repeated = [re.escape(rest[0]), *(r"\1" + re.escape(part) for part in rest[1:])]
    return re.compile(re.escape(first) + group + "".join(repeated))
