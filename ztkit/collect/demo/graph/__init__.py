"""What Microsoft Graph knows of the demo organisation: objects of its entities at one of the dates."""

from __future__ import annotations

from collections.abc import Iterator

from ztkit.collect.demo.estate import Scene
from ztkit.collect.demo.graph import access, applications, devices, people
from ztkit.collect.demo.graph.objects import Object

__all__ = ["objects"]


def objects(scene: Scene) -> Iterator[Object]:
    """Every object, each of the table that it names."""
    for area in (access, people, applications, devices):
        yield from area.objects(scene)
