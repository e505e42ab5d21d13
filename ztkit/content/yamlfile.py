"""YAML with line numbers, so that every problem can name its place."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Loc = tuple[int | str, ...]
M = TypeVar("M", bound=BaseModel)
_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the C one is several times faster


@dataclass
class YamlFile:
    """A parsed file: its data, and the line on which each part of it stands.

    Attributes:
        data: plain Python values; scalars keep YAML 1.1 types, and dates stay dates.
        problems: what is wrong with the YAML itself, each as ``path:line: message``.
    """

    path: Path
    data: Any = None
    problems: list[str] = field(default_factory=list)
    _lines: dict[Loc, int] = field(default_factory=dict)

    def line(self, loc: Loc) -> int:
        """The line of the innermost part of `loc` that exists."""
        for length in range(len(loc), -1, -1):
            if loc[:length] in self._lines:
                return self._lines[loc[:length]]
        return 1

    def problem(self, loc: Loc, message: str) -> str:
        """A problem at a place in this file, as ``path:line: message``."""
        return f"{display(self.path)}:{self.line(loc)}: {message}"

    def validate(self, model: type[M], data: Any, at: Loc, problems: list[str]) -> M | None:
        """Make a model of a part of this file; on failure, add every problem to the list."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for item in error.errors():
                loc = tuple(part for part in item["loc"] if not _is_union_tag(part))
                name = ".".join(str(part) for part in loc)
                message = _plain(item)
                problems.append(self.problem((*at, *loc), f"{name}: {message}" if name else message))
            return None


def read(path: Path) -> YamlFile:
    """Read a YAML file; syntax errors and repeated keys are collected as problems, not raised."""
    result = YamlFile(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        result.problems.append(f"{display(path)}:1: cannot be read: {error}")
        return result
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        result.problems.append(f"{display(path)}:{line}: not valid YAML: {error.problem}")
        return result
    finally:
        loader.dispose()
    if node is not None:
        result.data = _build(node, (), result, loader)
    return result


def display(path: Path) -> str:
    """A path as a person would type it: relative to the working directory where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _build(node: yaml.Node, loc: Loc, result: YamlFile, loader: yaml.SafeLoader | yaml.CSafeLoader) -> Any:
    result._lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(loader, key_node)
            if key in mapping:
                line = key_node.start_mark.line + 1
                result.problems.append(f"{display(result.path)}:{line}: {key!r} is given twice")
            result._lines[(*loc, key)] = key_node.start_mark.line + 1
            mapping[key] = _build(value_node, (*loc, key), result, loader)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*loc, index), result, loader) for index, item in enumerate(node.value)]
    return _scalar(loader, node)


def _scalar(loader: yaml.SafeLoader | yaml.CSafeLoader, node: yaml.Node) -> Any:
    value = loader.construct_object(node, deep=True)
    if isinstance(value, date | datetime):
        return node.value
    return value


def _is_union_tag(part: int | str) -> bool:
    """Whether pydantic added this part of a location to name the branch of a union."""
    return isinstance(part, str) and (
        part in ("CheckEvidence", "DocumentEvidence") or part.startswith("function-")
    )


def _plain(item: Any) -> str:
    kind, message = item["type"], str(item["msg"])
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a known field (misspelt?)"
    if kind == "string_pattern_mismatch":
        return f"{item['input']!r} has not the form {item['ctx']['pattern']}"
    return message.removeprefix("Value error, ").replace("Input should be", "expected")
