"""Holds the content together: every rule that a schema cannot say, each problem as ``path:line: message``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ztkit.content import shipped
from ztkit.content.kql import Token, sources, string_value, tokenize
from ztkit.content.library import ContentPaths, Library, load_with_problems
from ztkit.content.prose import copied
from ztkit.content.yamlfile import read
from ztkit.errors import QueryError
from ztkit.model.check import Check
from ztkit.model.framework import Mapping
from ztkit.model.question import Question
from ztkit.model.snapshot import TABLES

_MAX = {"join": 3, "mv-expand": 3}
_FORBIDDEN = {
    "let": "`let` is not available in Resource Graph",
    "evaluate": "`evaluate` is not available in Resource Graph",
    "render": "`render` is not available in Resource Graph",
    "datatable": "`datatable` is not available in Resource Graph",
    "externaldata": "`externaldata` is not available in Resource Graph",
    "leftanti": "join kind `leftanti` is not available in Resource Graph; use leftouter and isnull",
    "leftsemi": "join kind `leftsemi` is not available in Resource Graph; use inner",
    "hint": "join hints are not available in Resource Graph",
}
_NEEDED_CASES = ("pass", "fail", "absent")


def _criteria(library: Library) -> tuple[Check | Question, ...]:
    return (*library.checks.values(), *library.questions.values())


def lint(paths: ContentPaths | None = None) -> list[str]:
    """Every problem of all content; empty when it is in order."""
    library, problems = load_with_problems(paths or ContentPaths())
    return problems + [problem for rule in RULES for problem in rule(library)]


def _questions_fit(library: Library) -> Iterator[str]:
    for question in library.questions.values():
        at = library.places[question.id]
        if question.objective not in library.objectives:
            yield f"{at}: objective {question.objective!r} does not exist"
        if not question.id.startswith(question.objective + "."):
            yield f"{at}: id {question.id!r} does not begin with its objective {question.objective}"
        yield from (f"{at}: {problem}" for problem in _answer_problems(question))
        if question.depends_on:
            for condition in (*question.depends_on.all, *question.depends_on.any):
                other = library.questions.get(condition.question)
                known = {answer.id for answer in other.answers} if other else set()
                if other is None or question.id == condition.question:
                    yield f"{at}: depends_on names question {condition.question!r}, which does not exist or is itself"
                elif missing := [answer for answer in condition.in_ if answer not in known]:
                    yield f"{at}: depends_on names {missing}, which are no answers of {condition.question}"


def _no_circles(library: Library) -> Iterator[str]:
    """No question waits for itself, through however many others."""
    done: set[str] = set()

    def walk(identifier: str, path: tuple[str, ...]) -> Iterator[str]:
        if identifier in path:
            circle = (*path[path.index(identifier) :], identifier)
            if len(circle) > 2:  # a question that names itself is told of already
                yield f"{library.places[identifier]}: depends_on goes in a circle: {' → '.join(circle)}"
        elif identifier in library.questions and identifier not in done:
            for other in library.questions[identifier].prerequisites:
                yield from walk(other, (*path, identifier))
            done.add(identifier)

    for identifier in library.questions:
        yield from walk(identifier, ())


def _answer_problems(question: Question) -> Iterator[str]:
    ids = [answer.id for answer in question.answers]
    values = [answer.value for answer in question.answers]
    if len(set(ids)) != len(ids):
        yield "two answers have the same id"
    if values != sorted(values) or (values and (values[0] != 0 or values[-1] != 1)):
        yield "answers do not run from value 0 to value 1 in rising order"


def _checks_fit(library: Library) -> Iterator[str]:
    for check in library.checks.values():
        at = library.places[check.id]
        if check.objective not in library.objectives:
            yield f"{at}: objective {check.objective!r} does not exist"
        if not check.objective.startswith(check.pillar + "."):
            yield f"{at}: objective {check.objective} is of another pillar than the id"
        for kind in _NEEDED_CASES:
            if not any(case.proves == kind for case in check.cases):
                yield f"{at}: no case proves {kind!r}"
        for case in check.cases:
            wanted = {"pass": "pass", "fail": "fail"}.get(case.proves)
            if wanted and wanted not in case.expect.values():
                yield f"{at}: case {case.name!r} proves {wanted!r} and expects none"


def _references(library: Library) -> Iterator[str]:
    technologies = {item.id for item in library.framework.technologies}
    for item in _criteria(library):
        at = library.places[item.id]
        yield from (
            f"{at}: technology {name!r} does not exist"
            for name in item.technologies
            if name not in technologies
        )
        yield from (f"{at}: {problem}" for mapping in item.maps for problem in _mapping(library, mapping))
    named = Counter(link.check for question in library.questions.values() for link in question.checks)
    for question in library.questions.values():
        at = library.places[question.id]
        for link in question.checks:
            if link.check not in library.checks:
                yield f"{at}: evidence names check {link.check!r}, which does not exist"
            elif library.checks[link.check].objective != question.objective:
                yield f"{at}: check {link.check} is of objective {library.checks[link.check].objective}"
            if named[link.check] > 1:
                yield f"{at}: check {link.check} is named by {named[link.check]} questions; it belongs to one at most"


def _mapping(library: Library, mapping: Mapping) -> Iterator[str]:
    known = {(item.id, item.version): item for item in library.framework.control_frameworks}
    framework = known.get((mapping.framework, mapping.version))
    if framework is None:
        yield f"maps to {mapping.framework} {mapping.version}, which is not in control-frameworks.yaml"
    elif not re.fullmatch(framework.pattern, mapping.id):
        yield f"maps to {mapping.framework} {mapping.id!r}, which is no id of that framework"
    elif mapping.id not in framework.by_id:
        yield f"maps to {mapping.framework} {mapping.id!r}, which is not in controls/{mapping.framework}.yaml"


def _coverage(library: Library) -> Iterator[str]:
    covered = {item.objective for item in _criteria(library)}
    for objective in library.framework.objectives:
        if objective.id not in covered:
            yield f"{library.places[objective.id]}: objective {objective.id} has no check and no question"
    named = {name for item in _criteria(library) for name in item.technologies}
    for technology in library.framework.technologies:
        if technology.id not in named:
            yield f"{library.places[technology.id]}: no check and no question names technology {technology.id}"


def _queries(library: Library) -> Iterator[str]:
    for check in library.checks.values():
        at = library.places[check.id]
        try:
            tokens = tokenize(check.query)
        except QueryError as problem:
            yield f"{at}: query: {problem}"
            continue
        limits = resource_graph_limits if check.source == "resource-graph" else microsoft_graph_tables
        yield from (f"{at}: query: {problem}" for problem in (*query_problems(tokens), *limits(tokens)))
        read_types = _types_read(check, tokens)
        if read_types != set(check.resource_types):
            yield f"{at}: resource_types is {sorted(check.resource_types)}, the query reads {sorted(read_types)}"


def query_problems(tokens: tuple[Token, ...]) -> Iterator[str]:
    """What no engine takes, or the row contract forbids."""
    words = [token.lower for token in tokens]
    for token in tokens:
        if token.kind == "word" and token.lower in _FORBIDDEN:
            yield f"line {token.line}: {_FORBIDDEN[token.lower]}"
    tail = words[len(words) - 1 - words[::-1].index("project") :] if "project" in words else []
    for column in ("id", "status", "reason"):
        if column not in tail:
            yield f"does not end in a project of {column}"


def resource_graph_limits(tokens: tuple[Token, ...]) -> Iterator[str]:
    """What Resource Graph would refuse, or answer otherwise than meant."""
    words = [token.lower for token in tokens]
    counts = {
        "join": words.count("join"),
        "mv-expand": words.count("mvexpand") + _pairs(words, "mv", "expand"),
    }
    for name, limit in _MAX.items():
        if counts[name] > limit:
            yield f"{counts[name]} × {name}; Resource Graph takes {limit}"
    if words.count("limit") < counts["mv-expand"]:
        yield "an mv-expand has no `limit`; without one only 128 values are read"
    tables = {source.table for source in sources(tokens)}
    among = ", ".join(sorted(tables))
    if graph := tables - set(TABLES):
        yield f"reads {', '.join(sorted(graph))}, of Microsoft Graph; say `source: microsoft-graph`"
    elif not tables <= {"resources", "resourcecontainers"}:
        if (crossing := _joins_across(tokens)) > 1:
            yield f"{crossing} joins across {among}; Resource Graph takes one join from one of these tables to another"
        if "union" in words and len(tables) > 1:
            yield f"a union over {among}; Resource Graph takes one within a table, or over resources and resourcecontainers"
    if words.count("union") > 2:
        yield f"{words.count('union') + 1} union legs; Resource Graph takes 3"


def _joins_across(tokens: tuple[Token, ...]) -> int:
    """How many joins bring another table than the one that their pipeline begins with.

    Of the three joins that a query may have, Resource Graph takes one such, but between resources and resourcecontainers
    (https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language, on ``join``).
    """
    tables = {source.token: source.table for source in sources(tokens)}
    begun = [tables.get(None, "")]
    joined: str | None = None
    crossing = 0
    for index, token in enumerate(tokens):
        if token.text == "(":
            begun.append("")
        elif token.text == ")" and len(begun) > 1:
            begun.pop()
        elif token.lower == "join":
            joined = begun[-1]
        elif index in tables:
            begun[-1] = begun[-1] or tables[index]
            if joined is not None:
                crossing += tables[index] != joined
                joined = None
    return crossing


def microsoft_graph_tables(tokens: tuple[Token, ...]) -> Iterator[str]:
    """Tables of Resource Graph in a query on Microsoft Graph: no engine has both live."""
    for source in sources(tokens):
        if source.table in TABLES:
            yield f"line {source.line}: reads {source.table}, of Resource Graph; a check reads one of the two"


def _types_read(check: Check, tokens: tuple[Token, ...]) -> set[str]:
    """What ``resource_types`` has to list: types of resources, or entities of Microsoft Graph."""
    read_sources = sources(tokens)
    if check.source == "microsoft-graph":
        return {source.table for source in read_sources}
    return {name for source in read_sources for name in source.types or ()} | _compared_types(tokens)


def _pairs(words: list[str], first: str, second: str) -> int:
    return sum(words[i : i + 3] == [first, "-", second] for i in range(len(words)))


def _compared_types(tokens: tuple[Token, ...]) -> set[str]:
    """Types that conditions name anywhere in a query, not only behind a table."""
    found: set[str] = set()
    for index, token in enumerate(tokens):
        if token.text != "type" or (index and tokens[index - 1].text == "."):
            continue
        rest = tokens[index + 1 : index + 3]
        if len(rest) == 2 and rest[0].text in ("=~", "==") and rest[1].kind == "string":
            found.add(string_value(rest[1]).lower())
        elif rest and rest[0].lower == "in":
            for item in tokens[index + 2 :]:
                if item.kind == "string":
                    found.add(string_value(item).lower())
                elif item.text == ")":
                    break
    return found


def _tombstones(library: Library) -> Iterator[str]:
    """An id that was retired is never used again."""
    path = shipped.folder("framework") / "tombstones.yaml"
    retired = _retired(path)
    for identifier in (*library.checks, *library.questions):
        if identifier in retired:
            yield f"{library.places[identifier]}: id {identifier!r} was retired ({retired[identifier]}) and is not used again"


def _retired(path: Path) -> dict[str, str]:
    file = read(path)
    return {entry["id"]: entry["why"] for entry in file.data or ()}


RULES: tuple[Callable[[Library], Iterator[str]], ...] = (
    _questions_fit,
    _no_circles,
    _checks_fit,
    _references,
    _coverage,
    copied,
    _queries,
    _tombstones,
)
"""Every rule, in the order in which their problems are listed."""
