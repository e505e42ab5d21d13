"""The demo estate and the check library: every check has something to pass and something to fail."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import lru_cache

import pyarrow.parquet as pq
import pytest

from tests.shared import REFERENCE, needs_reference
from ztkit.assess.evaluate import evaluate
from ztkit.collect import demo
from ztkit.collect.snapshot import SnapshotWriter, open_snapshot
from ztkit.content.library import shipped_library
from ztkit.model.engagement import Engagement
from ztkit.model.snapshot import TABLES
from ztkit.workspace import Workspace

CHECKS = tuple(shipped_library().checks.values())
TENANT = [check.id for check in CHECKS if check.source == "microsoft-graph" and check.unit == "tenants"]
ONE_VERDICT_AT_A_TIME = {
    # check: the verdicts (passed, failed) at the first and at the last date, and why it is one row a time
    "identity.sentinel-workspace": "one row for the tenant: no workspace has Sentinel at first, which is skipped, then it passes",
    "identity.no-standing-root-access": "one row for the tenant: it fails until the root assignment is removed in the last quarter",
    "data.purview-account": "one row for the tenant: it fails until the account is made in the third quarter",
    "identity.defender-alerts-forwarded": "without an export a subscription fails at first, and is skipped once Sentinel exists",
}
OUT_OF_SCOPE = {
    "identity.security-defaults-without-conditional-access": "the demo has Conditional Access, which takes their place"
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with the default estate at the first and the last date."""
    result = Workspace.create(
        tmp_path_factory.mktemp("demo") / "w", Engagement(organisation=demo.ORGANISATION)
    )
    for quarter in (0, 3):
        at = demo.DATES[quarter]
        with SnapshotWriter(result, at, at) as writer:
            demo.write_estate(writer, quarter=quarter)
            writer.finish(source="demo", origin=("demo",), known={})
    return result


def runs(workspace, number, checks):
    manifest = workspace.manifest(workspace.snapshots()[number])
    with open_snapshot(workspace, manifest.id) as inventory:
        return {run.check: run for run in evaluate(checks, inventory, manifest.taken, lambda *_: None)}


@pytest.fixture(scope="module")
def last(workspace):
    return runs(workspace, -1, CHECKS)


@pytest.fixture(scope="module")
def first(workspace):
    return runs(workspace, 0, [check for check in CHECKS if check.id in ONE_VERDICT_AT_A_TIME])


@pytest.mark.parametrize("check", CHECKS, ids=lambda item: item.id)
def test_every_check_runs_and_passes_some_and_fails_some(check, last):
    run = last[check.id]
    assert run.outcome == "ok", run.reason
    if check.id in TENANT:
        assert run.passed + run.failed or check.id in OUT_OF_SCOPE, "the tenant is skipped"
    elif check.id not in ONE_VERDICT_AT_A_TIME:
        assert run.passed, "nothing passes"
        assert run.failed, "nothing fails"


def test_some_settings_of_the_tenant_pass_and_some_fail(last):
    passing = sum(bool(last[check].passed) for check in TENANT)
    assert len(TENANT) / 4 < passing < len(TENANT) * 3 / 4


@pytest.mark.parametrize("check_id", ONE_VERDICT_AT_A_TIME)
def test_where_one_verdict_is_shown_at_a_time_it_changes(check_id, first, last):
    before, after = first[check_id], last[check_id]
    assert (bool(before.passed), bool(before.failed)) != (bool(after.passed), bool(after.failed))
    assert after.passed


NOT_DEFINED = {
    # types that Resource Graph has and the definitions do not: their shape is that of documented samples
    "microsoft.classicnetwork/virtualnetworks",
    "microsoft.classicstorage/storageaccounts",
    "microsoft.authorization/classicadministrators",
    "microsoft.compute/virtualmachines/patchassessmentresults",
    "microsoft.hybridcompute/machines/patchassessmentresults",
    "microsoft.iotsecurity/locations/sites/sensors",
    "microsoft.managedservices/registrationassignments",
    "microsoft.managedservices/registrationdefinitions",
    "microsoft.policyinsights/componentpolicystates",
    "microsoft.policyinsights/policystates",
    "microsoft.resources/subscriptions",
    "microsoft.resources/subscriptions/resourcegroups",
    "microsoft.security/assessments/subassessments",
    "microsoft.security/attackpaths",
    "microsoft.security/automations",
    "microsoft.security/locations/alerts",
    "microsoft.security/regulatorycompliancestandards",
    "microsoft.security/regulatorycompliancestandards/regulatorycompliancecontrols",
    "microsoft.security/securescores",
}
EXCEPTIONS = (
    # type, path, reason
    ("microsoft.compute/virtualmachines", r"properties\.extended\..*", "Resource Graph adds the power state"),
    (
        "microsoft.compute/virtualmachines",
        r"properties\.hardwareProfile\.vmSize",
        "the definitions list old sizes only",
    ),
    (
        "microsoft.compute/virtualmachinescalesets",
        r"properties\.virtualMachineProfile\..*\.subnet\.id",
        "cut off at this depth",
    ),
    ("microsoft.kusto/clusters", r"sku\.name", "the definitions list old sizes only"),
    (
        "microsoft.network/firewallpolicies/rulecollectiongroups",
        r"properties\.ruleCollections\[\]\..*",
        "the definitions merge the two kinds of collection",
    ),
    ("microsoft.operationsmanagement/solutions", r"properties\.creationTime", "recorded objects have it"),
    (
        "microsoft.security/assessments",
        r"properties\.resourceDetails\.(Id|Source)",
        "Resource Graph begins these with a capital",
    ),
    ("microsoft.web/sites", r"properties\.siteProperties\..*", "recorded objects have it"),
    (
        "microsoft.web/sites",
        r"properties\.vnetRouteAllEnabled",
        "an earlier API version, which checks read too",
    ),
    ("microsoft.web/sites/config", r"properties\..*", "appserviceresources begins these with a capital"),
)


@lru_cache(maxsize=128)
def definitions(namespace):
    path = REFERENCE / "arm" / f"{namespace}.tsv"
    types = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                types.setdefault(row["type"].lower(), {})[row["path"]] = row["kind"]
    return types


def leaves(value, path):
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from leaves(entry, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for entry in value:
            yield from leaves(entry, f"{path}[]")
    else:
        yield path, value


def kind_of(known, path):
    """The kind of a path, or of the free-form object that it lies in."""
    if path in known:
        return known[path]
    parts = path.split(".")
    spans = [(start, end) for start in range(1, len(parts)) for end in range(start, len(parts))]
    starred = [
        ".".join([*parts[:start], "*", *parts[end + 1 :]]) for start, end in spans
    ]  # a key may hold dots
    kinds = sorted({known[item] for item in starred if item in known}, key=lambda kind: kind == "object")
    above = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
    if not kinds or kinds[0] == "object":
        kinds = ["any"] if above and kind_of(known, above) == "any" else kinds
    return kinds[0] if kinds else None


def fits(kind, value):
    """Whether a value is of a kind of the definitions, one of its values where it names them."""
    name, _, values = kind.partition(":")
    if name == "string":
        return isinstance(value, str) and (not values or value in values.split("|"))
    wanted = {"bool": bool, "int": (int, float), "array": list, "object": dict}.get(name)
    return wanted is None or isinstance(value, wanted)


@needs_reference
def test_objects_have_the_shape_of_the_resource_managers_definitions(workspace):
    folder = workspace.snapshot_folder(workspace.snapshots()[-1])
    wrong, undefined, seen = Counter(), set(), set()
    for file in sorted(file for file in folder.glob("*.parquet") if file.stem in TABLES):
        for row in pq.read_table(file).to_pylist():
            seen.add(row["type"])
            known = definitions(row["type"].split("/")[0]).get(row["type"])
            if known is None:
                undefined.add(row["type"])
                continue
            for column in ("properties", "sku", "identity", "plan"):
                for path, value in leaves(json.loads(row[column] or "{}"), column):
                    kind = kind_of(known, path)
                    if path != column and (kind is None or not fits(kind, value)):
                        wrong[row["type"], path, str(value)[:60] if kind else "no such path"] += 1
    unexcused = {
        key for key in wrong if not any(key[0] == t and re.fullmatch(p, key[1]) for t, p, _ in EXCEPTIONS)
    }
    assert not unexcused
    assert undefined == NOT_DEFINED & seen
    assert seen >= NOT_DEFINED, "an exception that nothing needs"
    used = {(t, p) for t, p, _ in EXCEPTIONS if any(key[0] == t and re.fullmatch(p, key[1]) for key in wrong)}
    assert used == {(t, p) for t, p, _ in EXCEPTIONS}, "an exception that nothing needs"
