"""Everything that people can export, and everything that can be wrong with it."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ztkit.collect.importers import import_files, table_of
from ztkit.collect.inventory_files import read_rows
from ztkit.collect.snapshot import open_snapshot
from ztkit.errors import InputError, SnapshotError
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"


def row(name="st-a", kind="Microsoft.Storage/storageAccounts", **changes):
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "tenantId": "00000000-0000-0000-0000-000000000001",
        "kind": "StorageV2",
        "location": "WestEurope",
        "resourceGroup": "RG",
        "subscriptionId": SUBSCRIPTION,
        "managedBy": "",
        "sku": {"name": "Standard_LRS"},
        "plan": None,
        "properties": {"supportsHttpsTrafficOnly": False, "empty": None, "ipRules": [{"value": "1.2.3.4"}]},
        "tags": {"owner": "Web"},
        "identity": None,
        "zones": ["1"],
        "extendedLocation": None,
        **changes,
    }


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w", Engagement(organisation="Test"))


def load(workspace, *paths, **options):
    return import_files(workspace, paths, taken=NOW, written=NOW, **options)


def stored(workspace, manifest, table="resources"):
    with open_snapshot(workspace, manifest.id) as inventory:
        rows = inventory.run(f"{table} | order by id asc", NOW).to_pylist()
    return rows


def write(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def as_csv(rows, delimiter=","):
    from io import StringIO

    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    for item in rows:
        writer.writerow(
            {
                k: json.dumps(v) if isinstance(v, dict | list) else "" if v is None else v
                for k, v in item.items()
            }
        )
    return out.getvalue()


ROWS = [row("st-a"), row("st-b", properties={"text": 'a "quoted", comma; and\nnew line — é'})]
FORMS = {
    "lines.jsonl": "\n".join(json.dumps(item) for item in ROWS) + "\n",
    "array.json": json.dumps(ROWS, indent=2),
    "az.json": json.dumps({"count": 2, "data": ROWS, "skip_token": None, "total_records": 2}, indent=2),
    "rest.json": json.dumps({"totalRecords": 2, "count": 2, "resultTruncated": "false", "data": ROWS}),
    "table.json": json.dumps(
        {
            "totalRecords": 2,
            "data": {
                "columns": [{"name": key} for key in ROWS[0]],
                "rows": [list(item.values()) for item in ROWS],
            },
        }
    ),
    "powershell.json": json.dumps([{**item, "ResourceId": item["id"]} for item in ROWS], indent=4),
    "response-object.json": json.dumps({"SkipToken": None, "Data": ROWS, "Count": 2}),
    "several.json": "\n".join(
        json.dumps({"count": 1, "data": [item], "total_records": 2}, indent=2) for item in ROWS
    ),
    "explorer.csv": as_csv(ROWS),
    "semicolons.csv": as_csv(ROWS, ";"),
    "capitals.csv": as_csv([{key.upper(): value for key, value in item.items()} for item in ROWS]),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_form_gives_the_same_rows(workspace, tmp_path, name, encoding):
    manifest = load(workspace, write(tmp_path, name, FORMS[name], encoding))
    reference = load(workspace, write(tmp_path, "reference.jsonl", FORMS["lines.jsonl"]))
    assert stored(workspace, manifest) == stored(workspace, reference)
    assert [(item.name, item.rows, item.status) for item in manifest.tables] == [("resources", 2, "complete")]


def test_one_object_alone_is_a_row(workspace, tmp_path):
    manifest = load(workspace, write(tmp_path, "one.json", json.dumps(row(), indent=2)))
    assert manifest.tables[0].rows == 1


def test_rows_take_their_canonical_form(workspace, tmp_path):
    manifest = load(workspace, write(tmp_path, "r.json", json.dumps([row()])))
    found = stored(workspace, manifest)[0]
    assert (found["type"], found["location"], found["resourceGroup"]) == (
        "microsoft.storage/storageaccounts",
        "westeurope",
        "rg",
    )
    assert found["id"].endswith("Microsoft.Storage/storageAccounts/st-a")
    assert json.loads(found["properties"]) == {
        "supportsHttpsTrafficOnly": False,
        "ipRules": [{"value": "1.2.3.4"}],
    }
    assert found["plan"] is None


def test_many_files_and_folders_become_one_snapshot(workspace, tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    write(folder, "a.json", json.dumps([row("st-a")]))
    write(folder, "b.csv", as_csv([row("st-b")]))
    other = write(
        tmp_path, "policies.json", json.dumps([row("p", "Microsoft.Authorization/policyAssignments")])
    )
    manifest = load(workspace, folder, other)
    assert {item.name: item.rows for item in manifest.tables} == {"policyresources": 1, "resources": 2}
    assert manifest.origin == ("a.json", "b.csv", "policies.json")
    assert manifest.scope.subscriptions == (SUBSCRIPTION,)


def test_a_resource_read_twice_is_there_once_and_the_manifest_says_so(workspace, tmp_path):
    again = row("ST-A", id=row("st-a")["id"].upper(), location="northeurope")
    manifest = load(workspace, write(tmp_path, "r.json", json.dumps([row("st-a"), again])))
    assert stored(workspace, manifest)[0]["location"] == "northeurope"
    assert manifest.tables[0].rows == 1
    assert "1 rows had the id of another row" in manifest.notes[0]


def test_the_table_comes_from_the_row_then_the_type_and_can_be_given(workspace, tmp_path):
    named = write(tmp_path, "named.json", json.dumps([{**row(), "table": "AdvisorResources"}]))
    assert load(workspace, named).tables[0].name == "advisorresources"
    given = write(tmp_path, "given.json", json.dumps([row()]))
    assert load(workspace, given, table="SecurityResources").tables[0].name == "securityresources"


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("Microsoft.Compute/virtualMachines", "resources"),
        ("microsoft.resources/subscriptions/resourcegroups", "resourcecontainers"),
        ("Microsoft.Management/managementGroups", "resourcecontainers"),
        ("microsoft.security/pricings", "securityresources"),
        ("microsoft.security/automations", "resources"),
        ("microsoft.authorization/roleassignments", "authorizationresources"),
        ("microsoft.policyinsights/policystates", "policyresources"),
        ("microsoft.compute/virtualmachines/patchassessmentresults", "patchassessmentresources"),
        ("microsoft.web/sites/config", "appserviceresources"),
    ],
)
def test_the_table_of_a_type(kind, table):
    assert table_of(kind) == table


def test_fewer_rows_than_the_service_counted_make_the_table_partial(workspace, tmp_path):
    page = {"count": 1, "data": [row()], "skip_token": "ew0K", "total_records": 663}
    table = load(workspace, write(tmp_path, "az.json", json.dumps(page))).tables[0]
    assert (table.status, table.rows, table.expected, table.reason) == ("partial", 1, 663, "1 of 663 rows")


def test_all_pages_of_a_query_make_the_table_complete(workspace, tmp_path):
    pages = [
        write(tmp_path, f"{n}.json", json.dumps({"data": [row(f"st-{n}")], "total_records": 3}))
        for n in range(3)
    ]
    assert load(workspace, *pages).tables[0].status == "complete"


def test_a_file_that_ends_where_exports_stop_is_partial_until_somebody_vouches(workspace, tmp_path):
    path = write(tmp_path, "r.json", json.dumps([row(f"st-{n}") for n in range(100)]))
    table = load(workspace, path).tables[0]
    assert table.status == "partial"
    assert "exactly 100 rows" in table.reason
    assert load(workspace, path, vouched_complete=True).tables[0].status == "complete"


def test_a_column_that_some_rows_lack_is_noted(workspace, tmp_path):
    slim = {key: value for key, value in row().items() if key != "identity"}
    manifest = load(workspace, write(tmp_path, "r.json", json.dumps([slim])))
    assert "identity" in manifest.notes[0]


CSV_HEAD = "id,name,type,properties\n"
BAD = {
    "empty.json": ("  \n", 1, "the file is empty"),
    "prose.txt": ("Hello\nthere", 1, "neither JSON nor a CSV"),
    "cut-off.json": ('[\n{"id": "a", "type": "t", "properties": {}},\n', 1, "is not closed"),
    "cut-in-row.json": ('[\n{"id": "a", "type": "t", "properties": {}},\n{"id": "b", ', 3, "not valid JSON"),
    "bad-line.jsonl": ('{"id": "a", "type": "t", "properties": {}}\n{"id": b}\n', 2, "not valid JSON"),
    "numbers.json": ("[\n1,\n2]", 2, "found a number"),
    "no-id.json": ('[\n{"name": "a", "type": "t", "properties": {}}]', 2, "has no `id`"),
    "null-id.json": ('[{"id": null, "type": "t", "properties": {}}]', 1, "has no `id`"),
    "no-type.json": ('[{"id": "a", "properties": {}}]', 1, "has no `type`"),
    "projected.json": ('[{"id": "a", "type": "t", "name": "n"}]', 1, "has no `properties`"),
    "properties-text.json": (
        '[{"id": "a", "type": "t", "properties": "yes"}]',
        1,
        "`properties` is a text, expected an object",
    ),
    "depth.json": (
        '[{"id": "a", "type": "t", "properties": {"acls": "@{bypass=AzureServices; rules=}"}}]',
        1,
        "-Depth 100",
    ),
    "depth-list.json": (
        '[{"id": "a", "type": "t", "properties": {"rules": ["System.Object[]"]}}]',
        1,
        "-Depth 100",
    ),
    "data-text.json": ('{"data": "none", "count": 0}', 1, "`data` is a text"),
    "bad-cell.csv": (
        CSV_HEAD + 'a,n,t,"{""x"": 1}"\nb,n,t,"{""x"": "\n',
        3,
        "`properties` is not valid JSON",
    ),
    "short-row.csv": (CSV_HEAD + "a,n\n", 2, "another number of values"),
    "open-quote.csv": (CSV_HEAD + 'a,n,t,"{}\n', 2, "not valid CSV"),
    "no-columns.csv": ("name,location\nx,y\n", 1, "neither JSON nor a CSV"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_names_file_line_and_what_was_expected_and_leaves_nothing(workspace, tmp_path, name):
    text, line, message = BAD[name]
    good = write(tmp_path, "good.json", json.dumps([row()]))
    path = write(tmp_path, name, text)
    with pytest.raises(InputError) as problem:
        load(workspace, good, path)
    assert f"{name}:{line}:" in str(problem.value)
    assert message in str(problem.value)
    assert workspace.snapshots() == []
    assert list((workspace.root / "snapshots").iterdir()) == []


def test_a_spreadsheet_that_cut_a_cell_is_named(workspace, tmp_path):
    cell = json.dumps({"x": "y" * 40_000})[:32_767].replace('"', '""')
    with pytest.raises(InputError, match="a spreadsheet saved this file"):
        load(workspace, write(tmp_path, "excel.csv", f'{CSV_HEAD}a,n,t,"{cell}"\n'))


def test_bytes_that_are_no_text_are_named(workspace, tmp_path):
    path = tmp_path / "binary.json"
    path.write_bytes(b'[\n{"id": "\xff\xfe"}]')
    with pytest.raises(InputError, match=r"binary.json:2: not text"):
        load(workspace, path)


def test_missing_files_and_empty_folders_are_named(workspace, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load(workspace, tmp_path / "missing.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file in it"):
        load(workspace, tmp_path / "empty")


def test_an_unknown_table_is_named(workspace, tmp_path):
    path = write(tmp_path, "r.json", json.dumps([{**row(), "table": "elsewhere"}]))
    with pytest.raises(InputError, match=r"r.json:1: there is no table 'elsewhere'"):
        load(workspace, path)


def test_a_snapshot_that_was_altered_is_refused(workspace, tmp_path):
    manifest = load(workspace, write(tmp_path, "r.json", json.dumps([row()])))
    path = workspace.snapshot_folder(manifest.id) / "resources.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(SnapshotError, match="altered"):
        open_snapshot(workspace, manifest.id)
    path.unlink()
    with pytest.raises(SnapshotError, match="missing"):
        open_snapshot(workspace, manifest.id)


def test_the_same_input_gives_the_same_bytes(workspace, tmp_path):
    path = write(tmp_path, "r.json", json.dumps([row(f"st-{n}") for n in range(50)]))
    first, second = load(workspace, path), load(workspace, path)
    assert [table.sha256 for table in first.tables] == [table.sha256 for table in second.tables]


def test_files_are_readable_by_their_owner_only(workspace, tmp_path):
    manifest = load(workspace, write(tmp_path, "r.json", json.dumps([row()])))
    folder = workspace.snapshot_folder(manifest.id)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=200))
@example('"')
@example('id,type\n"')
def test_whatever_text_is_imported_the_answer_is_rows_or_an_error_with_its_place(tmp_path, text):
    path = write(tmp_path, "any.json", text.encode("utf-8", "replace").decode())
    try:
        rows = list(read_rows(path))
    except InputError as problem:
        assert "any.json:" in str(problem)
    else:
        assert all(item.row["id"] and item.row["type"] for item in rows)


TENANT = "00000000-0000-0000-0000-0000000000ff"
GRAPH = "https://graph.microsoft.com/v1.0/$metadata#"
ORGANISATION = {"@odata.context": GRAPH + "organization", "value": [{"id": TENANT, "displayName": "Contoso"}]}
POLICY = {"id": "p-1", "displayName": "Require MFA", "state": "enabled", "grantControls": None}


def answer(path, *objects, **more):
    return json.dumps({"@odata.context": GRAPH + path, "value": list(objects), **more})


def test_answers_of_microsoft_graph_become_tables_of_their_entities(workspace, tmp_path):
    files = [
        write(tmp_path, "a.json", answer("identity/conditionalAccess/policies", POLICY)),
        write(tmp_path, "b.json", json.dumps(ORGANISATION)),
        write(
            tmp_path,
            "c.json",
            answer(
                "deviceManagement/deviceCompliancePolicies(assignments())",
                {"@odata.type": "#microsoft.graph.iosCompliancePolicy", "id": "c-1", "displayName": "iOS"},
            ),
        ),
        write(
            tmp_path,
            "d.json",
            json.dumps(
                {
                    "@odata.context": GRAPH + "policies/authorizationPolicy/$entity",
                    "id": "x",
                    "allowInvitesFrom": "none",
                }
            ),
        ),
        write(
            tmp_path,
            "e.json",
            json.dumps(
                {
                    "@odata.context": GRAPH + "policies/crossTenantAccessPolicy/default",
                    "isServiceDefault": True,
                }
            ),
        ),
    ]
    manifest = load(workspace, *files)
    assert manifest.scope.tenants == (TENANT,)
    assert {table.name: table.status for table in manifest.tables} == dict.fromkeys(
        (
            "authorizationPolicy",
            "conditionalAccessPolicy",
            "crossTenantAccessPolicyConfigurationDefault",
            "deviceCompliancePolicy",
            "organization",
        ),
        "complete",
    )
    assert stored(workspace, manifest, "conditionalAccessPolicy") == [
        {
            "id": "p-1",
            "displayName": "Require MFA",
            "type": "conditionalaccesspolicy",
            "tenantId": TENANT,
            "properties": '{"state":"enabled"}',
        }
    ]
    assert stored(workspace, manifest, "deviceCompliancePolicy")[0]["type"] == "ioscompliancepolicy"
    assert stored(workspace, manifest, "crossTenantAccessPolicyConfigurationDefault")[0]["id"].startswith(
        "crossTenant"
    )


def test_an_answer_with_a_next_page_is_partial(workspace, tmp_path):
    more = {"@odata.nextLink": "https://graph.microsoft.com/v1.0/users?$skiptoken=x"}
    file = write(
        tmp_path, "u.json", answer("users(id,displayName)", {"id": "u-1", "displayName": "User"}, **more)
    )
    other = write(tmp_path, "o.json", json.dumps(ORGANISATION))
    table = next(item for item in load(workspace, file, other).tables if item.name == "user")
    assert (table.status, table.rows, table.expected) == ("partial", 1, 2)


def test_objects_without_context_are_taken_with_their_entity(workspace, tmp_path):
    whole = {
        "table": "organization",
        "id": TENANT,
        "displayName": "Contoso",
        "properties": {"tenantType": "AAD"},
    }
    first = write(tmp_path, "o.jsonl", json.dumps(whole))
    second = write(tmp_path, "p.jsonl", json.dumps({"table": "conditionalaccesspolicy", **POLICY}))
    manifest = load(workspace, first, second)
    assert stored(workspace, manifest, "organization")[0]["properties"] == '{"tenantType":"AAD"}'
    assert stored(workspace, manifest, "conditionalAccessPolicy")[0]["tenantId"] == TENANT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            answer("identity/conditionalAccess/policies", POLICY),
            "Of which tenant are the objects of conditionalAccess",
        ),
        (answer("me/messages", {"id": "m"}), "is nothing that a check reads"),
        (answer("organization", {"displayName": "Contoso"}), "the object has no `id`"),
        (answer("organization", {"id": "a", "x": {"y": "System.Object[]"}}), "PowerShell cut it off"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(workspace, tmp_path, text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        load(workspace, write(tmp_path, "x.json", text))
    assert workspace.snapshots() == []
