"""Every property that a check reads stands in the public ARM definitions of one of its types.

The definitions are read where they lie. What they cannot say is listed in ``arm-exceptions.yaml``, each with
its reason.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from tests.shared import REFERENCE, needs_reference
from ztkit.content.kql import tokenize
from ztkit.content.kql_paths import paths_read
from ztkit.content.library import shipped_library
from ztkit.model.check import Check

pytestmark = needs_reference
EXCEPTIONS = yaml.safe_load((Path(__file__).parent / "arm-exceptions.yaml").read_text(encoding="utf-8"))
CHECKS = [item for item in shipped_library().checks.values() if item.source == "resource-graph"]


@lru_cache(maxsize=128)
def definitions(namespace: str) -> dict[str, dict[str, str]]:
    """Paths and kinds of every type of a namespace, by lower-case type."""
    path = REFERENCE / "arm" / f"{namespace}.tsv"
    types: dict[str, dict[str, str]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                types.setdefault(row["type"].lower(), {})[row["path"]] = row["kind"]
    return types


def is_defined(kind: str, path: str) -> bool:
    """Whether a type has a path, directly or below a free-form object."""
    known = definitions(kind.split("/")[0]).get(kind, {})
    if path in known or path.startswith("tags"):
        return True
    parts = re.findall(r"\[\]|\.?[^.\[]+", path)
    for length in range(1, len(parts)):
        prefix = "".join(parts[:length])
        if known.get(prefix) == "any" or f"{prefix}.*" in known or known.get(prefix + "[]") == "any":
            return True
    return False


def is_excepted(check: Check, path: str) -> bool:
    return any(
        entry["type"] in check.resource_types and re.fullmatch(entry["path"], path) for entry in EXCEPTIONS
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda item: item.id)
def test_every_property_exists(check):
    missing = []
    for read in paths_read(tokenize(check.query)):
        if not read.candidates:
            missing.append(f"line {read.line}: {read.text}: starts from a name that is made from no column")
        elif not any(
            is_defined(kind, path) or is_excepted(check, path)
            for path in read.candidates
            for kind in check.resource_types
        ):
            missing.append(f"line {read.line}: {read.text}, read as {' or '.join(sorted(read.candidates))}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("entry", EXCEPTIONS, ids=lambda item: f"{item['type']} {item['path']}")
def test_every_exception_has_a_reason_and_is_needed(entry):
    assert len(entry["reason"]) > 20
    used = [
        path
        for check in CHECKS
        if entry["type"] in check.resource_types
        for read in paths_read(tokenize(check.query))
        for path in read.candidates
        if re.fullmatch(entry["path"], path)
        and not any(is_defined(kind, path) for kind in check.resource_types)
    ]
    assert used, "no check needs this exception any more"


def test_a_wrong_name_would_be_found():
    assert is_defined("microsoft.storage/storageaccounts", "properties.supportsHttpsTrafficOnly")
    assert not is_defined("microsoft.storage/storageaccounts", "properties.supportsHttpTrafficOnly")
    assert not is_defined("microsoft.storage/storageaccounts", "properties.networkAcls.defaultAktion")
