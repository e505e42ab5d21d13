"""What the demo says that Microsoft Graph knows: objects of the entities' shape, the same each time."""

from __future__ import annotations

import pytest

from tests.shared import REFERENCE, needs_reference
from ztkit.collect import demo
from ztkit.collect.demo import graph
from ztkit.content.definitions import Definitions
from ztkit.content.tables import entities


def found(quarter, seed=1):
    return list(graph.objects(demo._scene(2_000, seed, quarter)))


@pytest.fixture(scope="module")
def last():
    return found(3)


def test_every_entity_that_checks_read_has_objects(last):
    assert {item.table for item in last} == set(entities())


def test_ids_are_of_one_object_each(last):
    ids = [(item.table, item.id.lower()) for item in last]
    assert len(set(ids)) == len(ids)
    assert all(item.id for item in last)


def test_the_same_seed_gives_the_same_objects():
    assert found(1) == found(1)
    assert found(1) != found(2)


def leaves(value, path):
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from leaves(entry, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for entry in value:
            yield from leaves(entry, f"{path}[]")
    elif value not in ({}, [], None):
        yield path


@needs_reference
@pytest.mark.parametrize("quarter", range(4))
def test_objects_have_the_shape_of_the_public_definitions(quarter):
    definitions = Definitions(REFERENCE)
    wrong = set()
    for item in found(quarter):
        entity = entities()[item.table]
        assert not item.type or item.type in entity.derived or item.type == item.table, item.type
        for path in leaves(item.properties, "properties"):
            if not definitions.knows_entity_path(item.table, path) and "@odata" not in path:
                wrong.add((item.table, path))
    assert not wrong
