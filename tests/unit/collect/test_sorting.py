"""Sorting on disk gives what sorting in memory gives, in as many groups as it takes."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ztkit.collect import sorting
from ztkit.collect.sorting import sort_rows
from ztkit.engine.rows import schema_of, to_arrow


@pytest.fixture
def small_groups(monkeypatch):
    monkeypatch.setattr(sorting, "GROUP_ROWS", 4)
    monkeypatch.setattr(sorting, "_BATCH_ROWS", 3)
    monkeypatch.setattr(sorting, "_SAMPLES", 2)


def sort(folder, rows, at_once=2):
    unsorted, final = folder / ".unsorted.parquet", folder / "final.parquet"
    with pq.ParquetWriter(unsorted, schema_of("resources")) as writer:
        for start in range(0, len(rows), at_once):
            writer.write_table(to_arrow(rows[start : start + at_once]))
    contents = sort_rows(unsorted, final)
    assert sorted(path.name for path in folder.iterdir()) == [unsorted.name, final.name]
    return contents, pq.read_table(final).to_pylist()


def row(number, kind="t", **more):
    return {
        "id": f"/{number}",
        "type": kind,
        "name": str(more.get("at", "")),
        "properties": {"n": number},
        **more,
    }


rows = st.lists(
    st.builds(
        lambda id_, kind, tenant: {"id": id_, "type": kind, "tenantId": tenant, "subscriptionId": tenant[:1]},
        st.text("aAbBéÉ/~", min_size=1, max_size=3),
        st.sampled_from(["t", "u", "ü"]),
        st.sampled_from(["", "x1", "y2"]),
    ),
    max_size=40,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(given_rows=rows, at_once=st.integers(1, 9))
def test_any_rows_come_in_order_and_the_last_of_an_id_is_kept(
    small_groups, tmp_path_factory, given_rows, at_once
):
    for number, item in enumerate(given_rows):
        item["name"] = str(number)
    kept = {(item["type"], item["id"].lower()): item for item in given_rows}
    contents, found = sort(tmp_path_factory.mktemp("sorting"), given_rows, at_once)
    assert [(item["type"], item["id"], item["name"]) for item in found] == [
        (item["type"], item["id"], item["name"]) for _, item in sorted(kept.items())
    ]
    assert contents.types == {
        kind: sum(item["type"] == kind for item in kept.values())
        for kind in sorted({item["type"] for item in kept.values()})
    }
    assert contents.tenants == {item["tenantId"] for item in kept.values()} - {""}
    assert contents.subscriptions == {item["subscriptionId"] for item in kept.values()} - {""}


def test_rows_stay_whole(small_groups, tmp_path):
    given_rows = [row(number, tags={"k": [number]}, zones=["1"]) for number in range(50, 0, -1)]
    _, found = sort(tmp_path, given_rows)
    assert found == to_arrow(sorted(given_rows, key=lambda item: item["id"])).to_pylist()


def test_many_copies_of_one_row_are_one_row(small_groups, tmp_path):
    _, found = sort(tmp_path, [row(1, at=number) for number in range(100)])
    assert [item["name"] for item in found] == ["99"]


def test_groups_are_row_groups_and_no_more_than_the_most_are_open(small_groups, monkeypatch, tmp_path):
    monkeypatch.setattr(sorting, "_MOST_GROUPS", 5)
    sort(tmp_path, [row(number) for number in range(200)])
    with pq.ParquetFile(tmp_path / "final.parquet") as file:
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert sum(sizes) == 200
    assert max(sizes) <= sorting.GROUP_ROWS


def test_a_table_without_rows_has_none(tmp_path):
    contents, found = sort(tmp_path, [])
    assert (found, contents.types) == ([], {})
    assert pq.read_schema(tmp_path / "final.parquet").names == schema_of("resources").names
