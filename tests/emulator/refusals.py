"""Why Resource Graph would refuse a query, in its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.emulator.wire import Response, arm_error
from ztkit.content.kql import tokenize
from ztkit.content.lint import query_problems, resource_graph_limits
from ztkit.errors import QueryError, UnsupportedConstructError

_GENERAL = {
    "code": "InvalidQuery",
    "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix "
    "the error before retrying.",
}


def bad_request(number: int, *details: dict[str, Any]) -> Response:
    """A 400 with its details."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    message = (
        "Please provide below info when asking for support: "
        f"timestamp = {moment}, correlationId = 00000000-0000-0000-0000-{number:012}."
    )
    return arm_error(400, "BadRequest", message, details)


def invalid_query(number: int, *details: dict[str, Any]) -> Response:
    """A 400 for a query that is wrong."""
    return bad_request(number, _GENERAL, *details)


def refused(query: str) -> Iterator[dict[str, Any]]:
    """What of the service's limits a query goes against; the engine may still find it wrong.

    Raises:
        QueryError: a string is not closed.
    """
    tokens = tokenize(query)
    for problem in query_problems(tokens):
        if "not available in Resource Graph" in problem:
            yield {"code": "DisallowedLogicalOperator", "message": problem, **_line(problem)}
    for problem in resource_graph_limits(tokens):
        if "no `limit`" in problem:  # taken, and answered with 128 values
            continue
        too_many_joins = "× join" in problem or " joins across " in problem
        yield {"code": "ToomanyJoins" if too_many_joins else "InvalidQuery", "message": problem}


def of_engine(problem: QueryError) -> dict[str, Any]:
    """An error of the offline engine as the service would say it."""
    text = str(problem)
    if isinstance(problem, UnsupportedConstructError):
        function = re.search(r"function:(\w+)|(\w+)\(\)", problem.construct)
        if function:
            return {
                "code": "UnknownFunction",
                "message": f"Unknown function: '{function[1] or function[2]}'.",
            }
        return {"code": "InvalidQueryLanguage", "message": text, **_line(text)}
    if table := re.search(r"there is no table (\w+);", text):
        message = f"Table {table[1]} is invalid, unsupported or disallowed."
        return {"code": "DisallowedLogicalTableName", "message": message}
    if "Binder Error" in text or "Conversion Error" in text:
        return {"code": "InvalidQuery", "message": text}
    return {"code": "ParserFailure", "message": text, **_line(text)}


def _line(text: str) -> dict[str, int]:
    found = re.match(r"line (\d+): ", text)
    return {"line": int(found[1])} if found else {}
