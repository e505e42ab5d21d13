"""What collection scripts leave, as it is imported: pages and notes, zip files, and all that can be wrong with them."""

from __future__ import annotations

import json
import random
import zipfile
from datetime import UTC, datetime

import pytest

from ztkit.collect import collected
from ztkit.collect.collected import collected_at
from ztkit.collect.importers import import_files
from ztkit.collect.inventory_files import expand
from ztkit.errors import InputError
from ztkit.model.engagement import Engagement
from ztkit.workspace import Workspace

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
TENANT = "00000000-0000-0000-0000-0000000000aa"
ABOUT = {
    "by": "ztkit 1.0",
    "taken": "2026-01-10T08:00:00Z",
    "tenant": TENANT,
    "scope": {},
    "tables": ["resources"],
}


def row(name, kind="a/b"):
    return {"id": f"/subscriptions/s/{name}", "name": name, "type": kind, "properties": {}}


def page(number, *names, total=None, more=False, table="resources"):
    answer = {"totalRecords": len(names) if total is None else total, "count": len(names)}
    answer["data"] = [row(name) for name in names]
    if more:
        answer["$skipToken"] = "token"
    return {"table": table, "page": number, "answer": answer}


def graph_page(number, *ids, more=False, table="user"):
    answer = {
        "@odata.context": "https://elsewhere/$metadata#something",
        "value": [{"id": name} for name in ids],
    }
    if more:
        answer["@odata.nextLink"] = "https://graph.microsoft.com/v1.0/users?$skiptoken=x"
    return {"table": table, "page": number, "answer": answer}


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w", Engagement(organisation="Test"))


def packed(tmp_path, *documents, name="ztkit.zip", about=ABOUT):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, document in enumerate(documents):
            archive.writestr(f"ztkit/{number}.json", json.dumps(document))
        if about:
            archive.writestr("ztkit/collection.json", json.dumps({"collection": about}))
    return path


def load(workspace, *paths, **options):
    manifest = import_files(workspace, paths, taken=NOW, written=NOW, **options)
    return manifest, {table.name: (table.status, table.rows, table.reason) for table in manifest.tables}


def test_pages_in_any_order_are_complete(workspace, tmp_path):
    path = packed(tmp_path, page(2, "c", total=3), page(1, "a", "b", total=3, more=True))
    manifest, tables = load(workspace, path)
    assert tables == {"resources": ("complete", 3, "")}
    assert manifest.tables[0].expected == 3


def test_a_table_without_rows_is_known_to_have_none(workspace, tmp_path):
    manifest, tables = load(workspace, packed(tmp_path, page(1), graph_page(1)))
    assert tables == {"resources": ("complete", 0, ""), "user": ("complete", 0, "")}
    assert all(table.sha256 for table in manifest.tables)


def test_rows_belong_to_the_table_that_was_asked_whatever_their_type(workspace, tmp_path):
    _, tables = load(workspace, packed(tmp_path, page(1, "a", table="AdvisorResources"), about=None))
    assert tables == {"advisorresources": ("complete", 1, "")}
    _, tables = load(workspace, packed(tmp_path, page(1, "a"), about=None), table="policyresources")
    assert tables == {"resources": ("complete", 1, "")}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([page(1, "a", total=2)], ("partial", 1, "1 of 2 rows")),
        ([page(1, "a", total=1, more=True)], ("partial", 1, "the pages after 1 are missing")),
        ([page(2, "a", total=1)], ("partial", 1, "page 1 is missing")),
        (
            [page(1, "a", total=3, more=True), page(3, "c", total=3)],
            ("partial", 2, "page 2 is missing"),
        ),
        ([page(10**12, "a")], ("partial", 1, "page 1 is missing")),
        ([{"table": "resources", "unreadable": "HTTP 403"}], ("unreadable", 0, "HTTP 403")),
        ([{"table": "resources", "unreadable": ""}], ("unreadable", 0, "no reason given")),
        ([{"table": "resources", "unreadable": "a\x1b[31m\nb\ud800"}], ("unreadable", 0, "a [31m b")),
        (
            [page(1, "a", total=1, more=True), {"table": "resources", "unreadable": "HTTP 500"}],
            ("partial", 1, "read to page 1, then: HTTP 500"),
        ),
        ([], ("unreadable", 0, "it was asked for, and what was sent has nothing on it")),
    ],
)
def test_what_is_missing_is_said(workspace, tmp_path, documents, expected):
    _, tables = load(workspace, packed(tmp_path, *documents, page(1, "x", table="advisorresources")))
    assert tables["resources"] == expected
    _, tables = load(workspace, packed(tmp_path, *documents), vouched_complete=True)
    assert tables["resources"][0] == expected[0], "nobody can vouch for what is known to be missing"


def test_a_tenant_that_changed_between_two_pages_is_held_against_the_larger_count(workspace, tmp_path):
    pages = [page(1, "a", "b", total=3, more=True), page(2, "c", total=4)]
    assert load(workspace, packed(tmp_path, *pages))[1] == {"resources": ("partial", 3, "3 of 4 rows")}
    pages = [page(1, "a", "b", total=4, more=True), page(2, "c", "d", total=3)]
    assert load(workspace, packed(tmp_path, *pages))[1] == {"resources": ("complete", 4, "")}


def test_full_pages_of_a_hundred_or_a_thousand_are_no_sign_of_a_cut(workspace, tmp_path):
    path = packed(tmp_path, page(1, *map(str, range(1000))), graph_page(1, *map(str, range(100))))
    assert {item[:2] for item in load(workspace, path)[1].values()} == {("complete", 1000), ("complete", 100)}


def test_pages_of_microsoft_graph_are_whole_where_the_last_leads_nowhere(workspace, tmp_path):
    whole = [graph_page(1, "a", more=True), graph_page(2, "b", more=True), graph_page(3, "c")]
    assert load(workspace, packed(tmp_path, *whole))[1]["user"] == ("complete", 3, "")
    short = load(workspace, packed(tmp_path, *whole[:2]))[1]["user"]
    assert short == ("partial", 2, "the pages after 2 are missing")


def test_an_entity_of_one_object_is_its_row(workspace, tmp_path):
    answer = {"@odata.context": "x", "id": "authorizationPolicy", "allowInvitesFrom": "none"}
    _, tables = load(
        workspace, packed(tmp_path, {"table": "authorizationPolicy", "page": 1, "answer": answer})
    )
    assert tables["authorizationPolicy"] == ("complete", 1, "")


def test_the_tenant_that_was_read_owns_the_objects_where_organization_could_not_be_read(workspace, tmp_path):
    refused = {"table": "organization", "unreadable": "HTTP 403"}
    manifest, tables = load(workspace, packed(tmp_path, graph_page(1, "a"), refused))
    assert manifest.scope.tenants == (TENANT,)
    assert tables["organization"][0] == "unreadable"


def test_what_was_refused_and_is_brought_in_another_way_counts(workspace, tmp_path):
    refused = {"table": "user", "unreadable": "HTTP 403"}
    answer = {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users",
        "value": [{"id": "a", "displayName": "A"}],
    }
    other = tmp_path / "users.json"
    other.write_text(json.dumps(answer))
    assert load(workspace, packed(tmp_path, refused), other)[1]["user"] == ("complete", 1, "")


def test_two_collections_add_up_and_each_has_to_be_whole(workspace, tmp_path):
    first = packed(
        tmp_path, page(1, "a"), name="one.zip", about={**ABOUT, "scope": {"subscriptions": ["s-1"]}}
    )
    second = packed(tmp_path, page(1, "b"), name="two.zip")
    manifest, tables = load(workspace, first, second)
    assert tables == {"resources": ("complete", 2, "")}
    assert manifest.tables[0].expected == 2
    assert "only in s-1" in manifest.notes[0]
    assert "all that the account could read" in manifest.notes[1]
    third = packed(tmp_path, {"table": "resources", "unreadable": "HTTP 403"}, name="three.zip")
    assert load(workspace, first, third)[1]["resources"] == ("partial", 1, "HTTP 403")


def test_the_oldest_collection_says_when_the_inventory_was_taken(tmp_path):
    packed(tmp_path, name="one.zip")
    packed(tmp_path, name="two.zip", about={**ABOUT, "taken": "2026-01-12T08:00:00"})
    packed(tmp_path, page(1), name="three.zip", about={**ABOUT, "taken": "lately"})
    packed(tmp_path, page(1), name="four.zip", about=None)
    (tmp_path / "five.zip").write_bytes(b"PK")
    assert collected_at(expand([tmp_path])) == datetime(2026, 1, 10, 8, tzinfo=UTC)
    assert collected_at([tmp_path / "two.zip"]) == datetime(2026, 1, 12, 8, tzinfo=UTC)
    assert collected_at([tmp_path / name for name in ("three.zip", "four.zip", "five.zip")]) is None


def test_zip_files_that_people_made_of_other_exports_are_read_too(workspace, tmp_path):
    path = tmp_path / "exports.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/one.JSON", json.dumps([row("a")]))
        archive.writestr("a/two.csv", "id,name,type,properties\nb,b,a/b,{}\n")
        archive.writestr("__MACOSX/a/._one.json", b"\x00\x05\x16\x07")
        archive.writestr("a/._two.csv", b"\x00\x05\x16\x07")
        archive.writestr("../../evil.json", json.dumps([row("c")]))
        archive.writestr("read me.docx", b"\xff")
    manifest, tables = load(workspace, path)
    assert tables == {"resources": ("complete", 3, "")}
    assert manifest.origin == ("exports.zip",)


def test_progress_is_counted_in_bytes_of_the_zip_file(workspace, tmp_path):
    path = packed(tmp_path, page(1, *map(str, range(500))))
    counted = []
    load(workspace, path, progress=lambda _, count: counted.append(count))
    assert 0.5 * path.stat().st_size < sum(counted) <= path.stat().st_size


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"table": "nowhere", "page": 1, "answer": {}}, "there is no table 'nowhere'"),
        ({"table": "nowhere", "unreadable": "x"}, "there is no table 'nowhere'"),
        ({"table": "resources", "page": 0, "answer": {}}, "expected a page with its number"),
        ({"table": "resources", "page": "1", "answer": {}}, "expected a page with its number"),
        ({"table": "resources", "page": 1, "answer": []}, "expected a page with its number"),
        ({"table": "resources", "page": 1, "answer": {"data": []}}, "does not say `totalRecords`"),
        ({"table": "resources", "page": 1, "answer": {"totalRecords": 0, "data": None}}, "holds null"),
        ({"table": "resources", "page": 1, "answer": {"totalRecords": 1, "data": [1]}}, "found a number"),
        ({"table": "user", "page": 1, "answer": {"id": "u-1"}}, "holds null"),
        ({"table": "resources", "page": 1, "answer": {"totalRecords": 1, "data": [{}]}}, "has no `id`"),
    ],
)
def test_a_document_that_is_not_right_is_named_and_nothing_is_kept(workspace, tmp_path, document, message):
    path = packed(tmp_path, page(1, "a"), document)
    with pytest.raises(InputError, match=r"ztkit\.zip/ztkit/1\.json:1: ") as problem:
        load(workspace, path)
    assert message in str(problem.value)
    assert workspace.snapshots() == []


def test_what_is_no_zip_file_is_named(workspace, tmp_path):
    path = tmp_path / "x.zip"
    whole = packed(tmp_path, page(1, "a")).read_bytes()
    for data in (b"", b"PK\x03\x04", whole[: len(whole) // 2], b"<html>"):
        path.write_bytes(data)
        with pytest.raises(InputError, match="not a zip file, or cut off"):
            load(workspace, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("read me.docx", b"")
    with pytest.raises(InputError, match="no file in it ends in"):
        load(workspace, path)


def test_damage_in_a_zip_file_is_always_an_error_with_its_place(workspace, tmp_path):
    whole = packed(tmp_path, page(1, *map(str, range(50))), page(2, *map(str, range(50, 90)))).read_bytes()
    path, chance = tmp_path / "damaged.zip", random.Random(1)  # noqa: S311 - has to be repeatable
    for _ in range(60):
        data = bytearray(whole)
        for place in chance.sample(range(len(data)), 3):
            data[place] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        try:
            load(workspace, path)
        except InputError as problem:
            assert str(path) in str(problem)


def test_a_zip_file_that_unpacks_without_end_is_refused(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(collected, "LARGEST_PART", 1_000)
    with pytest.raises(InputError, match="which no export has"):
        load(workspace, packed(tmp_path, page(1, "a" * 2_000)))
