"""Reads the elements of an array in one pass where ``mv-expand`` takes values out of each of them.

`shredding` takes the values of an element together, but DuckDB still writes every element as text, reads it for a filter
and reads it again for what passes the filter. Here the array becomes a list of structures that hold nothing but the values
wanted. The result is the same, except that a number in exponent form may be written with another exponent (1e-08).
"""

from __future__ import annotations

import json
import re
from functools import partial
from itertools import pairwise
from typing import Any

from ztkit.engine.stages import inner, only_carried, stages_of, statement_of

_EXPANDED = re.compile(
    r"""UNNEST\((?P<slice>list_slice\()?CAST\((?P<list>CASE json_type\((?P<array>"\w+")\) .*? END) AS JSON\[\]\)"""
    r"""(?P<most>(?(slice), 1, \d+\)))\) AS "(?P<column>\w+)\""""
)
_TAKEN = (
    r"""(?P<text>coalesce\()?json_extract(?:_string)?\("{}", \[(?P<paths>(?:'[^']*'(?:, )?)+)\]\)"""
    r"""\[(?P<number>\d+)\](?(text), ''\))"""
)
_PATH = re.compile(r"""\$(?:\."[^"'\\\[\]]+")+""")
_FEWEST = 3
"""Values of an element from which on a structure is cheaper."""


def take_structures(sql: str) -> str:
    """Rewrite every ``mv-expand`` of a statement whose elements serve for nothing but values taken from them."""
    stages, last = stages_of(sql)
    names = list(stages)
    for name, body in stages.items():
        parts, position = [], 0
        for start, end in inner(body):
            parts += [body[position:start], take_structures(body[start:end])]
            position = end
        stages[name] = "".join([*parts, body[position:]])
    for name, following in pairwise(names):
        found = _EXPANDED.search(stages[name])
        if found is None:
            continue
        taken = re.compile(_TAKEN.format(found["column"]))
        structure = _structure(taken, stages[following])
        later = [stages[other] for other in names[names.index(following) :]]
        if structure is not None and only_carried(found["column"], later, taken.pattern):
            array = f"CASE WHEN json_type({found['array']}) = 'ARRAY' THEN {found['array']} ELSE to_json(CAST({found['list']} AS JSON[])) END"
            elements = (
                f"{found['slice'] or ''}json_transform({array}, '{json.dumps([structure])}'){found['most']}"
            )
            stages[name] = stages[name].replace(found[0], f'UNNEST({elements}) AS "{found["column"]}"')
            stages[following] = taken.sub(partial(_member, found["column"]), stages[following])
    return statement_of(stages, last) if stages else sql


def _structure(taken: re.Pattern[str], body: str) -> dict[str, Any] | None:
    """The structure that holds what a stage takes out of an element; None where there is no such structure."""
    tree: dict[str, Any] = {}
    count = 0
    for match in taken.finditer(body):
        path = _path(match)
        if not _PATH.fullmatch(path):
            return None
        *parents, leaf = _keys(path)
        place = tree
        for key in parents:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                return None
        if place.setdefault(leaf, kind := "VARCHAR" if match["text"] else "JSON") != kind or _alike(place):
            return None
        count += 1
    return tree if count >= _FEWEST else None


def _alike(keys: dict[str, Any]) -> bool:
    """Whether names differ by nothing but upper and lower case, which a structure cannot hold."""
    return len({key.lower() for key in keys}) < len(keys)


def _member(column: str, match: re.Match[str]) -> str:
    value = f'"{column}"' + "".join(f"['{key}']" for key in _keys(_path(match)))
    return f"coalesce({value}, '')" if match["text"] else value


def _path(match: re.Match[str]) -> str:
    paths: list[str] = re.findall(r"'([^']*)'", match["paths"])
    return paths[int(match["number"]) - 1]


def _keys(path: str) -> list[str]:
    return re.findall(r'"([^"]+)"', path)
