"""Every property that a check reads stands in the public definitions of one of its types or entities."""

from __future__ import annotations

import re

import pytest

from tests.shared import REFERENCE, needs_reference
from ztkit.content.definitions import Definitions, exceptions
from ztkit.content.kql import tokenize
from ztkit.content.kql_paths import paths_read
from ztkit.content.library import shipped_library
from ztkit.content.tables import entities
from ztkit.errors import UsageError

pytestmark = needs_reference
CHECKS = tuple(shipped_library().checks.values())
BEYOND = [(entity, item) for entity in entities().values() for item in entity.beyond]


@pytest.fixture(scope="module")
def definitions():
    return Definitions(REFERENCE)


@pytest.mark.parametrize("check", CHECKS, ids=lambda item: item.id)
def test_every_property_exists(check, definitions):
    assert not list(definitions.problems(check))


def paths(check):
    return {path for read in paths_read(tokenize(check.query)) for path in read.candidates}


@pytest.mark.parametrize("entry", exceptions(), ids=lambda item: f"{item.type} {item.path}")
def test_every_exception_has_a_reason_and_is_needed(entry, definitions):
    assert len(entry.reason) > 20
    used = [
        path
        for check in CHECKS
        if entry.type in check.resource_types
        for path in paths(check)
        if re.fullmatch(entry.path, path)
        and not any(definitions.is_defined_in_arm(kind, path) for kind in check.resource_types)
    ]
    assert used, "no check needs this exception any more"


@pytest.mark.parametrize(("entity", "item"), BEYOND, ids=[f"{e.id} {i.path}" for e, i in BEYOND])
def test_every_property_beyond_a_definition_has_a_reason_and_is_needed(entity, item, definitions):
    assert len(item.reason) > 20
    used = [
        path
        for check in CHECKS
        if entity.id in check.resource_types
        for path in paths(check)
        if re.fullmatch(item.path, path.removeprefix("properties."))
        and not definitions.is_defined_in_graph(entity.id, path)
    ]
    assert used, "no check needs it any more"


@pytest.mark.parametrize("entity", entities().values(), ids=lambda item: item.id)
def test_every_entity_is_defined_and_read(entity, definitions):
    for name in (entity.id, *entity.derived):
        assert definitions.is_defined_in_graph(name, "properties.id"), f"{name} has no definition"
    assert any(entity.id in check.resource_types for check in CHECKS), "no check reads it"


def test_a_wrong_name_would_be_found(definitions):
    storage = "microsoft.storage/storageaccounts"
    assert definitions.is_defined_in_arm(storage, "properties.supportsHttpsTrafficOnly")
    assert not definitions.is_defined_in_arm(storage, "properties.supportsHttpTrafficOnly")
    assert not definitions.is_defined_in_arm(storage, "properties.networkAcls.defaultAktion")
    policy = "conditionalAccessPolicy"
    assert definitions.is_defined_in_graph(policy, "properties.conditions.clientAppTypes")
    assert not definitions.is_defined_in_graph(policy, "properties.conditions.clientAppKinds")


def test_a_folder_without_definitions_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no folder arm"):
        Definitions(tmp_path)
