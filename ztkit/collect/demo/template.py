"""Templates of inventory objects: plain JSON shapes, with the few places that differ between resources.

A template is written as the JSON that Azure returns. Where a value depends on the resource, a node stands
in its place; `compile_template` turns the whole into a function that writes canonical JSON text directly.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from ztkit.collect.demo.estate import Kind, Resource, Scene

ABSENT: Final = object()
"""A member that the object does not have."""

Rates: TypeAlias = tuple[float, float, float, float]
"""Percent of resources that get something wrong, at each of the four dates, where care is average."""


@dataclass(frozen=True)
class Feature:
    """Something that a resource has right or wrong; which ones do is stable, how many changes by quarter."""

    name: str
    rates: Rates


@dataclass(frozen=True)
class Text:
    """A string with values of the resource, such as ``{r.name}`` or ``{r.place.location}``."""

    pattern: str


@dataclass(frozen=True)
class Switch:
    """One of two templates, by whether the resource has a feature right."""

    feature: Feature
    right: Any
    wrong: Any


@dataclass(frozen=True)
class If:
    """One of two templates, by what is known of the resource."""

    true: Callable[[Scene, Resource], bool] = field(repr=False)
    then: Any
    otherwise: Any = ABSENT


@dataclass(frozen=True)
class Pick:
    """One of several templates, always the same for a resource; ``key`` names the choice."""

    key: str
    options: tuple[Any, ...]


@dataclass(frozen=True)
class Ago:
    """A moment some days before the snapshot: between two bounds, by resource."""

    days: float
    most: float | None = None
    key: str = ""


@dataclass(frozen=True)
class Since:
    """A moment some days before the first snapshot, the same at every date: when something was made."""

    key: str
    least: int
    most: int


@dataclass(frozen=True)
class Id:
    """The id of a resource that follows this one, such as the network interface of a machine."""

    kind: Callable[[], Kind]
    index: int = 0
    suffix: str = ""


@dataclass(frozen=True)
class Made:
    """A template that a function makes for the resource: for what no other node can say."""

    make: Callable[[Scene, Resource], str] = field(repr=False)
    """Returns JSON text; empty for a member that is absent."""


Part: TypeAlias = "str | Callable[[Resource], str]"
"""JSON text, or a function that writes it; empty text is an absent member."""


def dumps(value: Any) -> str:
    """JSON in the form that inventory rows have."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def compile_template(node: Any, scene: Scene) -> Part:
    """Turn a template into JSON text, or into a function from a resource to JSON text.

    Args:
        node: a template: JSON values and the nodes of this module.
        scene: the estate at one of its dates.
    """
    if node is ABSENT:
        return ""
    if isinstance(node, dict):
        return _joined("{", [_member(key, compile_template(item, scene)) for key, item in node.items()], "}")
    if isinstance(node, (list, tuple)):
        return _joined("[", [compile_template(item, scene) for item in node], "]")
    compiler = _COMPILERS.get(type(node))
    return compiler(node, scene) if compiler else dumps(node)


def run(part: Part, resource: Resource) -> str:
    """The JSON text of a compiled template for a resource."""
    return part if isinstance(part, str) else part(resource)


def _member(key: str, part: Part) -> Part:
    head = dumps(key) + ":"
    if isinstance(part, str):
        return head + part if part else ""
    write = part

    def member(resource: Resource) -> str:
        text = write(resource)
        return head + text if text else ""

    return member


def _joined(opening: str, parts: list[Part], closing: str) -> Part:
    """Members or items between brackets; neighbours that never change are joined once."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] = ",".join(text for text in (merged[-1], part) if text)
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return opening + ",".join(part for part in merged if isinstance(part, str)) + closing
    writers = [part if callable(part) else _constant(part) for part in merged]

    def write(resource: Resource) -> str:
        return opening + ",".join([text for writer in writers if (text := writer(resource))]) + closing

    return write


def _constant(text: str) -> Callable[[Resource], str]:
    return lambda _: text


def _text(node: Text, scene: Scene) -> Part:
    del scene
    escaped = json.dumps(node.pattern, ensure_ascii=False)
    return lambda resource: escaped.format(r=resource)


def _switch(node: Switch, scene: Scene) -> Part:
    right, wrong = compile_template(node.right, scene), compile_template(node.wrong, scene)
    fails = scene.test(node.feature)
    return lambda resource: run(wrong if fails(resource) else right, resource)


def _if(node: If, scene: Scene) -> Part:
    then, otherwise = compile_template(node.then, scene), compile_template(node.otherwise, scene)
    return lambda resource: run(then if node.true(scene, resource) else otherwise, resource)


def _pick(node: Pick, scene: Scene) -> Part:
    options = [compile_template(option, scene) for option in node.options]
    draw, count = scene.draw(node.key), len(options)
    return lambda resource: run(options[int(draw(resource.ordinal) * count)], resource)


def _ago(node: Ago, scene: Scene) -> Part:
    if node.most is None:
        return dumps(scene.moment(node.days))
    draw, span = scene.draw(node.key), node.most - node.days
    return lambda resource: f'"{scene.moment(node.days + span * draw(resource.ordinal))}"'


def _since(node: Since, scene: Scene) -> Part:
    draw, span = scene.draw(node.key), node.most - node.least
    return lambda resource: f'"{scene.founded(node.least + span * draw(resource.ordinal))}"'


def _id(node: Id, scene: Scene) -> Part:
    kind = node.kind()
    return lambda resource: f'"{scene.follower(kind, resource, node.index).id}{node.suffix}"'


def _made(node: Made, scene: Scene) -> Part:
    return lambda resource: node.make(scene, resource)


_COMPILERS: Final[dict[type, Callable[[Any, Scene], Part]]] = {
    Text: _text,
    Switch: _switch,
    If: _if,
    Pick: _pick,
    Ago: _ago,
    Since: _since,
    Id: _id,
    Made: _made,
}
